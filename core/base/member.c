/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/member.h"

#include <math.h>

json_object *member_find(json_object *object, const char *key) {
        json_object *member = NULL;

        return json_object_object_get_ex(object, key, &member) ? member : NULL;
}

int member_number(json_object *object,
                  const char *key,
                  double least,
                  double most,
                  double missing,
                  double *ret) {
        json_object *member = member_find(object, key);
        double value = missing;

        if (member) {
                if (!json_object_is_type(member, json_type_int) &&
                    !json_object_is_type(member, json_type_double))
                        return -EBADMSG;
                value = json_object_get_double(member);
                if (!isfinite(value) || value < least || value > most)
                        return -EBADMSG;
        }
        *ret = value;
        return 0;
}

int member_word(json_object *object, const char *key, size_t max, const char **ret) {
        json_object *member = member_find(object, key);
        const char *text = NULL;

        if (member) {
                if (!json_object_is_type(member, json_type_string) ||
                    (size_t) json_object_get_string_len(member) > max)
                        return -EBADMSG;
                text = json_object_get_string(member);
                if (strlen(text) != (size_t) json_object_get_string_len(member))
                        return -EBADMSG;
        }
        *ret = text;
        return 0;
}

int member_text(json_object *object, const char *key, size_t max, char **ret) {
        const char *text = NULL;

        int r = member_word(object, key, max, &text);
        if (r < 0 || !text)
                return r;
        *ret = strdup(text);
        return *ret ? 0 : -ENOMEM;
}

int member_count(json_object *object, const char *key, uint64_t *ret) {
        json_object *member = member_find(object, key);

        if (!member)
                return 0;
        if (!json_object_is_type(member, json_type_int) || json_object_get_int64(member) < 0)
                return -EBADMSG;
        *ret = json_object_get_uint64(member);
        return 0;
}
