/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Pressure over time as inline SVG. What is text is placed in per cent of the width and in pixels
 * of the height, so that a plot can be as narrow as a phone and its letters stay readable; only the
 * curve itself is stretched.
 */

#include "cli/report-series.h"

typedef struct SvgPlot {
        const Report *report;
        Metric metric;
        Span span;
        unsigned height;  /* pixels */
        const char *part; /* which part of the time, for people: "around the change" */
        unsigned number;  /* of the plot on the page, for ids */
} SvgPlot;

/* A <figure>. -ENOMEM. */
int svg_plot(FILE *file, const SvgPlot *plot);
