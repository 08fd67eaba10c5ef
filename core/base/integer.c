/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/integer.h"

int integer_compare(Integer a, Integer b) {
        if (a.negative != b.negative)
                return a.negative ? -1 : 1;
        if (a.magnitude == b.magnitude)
                return 0;
        return (a.magnitude < b.magnitude) != a.negative ? -1 : 1;
}

void integer_format(Integer integer, char buffer[static 22]) {
        (void) snprintf(buffer,
                        22,
                        "%s%lu",
                        integer.negative ? "-" : "",
                        (unsigned long) integer.magnitude);
}

int integer_parse(const char *text, Integer *ret) {
        Integer integer = {.negative = text[0] == '-'};

        int r = parse_uint64(text + integer.negative, &integer.magnitude);
        if (r < 0)
                return r;
        if (integer.magnitude == 0)
                integer.negative = false;
        *ret = integer;
        return 0;
}
