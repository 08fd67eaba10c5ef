/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is drawn of a report: one metric's blocks in the order of time, thinned out where there are
 * more than anybody can see.
 */

#include "core/report.h"

#define SERIES_POINTS_MAX 1500

/* Seconds after the change. */
typedef struct Span {
        double from;
        double to;
} Span;

typedef struct SeriesPoint {
        Span span;
        double mean; /* 0..1 */
        double peak; /* of the worst block in it */
        int arm;     /* as of a block */
        bool joined; /* to the point before it: no gap between */
} SeriesPoint;

typedef struct Series {
        SeriesPoint *points;
        size_t n;
        double peak;  /* the highest of all */
        bool thinned; /* points stand for several blocks */
} Series;

/* All the time that a report is about; 0 to 0 when it has no blocks. */
Span span_of_report(const Report *report);
/* The same, without most of a long time before: what is around the change. */
Span span_around_change(const Report *report);
double span_length(Span span);

/* At most n_max points (SERIES_POINTS_MAX at most). -ENOMEM. */
int series_of(const Report *report, Metric metric, Span span, size_t n_max, Series *ret);
void series_done(Series *series);
/* Mean and peak of a part of the time; false where nothing is known of it. */
bool series_at(const Series *series, Span part, double *ret_mean, double *ret_peak);

/* Whether any block tells of the metric. */
bool report_has_metric(const Report *report, Metric metric);
/* What a report is about: the metric that decided, else of the trial, else the first judged, else
 * the first with blocks, else _METRIC_INVALID. */
Metric report_main_metric(const Report *report);
/* What is to be drawn beside it, in order: those that were judged. Returns how many. */
size_t report_other_metrics(const Report *report, Metric ret[static _METRIC_MAX]);
const ReportMetric *report_find_metric(const Report *report, Metric metric);
