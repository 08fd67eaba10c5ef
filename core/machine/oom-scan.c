/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/oom-scan.h"

#include <ctype.h>

bool scan_number(const char **p, int64_t *ret) {
        const char *text = *p;
        int64_t value = 0;

        while (*text == ' ' || *text == '\t')
                text++;
        if (!isdigit((unsigned char) *text))
                return false;
        for (; isdigit((unsigned char) *text); text++) {
                int64_t digit = *text - '0';
                value = value > (INT64_MAX - digit) / 10 ? INT64_MAX : value * 10 + digit;
        }
        *p = text;
        *ret = value;
        return true;
}

bool scan_signed(const char **p, int64_t *ret) {
        const char *text = *p;

        while (*text == ' ' || *text == '\t')
                text++;
        bool negative = *text == '-';
        text += negative;
        if (!isdigit((unsigned char) *text) || !scan_number(&text, ret))
                return false;
        *p = text;
        *ret = negative ? -*ret : *ret;
        return true;
}

int64_t scan_after(const char *text, const char *key) {
        const char *p = strstr(text, key);
        int64_t value;

        if (!p)
                return -1;
        p += strlen(key);
        return scan_number(&p, &value) ? value : -1;
}

int scan_copy(const char *text, const char *key, const char *const stops[], char **ret) {
        const char *start = strstr(text, key);

        *ret = NULL;
        if (!start)
                return 0;
        start += strlen(key);
        const char *end = start + strlen(start);
        for (size_t i = 0; stops[i]; i++) {
                const char *stop = strstr(start, stops[i]);
                if (stop && stop < end)
                        end = stop;
        }
        *ret = strndup(start, (size_t) (end - start));
        return *ret ? 0 : -ENOMEM;
}
