/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/judge/budget.h"

#include <math.h>

#include "core/judge/average.h"

#define MARGIN_PART 0.25
#define FACTOR 6.0
#define FLOOR_SEC 6.0
/* A time before that was shorter than this has not seen the worst of the host. */
#define SHORT_BASELINE_SEC (15 * 60.0)
#define SHORT_FLOOR_SEC 30.0

/* What the mean may be wrong by; where too few blocks tell, as three of them would. */
static double error_of(Interval mean, double deviation) {
        return mean.half < 0 ? student_t(2) * deviation : mean.half;
}

static double allowed_share(const double *blocks, size_t n, double margin) {
        Average average = {0};

        for (size_t i = 0; i < n; i++)
                average_add(&average, blocks[i]);
        Interval mean = average_interval(&average);
        double deviation = sqrt(average.scales[0].squares / (double) n);
        double slack = MAX_OF(margin, mean.mean * MARGIN_PART);
        slack = MAX_OF(slack, deviation / 2);
        return mean.mean + MAX_OF(slack, error_of(mean, deviation));
}

static double step(double spent, double share, double allowed, double seconds) {
        return MAX_OF(0.0, spent + (share - allowed) * seconds);
}

void budget_arm(Budget *budget, const double *blocks, size_t n, double block_sec, double margin) {
        double spent = 0, worst = 0;

        *budget = (Budget){0};
        if (n < BUDGET_BASELINE_MIN)
                return;
        budget->allowed = allowed_share(blocks, n, margin);
        for (size_t i = 0; i < n; i++) {
                spent = step(spent, blocks[i], budget->allowed, block_sec);
                worst = MAX_OF(worst, spent);
        }
        double floor = (double) n * block_sec < SHORT_BASELINE_SEC ? SHORT_FLOOR_SEC : FLOOR_SEC;
        budget->limit = MAX_OF(floor, FACTOR * worst);
        budget->armed = true;
}

bool budget_add(Budget *budget, double share, double seconds) {
        if (!budget->armed)
                return false;
        budget->spent = step(budget->spent, share, budget->allowed, seconds);
        return budget->spent >= budget->limit;
}
