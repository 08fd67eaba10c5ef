/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/replay.h"

/* Rows that a window of a limit can hold; with more, its beginning is nearer than it should be. */
#define WINDOW_ROWS 512

struct Replay {
        Watch watch; /* its pointers are borrowed */
        usec_t change_usec;
        usec_t baseline_usec;
        usec_t end_usec; /* USEC_INFINITY: none */
        Detect detect;
        Report *report;
        Sample window[WINDOW_ROWS]; /* a ring, of rows since the change */
        size_t next;
        size_t n;
        Sample first_before, last_before, first_since, last_since;
        Sample block; /* where the block of the report under way began */
        bool done;
};

int replay_new(const ReplayOptions *options, Replay **ret) {
        _cleanup_(replay_freep) Replay *replay = calloc(1, sizeof(*replay));
        DetectConfig config;

        if (!replay || !(replay->report = report_new()))
                return -ENOMEM;
        replay->watch = *options->watch;
        replay->change_usec = TRACE_EPOCH + options->change_usec;
        replay->baseline_usec = options->baseline_usec;
        replay->end_usec = options->probation_usec ? replay->change_usec + options->probation_usec
                                                   : USEC_INFINITY;
        judgement_config(
                replay->watch.regressions, replay->watch.n_regressions, DETECT_BLOCK_USEC, &config);
        detect_init(&replay->detect, &config);
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

/* i 0 is the newest. */
static const Sample *row_at(const Replay *replay, size_t i) {
        return &replay->window[(replay->next + WINDOW_ROWS - 1 - i) % WINDOW_ROWS];
}

static void push_row(Replay *replay, const Sample *sample) {
        replay->window[replay->next] = *sample;
        replay->next = (replay->next + 1) % WINDOW_ROWS;
        replay->n = MIN_OF(replay->n + 1, (size_t) WINDOW_ROWS);
}

/*
 * Of the last window, as a trigger of the kernel sees it (window_update, kernel/sched/psi.c); of
 * the time between two rows where that is longer.
 */
static bool is_exceeded(const Replay *replay, const WatchLimit *limit) {
        const Sample *now = row_at(replay, 0), *from = NULL;

        for (size_t i = 1; i < replay->n && !from; i++)
                if (row_at(replay, i)->at_usec + limit->window_usec <= now->at_usec)
                        from = row_at(replay, i);
        if (!from)
                return false;
        int share = sample_share(from, now, limit->metric);
        return share >= 0 && (unsigned) share >= limit->share_permyriad;
}

static void set_verdict(Replay *replay, ReportReason reason, Metric metric, usec_t at_usec) {
        Report *report = replay->report;

        report->verdict = REPORT_VERDICT_REVERT;
        report->reason = reason;
        report->metric = metric;
        report->verdict_sec = (double) (at_usec - replay->change_usec) / USEC_PER_SEC;
        replay->done = true;
}

static bool has_oom_kill(const Replay *replay) {
        const uint64_t *before = replay->first_since.counters, *now = replay->last_since.counters;

        return before[COUNTER_OOM_KILL] != COUNTER_UNKNOWN &&
               now[COUNTER_OOM_KILL] != COUNTER_UNKNOWN &&
               now[COUNTER_OOM_KILL] > before[COUNTER_OOM_KILL];
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

        if (replay->block.at_usec > 0 && passed < DETECT_BLOCK_USEC - DETECT_BLOCK_USEC / 50)
                return 0;
        bool first = replay->block.at_usec == 0;
        for (int metric = 0; metric < _METRIC_MAX; metric++) {
                int share = sample_share(&replay->block, sample, (Metric) metric);
                block.shares[metric] = share < 0 ? -1 : share / 10000.0;
        }
        replay->block = *sample;
        return first || passed > DETECT_BLOCK_USEC * 3 / 2
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

        if (!replay->detect.armed)
                return;
        push_row(replay, sample);
        for (size_t i = 0; i < replay->watch.n_limits; i++)
                if (is_exceeded(replay, &replay->watch.limits[i])) {
                        set_verdict(replay,
                                    REPORT_REASON_LIMIT,
                                    replay->watch.limits[i].metric,
                                    sample->at_usec);
                        return;
                }
        if (has_oom_kill(replay)) {
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

int replay_add(const TraceRow *row, void *userdata) {
        Replay *replay = userdata;
        const Sample *sample = &row->sample;

        if (sample->at_usec > replay->end_usec)
                replay->done = true;
        if (replay->done)
                return 1;
        if (!replay->detect.armed && sample->at_usec + replay->baseline_usec < replay->change_usec)
                return 0;
        note_ends(replay, sample);
        judge(replay, sample);
        /* The reading at the change ends the time before and begins the time since. */
        if (!replay->detect.armed && sample->at_usec >= replay->change_usec) {
                detect_arm(&replay->detect);
                note_ends(replay, sample);
                push_row(replay, sample);
        }
        int r = add_block(replay, sample);
        return r < 0 ? r : replay->done;
}

int replay_end(Replay *replay, Report **ret) {
        Report *report = replay->report;

        if (!replay->detect.armed || replay->first_since.at_usec == replay->last_since.at_usec)
                return -ENODATA;
        if (report->verdict == REPORT_VERDICT_NONE)
                judgement_finish(report, &replay->detect);
        else if (report->n_metrics == 0)
                judgement_take(report, &replay->detect);
        report->ended_sec =
                (double) (replay->last_since.at_usec - replay->change_usec) / USEC_PER_SEC;
        judgement_take_load(report,
                            &replay->first_before,
                            &replay->last_before,
                            &replay->first_since,
                            &replay->last_since);
        report->sentence = judgement_sentence(report);
        report->state = strdup("replay");
        if (!report->sentence || !report->state)
                return -ENOMEM;
        *ret = TAKE_PTR(replay->report);
        return 0;
}
