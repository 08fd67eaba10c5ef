/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/replay.h"

#include "core/judge/window.h"
#include "core/machine/oom-kills.h"

/* From so many rows it is told which metrics there are, and how far apart rows are. */
#define FIRST_ROWS 64
/* A row that is less than this part of its time late is of the time before the change. */
#define LATE_PART 10

struct Replay {
        Watch watch; /* its pointers are borrowed */
        usec_t change_usec;
        usec_t baseline_usec;
        usec_t end_usec; /* USEC_INFINITY: none */
        Sample first_rows[FIRST_ROWS];
        size_t n_first;
        bool begun; /* those have been judged */
        bool lacks[_METRIC_MAX];
        usec_t block_usec;
        Detect detect;
        Window windows[WATCH_LIMITS_MAX];
        Report *report;
        Sample first_before, last_before, first_since, last_since;
        OomKills kills; /* since the change */
        Sample block;   /* where the block of the report under way began */
        bool done;
};

int replay_new(const ReplayOptions *options, Replay **ret) {
        _cleanup_(replay_freep) Replay *replay = calloc(1, sizeof(*replay));

        if (!replay || !(replay->report = report_new()))
                return -ENOMEM;
        replay->watch = *options->watch;
        replay->change_usec = TRACE_EPOCH + options->change_usec;
        replay->baseline_usec = options->baseline_usec;
        replay->end_usec = options->probation_usec ? replay->change_usec + options->probation_usec
                                                   : USEC_INFINITY;
        replay->kills = OOM_KILLS_INIT;
        for (size_t i = 0; i < replay->watch.n_limits; i++)
                window_init(&replay->windows[i], replay->watch.limits[i].window_usec);
        *ret = TAKE_PTR(replay);
        return 0;
}

Replay *replay_free(Replay *replay) {
        if (!replay)
                return NULL;
        report_freep(&replay->report);
        free(replay);
        return NULL;
}

bool replay_lacks(const Replay *replay, Metric metric) {
        return replay->lacks[metric];
}

usec_t replay_block_usec(const Replay *replay) {
        return replay->block_usec;
}

/* What the first rows tell */

static int compare_usec(const void *a, const void *b) {
        usec_t x = *(const usec_t *) a, y = *(const usec_t *) b;

        return (x > y) - (x < y);
}

/* The median, which a gap does not move. */
static usec_t find_interval(const Replay *replay) {
        usec_t distances[FIRST_ROWS] = {0};
        size_t n = replay->n_first - 1;

        for (size_t i = 0; i < n; i++)
                distances[i] = replay->first_rows[i + 1].at_usec - replay->first_rows[i].at_usec;
        qsort(distances, n, sizeof(*distances), compare_usec);
        return distances[n / 2];
}

static bool has_metric(const Replay *replay, Metric metric) {
        for (size_t i = 0; i < replay->n_first; i++)
                if (replay->first_rows[i].valid[metric])
                        return true;
        return false;
}

/* A metric that the trace does not have leaves its share of alpha to the others. */
static void take_config(Replay *replay) {
        WatchRegression regressions[_METRIC_MAX];
        DetectConfig config;
        size_t n = 0;

        for (size_t i = 0; i < replay->watch.n_regressions; i++) {
                const WatchRegression *regression = &replay->watch.regressions[i];
                replay->lacks[regression->metric] = !has_metric(replay, regression->metric);
                if (!replay->lacks[regression->metric])
                        regressions[n++] = *regression;
        }
        judgement_config(regressions, n, replay->block_usec, &config);
        detect_init(&replay->detect, &config);
}

/* Limits */

/* As a trigger of the kernel, which counts from when it was armed (window_update,
 * kernel/sched/psi.c). Between two rows the stall counts as evenly spread. */
static bool is_exceeded(Replay *replay, size_t i, const Sample *sample) {
        const WatchLimit *limit = &replay->watch.limits[i];
        Window *window = &replay->windows[i];

        if (!sample->valid[limit->metric]) {
                window_clear(window);
                return false;
        }
        window_add(window, sample->at_usec, sample->stall_usec[limit->metric]);
        usec_t stalled = MIN_OF(window_stalled(window), limit->window_usec);
        return stalled * 10000 >= limit->window_usec * limit->share_permyriad;
}

/* The index of one that is exceeded, or n_limits; each window gets the row. */
static size_t look_at_limits(Replay *replay, const Sample *sample) {
        size_t exceeded = replay->watch.n_limits;

        for (size_t i = replay->watch.n_limits; i-- > 0;)
                if (is_exceeded(replay, i, sample))
                        exceeded = i;
        return exceeded;
}

static void set_verdict(Replay *replay, ReportReason reason, Metric metric, usec_t at_usec) {
        Report *report = replay->report;

        report->verdict = REPORT_VERDICT_REVERT;
        report->reason = reason;
        report->metric = metric;
        report->verdict_sec = (double) (at_usec - replay->change_usec) / USEC_PER_SEC;
        replay->done = true;
}

static int add_block(Replay *replay, const Sample *sample) {
        usec_t passed = sample->at_usec - replay->block.at_usec;
        ReportBlock block = {
                .at_sec = ((double) replay->block.at_usec + (double) passed / 2 -
                           (double) replay->change_usec) /
                          USEC_PER_SEC,
                .length_sec = (double) passed / USEC_PER_SEC,
                .arm = -1,
        };

        if (replay->block.at_usec > 0 && passed + replay->block_usec / 50 < replay->block_usec)
                return 0;
        bool first = replay->block.at_usec == 0;
        for (int metric = 0; metric < _METRIC_MAX; metric++) {
                int share = sample_share(&replay->block, sample, (Metric) metric);
                block.shares[metric] = share < 0 ? -1 : share / 10000.0;
        }
        replay->block = *sample;
        return first || passed > replay->block_usec * 3 / 2
                       ? 0
                       : report_add_block(replay->report, &block);
}

static void note_ends(Replay *replay, const Sample *sample) {
        bool before = !replay->detect.armed;
        Sample *first = before ? &replay->first_before : &replay->first_since;
        Sample *last = before ? &replay->last_before : &replay->last_since;

        if (first->at_usec == 0)
                *first = *sample;
        *last = *sample;
}

static void judge(Replay *replay, const Sample *sample) {
        DetectAlarm alarm =
                detect_add(&replay->detect, sample->at_usec, sample->stall_usec, sample->valid);

        (void) oom_kills_add(&replay->kills, sample->counters[COUNTER_OOM_KILL]);
        if (!replay->detect.armed)
                return;
        size_t exceeded = look_at_limits(replay, sample);
        if (exceeded < replay->watch.n_limits) {
                set_verdict(replay,
                            REPORT_REASON_LIMIT,
                            replay->watch.limits[exceeded].metric,
                            sample->at_usec);
                return;
        }
        if (replay->watch.oom_kills > 0 && replay->kills.killed >= replay->watch.oom_kills) {
                set_verdict(replay, REPORT_REASON_OOM, _METRIC_INVALID, sample->at_usec);
                return;
        }
        if (alarm == DETECT_QUIET)
                return;
        judgement_take(replay->report, &replay->detect);
        replay->report->verdict_sec =
                (double) (sample->at_usec - replay->change_usec) / USEC_PER_SEC;
        replay->done = true;
}

/* The latest row ends the time before and begins the time since. */
static void arm(Replay *replay) {
        const Sample latest = replay->last_before;

        detect_arm(&replay->detect);
        oom_kills_begin(&replay->kills, replay->kills.last);
        note_ends(replay, &latest);
        (void) look_at_limits(replay, &latest);
}

/* Is a row still of the time before? One that comes much behind the change is not. */
static bool is_before(const Replay *replay, const Sample *sample) {
        const Sample *last = &replay->last_before;

        if (last->at_usec == 0)
                return true;
        return sample->at_usec <=
               replay->change_usec + (sample->at_usec - last->at_usec) / LATE_PART;
}

static int take_row(Replay *replay, const Sample *sample) {
        /* A timer's last row may come a moment late. */
        if (replay->end_usec != USEC_INFINITY &&
            sample->at_usec > replay->end_usec + replay->block_usec / LATE_PART)
                replay->done = true;
        if (replay->done)
                return 1;
        if (!replay->detect.armed && sample->at_usec + replay->baseline_usec < replay->change_usec)
                return 0;
        if (!replay->detect.armed && !is_before(replay, sample))
                arm(replay);
        note_ends(replay, sample);
        judge(replay, sample);
        int r = add_block(replay, sample);
        return r < 0 ? r : replay->done;
}

static int begin(Replay *replay) {
        int r = 0;

        replay->begun = true;
        replay->block_usec = DETECT_BLOCK_USEC;
        if (replay->n_first > 1 && find_interval(replay) > DETECT_BLOCK_USEC * 3 / 2)
                replay->block_usec = find_interval(replay);
        take_config(replay);
        for (size_t i = 0; r == 0 && i < replay->n_first; i++)
                r = take_row(replay, &replay->first_rows[i]);
        return r;
}

int replay_add(const TraceRow *row, void *userdata) {
        Replay *replay = userdata;

        if (replay->begun)
                return take_row(replay, &row->sample);
        replay->first_rows[replay->n_first++] = row->sample;
        return replay->n_first < FIRST_ROWS ? 0 : begin(replay);
}

static void take_limits(const Replay *replay, Report *report) {
        for (size_t i = 0; i < replay->watch.n_limits; i++) {
                const WatchLimit *limit = &replay->watch.limits[i];
                report->limits[report->n_limits++] = (ReportLimit){
                        .metric = limit->metric,
                        .share = limit->share_permyriad / 10000.0,
                        .window_sec = (double) limit->window_usec / USEC_PER_SEC,
                };
        }
}

/* Between two samples; not known where either is not, or the counter began anew. */
static ReportMean mean_between(const Sample *from, const Sample *to, Metric metric) {
        int share = sample_share(from, to, metric);

        return (ReportMean){.known = share >= 0, .mean = share / 10000.0, .low = -1, .high = -1};
}

/* The metric that decided has its means also where it is not judged by blocks, or before the first
 * of them has passed. */
static void complete_means(const Replay *replay, Report *report) {
        size_t i = 0;

        if (report->metric < 0)
                return;
        while (i < report->n_metrics && report->metrics[i].metric != report->metric)
                i++;
        ReportMetric *metric = &report->metrics[i];
        if (i == report->n_metrics) {
                report->n_metrics++;
                *metric = (ReportMetric){.metric = report->metric};
                metric->before =
                        mean_between(&replay->first_before, &replay->last_before, report->metric);
        }
        if (!metric->since.known)
                metric->since =
                        mean_between(&replay->first_since, &replay->last_since, report->metric);
}

int replay_end(Replay *replay, Report **ret) {
        Report *report = replay->report;
        int r = replay->begun ? 0 : begin(replay);

        if (r < 0)
                return r;
        if (!replay->detect.armed || replay->first_since.at_usec == replay->last_since.at_usec)
                return -ENODATA;
        if (report->verdict == REPORT_VERDICT_NONE)
                judgement_finish(report, &replay->detect);
        else if (report->n_metrics == 0)
                judgement_take_means(report, &replay->detect);
        take_limits(replay, report);
        report->oom.killed = replay->kills.killed;
        report->oom.limit = replay->watch.oom_kills;
        complete_means(replay, report);
        report->ended_sec =
                (double) (replay->last_since.at_usec - replay->change_usec) / USEC_PER_SEC;
        judgement_take_load(report,
                            &replay->first_before,
                            &replay->last_before,
                            &replay->first_since,
                            &replay->last_since);
        judgement_add_gaps(report, &replay->detect);
        report->sentence = judgement_sentence(report);
        report->state = strdup("replay");
        if (!report->sentence || !report->state)
                return -ENOMEM;
        *ret = TAKE_PTR(replay->report);
        return 0;
}
