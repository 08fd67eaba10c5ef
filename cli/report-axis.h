/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where a share or a time is on a plot, and at which of them the axis is labelled. */

#include "cli/report-series.h"

#define AXIS_TICKS_MAX 12

typedef struct Axis {
        double from;
        double to;
        bool root; /* by square root, so that the small ones can be told beside the large */
        double ticks[AXIS_TICKS_MAX];
        size_t n_ticks;
} Axis;

/*
 * Of shares: from 0 to somewhat more than the highest. typical: what must be told from zero; where
 * the highest is far above it, the axis is by square root. At most n_max labels.
 */
Axis axis_of_shares(double highest, double typical, size_t n_max);
/* Of seconds after the change. */
Axis axis_of_time(Span span, size_t n_max);
/* 0..1 along the axis, clamped. */
double axis_at(const Axis *axis, double value);
