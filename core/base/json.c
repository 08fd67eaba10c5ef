/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/json.h"

/* How many bytes the UTF-8 character there has; 0 when it is none. */
static size_t character_length(const unsigned char *p) {
        size_t n = p[0] < 0x80                   ? 1
                   : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
                   : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
                   : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
                                                 : 0;

        for (size_t i = 1; i < n; i++)
                if ((p[i] & 0xc0) != 0x80)
                        return 0;
        /* Longer than needed, half of a pair, and beyond the last character. */
        if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
            (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
                return 0;
        return n;
}

json_object *json_text_of_bytes(const char *text) {
        _cleanup_(freep) char *copy = strdup(text);

        for (unsigned char *p = (unsigned char *) copy; p && *p;) {
                size_t n = character_length(p);
                if (n == 0)
                        *p = '?';
                p += MAX_OF(n, (size_t) 1);
        }
        return copy ? json_object_new_string(copy) : NULL;
}
