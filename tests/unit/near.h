/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For cmocka programs, after its header. */

#include <math.h>

#define assert_near(a, b, error) assert_near_at((a), (b), (error), #a, __FILE__, __LINE__)

static inline void
assert_near_at(double a, double b, double error, const char *what, const char *file, int line) {
        if (fabs(a - b) <= error)
                return;
        print_error("%s is %.9g, not %.9g\n", what, a, b);
        _fail(file, line);
}
