/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/report-canvas.h"

/* A limit this far above all that happened would leave nothing to see. */
#define LIMIT_FACTOR 3
#define PIXELS_PER_LABEL 40
#define TIME_LABELS 6

double canvas_place(const Canvas *canvas, double seconds) {
        return axis_at(&canvas->time, seconds) * 100;
}

double canvas_units(const Canvas *canvas, double seconds) {
        return axis_at(&canvas->time, seconds) * CANVAS_CURVE_WIDTH;
}

double canvas_pixels(const Canvas *canvas, double share) {
        return (1 - axis_at(&canvas->shares, share)) * canvas->plot->height;
}

const ReportMetric *canvas_metric(const Canvas *canvas) {
        return report_find_metric(canvas->plot->report, canvas->plot->metric);
}

bool canvas_is_trial(const Canvas *canvas) {
        const ReportTrial *trial = &canvas->plot->report->trial;

        return trial->known && trial->metric == canvas->plot->metric;
}

static double typical_share(const Canvas *canvas) {
        const ReportTrial *trial = &canvas->plot->report->trial;
        const ReportMetric *metric = canvas_metric(canvas);

        if (canvas_is_trial(canvas))
                return MAX_OF(trial->old.mean, trial->new.mean);
        return metric ? MAX_OF(metric->before.mean, metric->since.mean) : 0;
}

const ReportLimit *canvas_limit(const Canvas *canvas) {
        const Report *report = canvas->plot->report;
        const ReportLimit *limit = NULL;

        for (size_t i = 0; i < report->n_limits; i++)
                if (report->limits[i].metric == canvas->plot->metric &&
                    (!limit || report->limits[i].share < limit->share))
                        limit = &report->limits[i];
        return limit;
}

static void canvas_scale(Canvas *canvas) {
        const ReportLimit *limit = canvas_limit(canvas);
        double highest = canvas->series.peak;

        if (limit && limit->share < LIMIT_FACTOR * highest)
                highest = MAX_OF(highest, limit->share);
        canvas->shares = axis_of_shares(
                highest, typical_share(canvas), canvas->plot->height / PIXELS_PER_LABEL + 1);
        canvas->time = axis_of_time(canvas->plot->span, TIME_LABELS);
}

int canvas_init(Canvas *canvas, FILE *file, const SvgPlot *plot) {
        *canvas = (Canvas){.file = file, .plot = plot};
        int r = series_of(
                plot->report, plot->metric, plot->span, SERIES_POINTS_MAX, &canvas->series);
        if (r >= 0)
                canvas_scale(canvas);
        return r;
}

void canvas_done(Canvas *canvas) {
        series_done(&canvas->series);
}
