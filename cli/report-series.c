/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/report-series.h"

#include <math.h>

/* Around the change: so many times the time since, and so much at least, of the time before. */
#define BEFORE_FACTOR 3
#define BEFORE_MIN_SEC 600

/* Blocks end a little late; more than this part of a block between two is a gap. */
#define GAP_PART 0.5

double span_length(Span span) {
        return span.to - span.from;
}

static Span block_span(const ReportBlock *block) {
        return (Span){block->at_sec - block->length_sec / 2, block->at_sec + block->length_sec / 2};
}

/* A report made by hand may hold anything. */
static bool block_is_sound(const ReportBlock *block) {
        return isfinite(block->at_sec) && isfinite(block->length_sec) && block->length_sec > 0;
}

Span span_of_report(const Report *report) {
        /* The change itself is always in it. */
        Span all = {0, MAX_OF(0, MAX_OF(report->verdict_sec, report->ended_sec))};

        for (size_t i = 0; i < report->n_blocks; i++) {
                Span span = block_span(&report->blocks[i]);
                if (!block_is_sound(&report->blocks[i]))
                        continue;
                all.from = MIN_OF(all.from, span.from);
                all.to = MAX_OF(all.to, span.to);
        }
        return all;
}

Span span_around_change(const Report *report) {
        Span span = span_of_report(report);

        span.from = MAX_OF(span.from, -MAX_OF(BEFORE_FACTOR * span.to, BEFORE_MIN_SEC));
        return span;
}

/* Of a report's blocks, those that are drawn. */
typedef struct Drawn {
        const ReportBlock *block;
        double share;
} Drawn;

static int compare_drawn(const void *a, const void *b) {
        const ReportBlock *x = ((const Drawn *) a)->block, *y = ((const Drawn *) b)->block;

        if (x->at_sec != y->at_sec)
                return x->at_sec < y->at_sec ? -1 : 1;
        return x < y ? -1 : x > y;
}

/* The caller frees. */
static Drawn *collect(const Report *report, Metric metric, Span span, size_t *ret_n) {
        Drawn *drawn = calloc(report->n_blocks + 1, sizeof(*drawn));
        size_t n = 0;

        for (size_t i = 0; drawn && i < report->n_blocks; i++) {
                const ReportBlock *block = &report->blocks[i];
                double share = block->shares[metric];
                if (share >= 0 && block_is_sound(block) && block->at_sec >= span.from &&
                    block->at_sec <= span.to)
                        drawn[n++] = (Drawn){block, MIN_OF(share, 1)};
        }
        if (drawn)
                qsort(drawn, n, sizeof(*drawn), compare_drawn);
        *ret_n = n;
        return drawn;
}

static bool follows(Span before, Span next) {
        return next.from - before.to <= GAP_PART * MIN_OF(span_length(before), span_length(next));
}

/* The part of time that a block falls in, when there are n of them. */
static size_t part_of(const ReportBlock *block, Span span, size_t n) {
        double place = (block->at_sec - span.from) / span_length(span) * (double) n;

        return place > 0 ? MIN_OF((size_t) place, n - 1) : 0;
}

static void add_point(Series *series, const Drawn *drawn, bool joined) {
        series->points[series->n++] = (SeriesPoint){
                .span = block_span(drawn->block),
                .mean = drawn->share,
                .peak = drawn->share,
                .arm = drawn->block->arm,
                .joined = joined,
        };
}

/* Takes one more block into a point, whose blocks lasted so long together. */
static void widen_point(SeriesPoint *point, const Drawn *drawn, double *seconds) {
        double length = drawn->block->length_sec;

        point->mean += (drawn->share - point->mean) * length / (*seconds + length);
        point->peak = MAX_OF(point->peak, drawn->share);
        point->span.to = MAX_OF(point->span.to, block_span(drawn->block).to);
        *seconds += length;
}

static void fill(Series *series, const Drawn *drawn, size_t n, Span span, size_t n_max) {
        size_t last_part = SIZE_MAX;
        double seconds = 0;

        for (size_t i = 0; i < n; i++) {
                size_t part = n > n_max ? part_of(drawn[i].block, span, n_max) : i;
                Span here = block_span(drawn[i].block);
                series->peak = MAX_OF(series->peak, drawn[i].share);
                if (part == last_part) {
                        widen_point(&series->points[series->n - 1], &drawn[i], &seconds);
                        continue;
                }
                bool joined = i > 0 && follows(block_span(drawn[i - 1].block), here);
                add_point(series, &drawn[i], joined);
                seconds = drawn[i].block->length_sec;
                last_part = part;
        }
}

int series_of(const Report *report, Metric metric, Span span, size_t n_max, Series *ret) {
        Series series = {0};
        size_t n = 0;

        _cleanup_(freep) Drawn *drawn = collect(report, metric, span, &n);
        n_max = MIN_OF(n_max, (size_t) SERIES_POINTS_MAX);
        series.points = calloc(MIN_OF(n, n_max) + 1, sizeof(SeriesPoint));
        if (!drawn || !series.points) {
                free(series.points);
                return -ENOMEM;
        }
        series.thinned = n > n_max;
        fill(&series, drawn, n, span, n_max);
        *ret = series;
        return 0;
}

void series_done(Series *series) {
        free(series->points);
        *series = (Series){0};
}

bool series_at(const Series *series, Span part, double *ret_mean, double *ret_peak) {
        double sum = 0, seconds = 0, peak = 0;

        for (size_t i = 0; i < series->n; i++) {
                const SeriesPoint *point = &series->points[i];
                double common =
                        MIN_OF(point->span.to, part.to) - MAX_OF(point->span.from, part.from);
                if (common <= 0)
                        continue;
                sum += point->mean * common;
                seconds += common;
                peak = MAX_OF(peak, point->peak);
        }
        if (seconds <= 0)
                return false;
        *ret_mean = sum / seconds;
        *ret_peak = peak;
        return true;
}

bool report_has_metric(const Report *report, Metric metric) {
        for (size_t i = 0; i < report->n_blocks; i++)
                if (report->blocks[i].shares[metric] >= 0)
                        return true;
        return false;
}

Metric report_main_metric(const Report *report) {
        if (report->metric >= 0)
                return report->metric;
        if (report->trial.known && report->trial.metric >= 0)
                return report->trial.metric;
        if (report->n_metrics > 0)
                return report->metrics[0].metric;
        for (Metric metric = 0; metric < _METRIC_MAX; metric++)
                if (report_has_metric(report, metric))
                        return metric;
        return _METRIC_INVALID;
}

size_t report_other_metrics(const Report *report, Metric ret[static _METRIC_MAX]) {
        Metric main_metric = report_main_metric(report);
        size_t n = 0;

        for (size_t i = 0; i < report->n_metrics; i++) {
                Metric metric = report->metrics[i].metric;
                if (metric != main_metric && report_has_metric(report, metric))
                        ret[n++] = metric;
        }
        return n;
}

const ReportMetric *report_find_metric(const Report *report, Metric metric) {
        for (size_t i = 0; i < report->n_metrics; i++)
                if (report->metrics[i].metric == metric)
                        return &report->metrics[i];
        return NULL;
}
