/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A number as the kernel has them in its knobs: signed or unsigned, up to 64 bits. */

#include "core/base/util.h"

/* The kernel has int, unsigned int and unsigned long knobs; this holds every one of them. */
typedef struct Integer {
        uint64_t magnitude;
        bool negative; /* never set for 0 */
} Integer;

#define INTEGER_OF(u) ((Integer){.magnitude = (u)})
#define INTEGER_MINUS(u) ((Integer){.magnitude = (u), .negative = true})

/* <0, 0, >0 as a is below, equal to, above b. */
int integer_compare(Integer a, Integer b);
/* "-17"; at most 22 bytes with the NUL. */
void integer_format(Integer integer, char buffer[static 22]);
/* A plain decimal with an optional minus sign, as the kernel prints and as a person may write.
 * -EINVAL, -ERANGE. */
int integer_parse(const char *text, Integer *ret);
