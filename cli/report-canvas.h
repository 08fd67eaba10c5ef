/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a plot of a report's page is drawn on: where a time and a share are. */

#include "cli/report-axis.h"
#include "cli/report-svg.h"

/* Units of the curve's own width. */
#define CANVAS_CURVE_WIDTH 10000

typedef struct Canvas {
        FILE *file;
        const SvgPlot *plot;
        Series series;
        Axis shares;
        Axis time;
} Canvas;

/* -ENOMEM. */
int canvas_init(Canvas *canvas, FILE *file, const SvgPlot *plot);
void canvas_done(Canvas *canvas);

/* Per cent from the left. */
double canvas_place(const Canvas *canvas, double seconds);
/* Units of the curve from the left. */
double canvas_units(const Canvas *canvas, double seconds);
/* Pixels from the top. */
double canvas_pixels(const Canvas *canvas, double share);

/* What was judged of the metric; NULL. */
const ReportMetric *canvas_metric(const Canvas *canvas);
/* The lowest limit of the metric; NULL. */
const ReportLimit *canvas_limit(const Canvas *canvas);
/* It is the metric of a trial. */
bool canvas_is_trial(const Canvas *canvas);

/* Means with their intervals, the limit, the change and the verdict. */
void canvas_draw_marks(const Canvas *canvas);
