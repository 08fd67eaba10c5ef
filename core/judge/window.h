/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How long a sliding window of time was stalled, from readings of a cumulative counter: a hard
 * limit without the kernel's trigger. Between two readings the stall counts as evenly spread, so
 * that a window shorter than the time between readings sees their mean.
 */

#include "core/base/util.h"

#define WINDOW_POINTS 64

typedef struct WindowPoint {
        usec_t at_usec;
        usec_t total;
} WindowPoint;

typedef struct Window {
        usec_t length_usec;
        WindowPoint
                points[WINDOW_POINTS]; /* of the last length_usec and one before, oldest first */
        size_t n;
} Window;

void window_init(Window *window, usec_t length_usec);
/* What was is forgotten: the counter began anew, or the window begins now. */
void window_clear(Window *window);
/* A reading later than the one before. A counter that fell begins the window anew. */
void window_add(Window *window, usec_t at_usec, usec_t total);
/* Stalled in the window that ends with the latest reading. */
usec_t window_stalled(const Window *window);
