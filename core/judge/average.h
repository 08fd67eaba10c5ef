/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A mean with its 95 % interval, of values that hang together in time. The error of the mean is
 * taken from means of 1, 2, 4, ... 32 values (batch means: Glynn and Whitt 1991; Flegal and Jones
 * 2010): the largest of them counts, which is the honest one when stalls come in bursts. One value
 * at a time, in constant memory.
 */

#include "core/base/util.h"

#define AVERAGE_SCALES 6

typedef struct AverageScale {
        size_t n; /* batches */
        double mean;
        double squares; /* sum of squared distances from the mean (Welford 1962) */
        double partial; /* sum of the batch under way */
        size_t n_partial;
} AverageScale;

typedef struct Average {
        AverageScale scales[AVERAGE_SCALES];
} Average;

typedef struct Interval {
        double mean;
        double half; /* to either side; negative when it cannot be told */
} Interval;

void average_add(Average *average, double value);
/* The values that follow do not hang together with those before: a gap. */
void average_break(Average *average);
size_t average_count(const Average *average);
Interval average_interval(const Average *average);
/* after - before. */
Interval interval_change(Interval before, Interval after);
/* The 97.5 % quantile of Student's t. */
double student_t(size_t degrees);
