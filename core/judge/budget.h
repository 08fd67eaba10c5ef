/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How many seconds of stall beyond what was usual has this change cost so far? A one-sided CUSUM in
 * seconds (Page 1954, "Continuous inspection schemes"):
 *
 *     S <- max(0, S + (y - m - k) * dt)
 *
 * with m the mean share before, k = max(0.1 %, m/4, sd/2, what m may be wrong by). It is spent when
 * S reaches FACTOR times the worst that the same sum did over the time before, and at least a
 * floor. It bounds the damage; it states no probability.
 */

#include "core/base/util.h"

typedef struct Budget {
        double allowed; /* m + k: a share of time */
        double limit;   /* seconds */
        double spent;   /* S, seconds */
        bool armed;
} Budget;

/*
 * blocks: n shares of time before the change, oldest first, each block_sec long. Not armed with
 * fewer than BUDGET_BASELINE_MIN. margin: a rise that matters, at least.
 */
#define BUDGET_BASELINE_MIN 3
void budget_arm(Budget *budget, const double *blocks, size_t n, double block_sec, double margin);
/* True when it is spent. */
bool budget_add(Budget *budget, double share, double seconds);
