/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/replay-trial.h"

#include <math.h>

#include "core/judgement.h"

typedef struct Row {
        usec_t at_usec;
        usec_t stall_usec;
        bool valid;
        bool arm;
} Row;

struct ReplayTrial {
        Metric metric;
        usec_t block_usec;
        usec_t washout_usec;
        Row *rows;
        size_t n;
};

int replay_trial_new(Metric metric, usec_t block_usec, usec_t washout_usec, ReplayTrial **ret) {
        ReplayTrial *replay = calloc(1, sizeof(*replay));

        if (!replay)
                return -ENOMEM;
        replay->metric = metric;
        replay->block_usec = block_usec;
        replay->washout_usec = washout_usec;
        *ret = replay;
        return 0;
}

ReplayTrial *replay_trial_free(ReplayTrial *replay) {
        if (!replay)
                return NULL;
        free(replay->rows);
        free(replay);
        return NULL;
}

int replay_trial_add(const TraceRow *row, void *userdata) {
        ReplayTrial *replay = userdata;

        if (row->arm < 0)
                return -ENODATA;
        if (array_grow(&replay->rows, replay->n, sizeof(Row)) < 0)
                return -ENOMEM;
        replay->rows[replay->n++] = (Row){
                .at_usec = row->sample.at_usec - TRACE_EPOCH,
                .stall_usec = row->sample.stall_usec[replay->metric],
                .valid = row->sample.valid[replay->metric],
                .arm = row->arm == 1,
        };
        return 0;
}

/* Calls for each time without a switch, but the last, which the end of the trace cut. */
static void visit_runs(const ReplayTrial *replay,
                       void (*visitor)(double length_sec, void *userdata),
                       void *userdata) {
        size_t first = 0;

        for (size_t i = 1; i < replay->n; i++) {
                if (replay->rows[i].arm == replay->rows[first].arm)
                        continue;
                visitor((double) (replay->rows[i].at_usec - replay->rows[first].at_usec) /
                                USEC_PER_SEC,
                        userdata);
                first = i;
        }
}

static void find_shortest(double length_sec, void *userdata) {
        double *shortest = userdata;

        if (*shortest <= 0 || length_sec < *shortest)
                *shortest = length_sec;
}

typedef struct Sum {
        double shortest;
        double seconds;
        double n_blocks;
} Sum;

static void count_blocks(double length_sec, void *userdata) {
        Sum *sum = userdata;

        sum->seconds += length_sec;
        sum->n_blocks += MAX_OF(1.0, round(length_sec / sum->shortest));
}

/* The rows of the switches are late by up to their distance: over all runs that evens out. */
static usec_t find_block(const ReplayTrial *replay) {
        Sum sum = {0};

        visit_runs(replay, find_shortest, &sum.shortest);
        if (sum.shortest <= 0)
                return 0;
        visit_runs(replay, count_blocks, &sum);
        double block = sum.seconds / sum.n_blocks;
        /* People choose whole seconds. */
        if (fabs(block - round(block)) < 0.05)
                block = round(block);
        return (usec_t) (block * USEC_PER_SEC);
}

/* The row nearest to that time. */
static const Row *find_row(const ReplayTrial *replay, usec_t at_usec) {
        size_t low = 0, high = replay->n - 1;

        while (low < high) {
                size_t middle = (low + high) / 2;
                if (replay->rows[middle].at_usec < at_usec)
                        low = middle + 1;
                else
                        high = middle;
        }
        if (low > 0 &&
            at_usec - replay->rows[low - 1].at_usec <
                    replay->rows[low].at_usec - MIN_OF(at_usec, replay->rows[low].at_usec))
                low--;
        return &replay->rows[low];
}

/* False when nothing of it was measured: a gap, a counter that began anew. */
static bool measure(const Row *from, const Row *to, double *ret) {
        if (!from->valid || !to->valid || to->at_usec <= from->at_usec ||
            to->stall_usec < from->stall_usec)
                return false;
        *ret = MIN_OF(1.0,
                      (double) (to->stall_usec - from->stall_usec) /
                              (double) (to->at_usec - from->at_usec));
        return true;
}

static int judge(const ReplayTrial *replay, Trial *trial, Report *report) {
        usec_t last = replay->rows[replay->n - 1].at_usec, block = replay->block_usec;
        /* A last row a little early is its block's end all the same. */
        size_t n_blocks = (last + block / 4) / block;
        bool over = false;

        for (size_t i = 0; i < n_blocks && !over; i++) {
                const Row *begin = find_row(replay, i * block);
                const Row *from = find_row(replay, i * block + replay->washout_usec);
                const Row *to = find_row(replay, (i + 1) * block);
                ReportBlock shown = {
                        .at_sec = ((double) i + 0.5) * (double) block / USEC_PER_SEC,
                        .length_sec = (double) block / USEC_PER_SEC,
                        .arm = begin->arm,
                };
                for (int metric = 0; metric < _METRIC_MAX; metric++)
                        shown.shares[metric] = -1;
                double share;
                if (!measure(from, to, &share))
                        continue;
                shown.shares[replay->metric] = share;
                if (report_add_block(report, &shown) < 0)
                        return -ENOMEM;
                over = trial_add(trial, begin->arm, share);
        }
        trial_end(trial);
        return trial->n < 2 ? -ENODATA : 0;
}

int replay_trial_end(ReplayTrial *replay, Report **ret) {
        Trial trial;

        if (replay->n < 2)
                return -ENODATA;
        if (replay->block_usec == 0)
                replay->block_usec = find_block(replay);
        if (replay->block_usec == 0)
                return -ENODATA;
        if (replay->washout_usec >= replay->block_usec)
                replay->washout_usec = replay->block_usec / 3;
        _cleanup_(report_freep) Report *report = report_new();
        if (!report)
                return -ENOMEM;
        trial_init(&trial, 0, 0);
        int r = judge(replay, &trial, report);
        if (r < 0)
                return r;
        r = judgement_take_trial(report,
                                 &trial,
                                 replay->metric,
                                 (double) replay->block_usec / USEC_PER_SEC,
                                 (double) replay->washout_usec / USEC_PER_SEC);
        report->ended_sec = (double) replay->rows[replay->n - 1].at_usec / USEC_PER_SEC;
        if (r >= 0 && !(report->state = strdup("replay")))
                r = -ENOMEM;
        if (r < 0)
                return r;
        *ret = TAKE_PTR(report);
        return 0;
}
