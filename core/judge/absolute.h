/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Without a time before: is the mean share stalled above what anybody would tolerate? A test by
 * betting that E[min(y, 20 %)] is at most 5 %, whatever came before (Waudby-Smith and Ramdas 2024,
 * "Estimating means of bounded random variables by betting", section 4): with x = min(y, 20 %) / 20
 * % and m = 5 % / 20 %, each wealth is multiplied by 1 + l (x - m), 0 < l <= 1/m, which is on
 * average at most 1. The average over several l is an e-value.
 */

#include "core/base/util.h"

#define ABSOLUTE_TOLERANCE 0.05
#define ABSOLUTE_STAKES 4

typedef struct Absolute {
        double wealth[ABSOLUTE_STAKES];
        double e_value;
} Absolute;

void absolute_arm(Absolute *absolute);
/* One block, a share of time. */
void absolute_add(Absolute *absolute, double share);
