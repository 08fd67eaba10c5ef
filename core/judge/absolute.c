/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/judge/absolute.h"

/* Above this, worse makes no difference: one block says only so much. */
#define SHARE_CAP 0.20
#define WEALTH_MIN 1e-100
#define WEALTH_MAX 1e100

/* At most 1 / (tolerance / cap) = 4. */
static const double stakes[ABSOLUTE_STAKES] = {0.25, 0.5, 1, 2};

void absolute_arm(Absolute *absolute) {
        for (size_t i = 0; i < ABSOLUTE_STAKES; i++)
                absolute->wealth[i] = 1;
        absolute->e_value = 1;
}

void absolute_add(Absolute *absolute, double share) {
        double x = MIN_OF(share, SHARE_CAP) / SHARE_CAP, sum = 0;

        for (size_t i = 0; i < ABSOLUTE_STAKES; i++) {
                double wealth = absolute->wealth[i] *
                                (1 + stakes[i] * (x - ABSOLUTE_TOLERANCE / SHARE_CAP));
                absolute->wealth[i] = MIN_OF(MAX_OF(wealth, WEALTH_MIN), WEALTH_MAX);
                sum += absolute->wealth[i];
        }
        absolute->e_value = sum / ABSOLUTE_STAKES;
}
