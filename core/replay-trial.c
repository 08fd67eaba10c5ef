/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/replay-trial.h"

#include "core/arms.h"
#include "core/judgement.h"

struct ReplayTrial {
        Metric metric;
        usec_t block_usec;
        usec_t washout_usec;
        ArmRow *rows;
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

        if (array_grow(&replay->rows, replay->n, sizeof(ArmRow)) < 0)
                return -ENOMEM;
        replay->rows[replay->n++] = (ArmRow){
                .at_usec = row->sample.at_usec - TRACE_EPOCH,
                .stall_usec = row->sample.stall_usec[replay->metric],
                .valid = row->sample.valid[replay->metric],
                .arm = row->arm,
        };
        return 0;
}

static bool has_arm(const ReplayTrial *replay) {
        for (size_t i = 0; i < replay->n; i++)
                if (replay->rows[i].arm >= 0)
                        return true;
        return false;
}

static int show_block(const ReplayTrial *replay, const ArmBlock *block, Report *report) {
        ReportBlock shown = {
                .at_sec = (double) (block->begin_usec + block->end_usec) / 2 / USEC_PER_SEC,
                .length_sec = (double) (block->end_usec - block->begin_usec) / USEC_PER_SEC,
                .arm = block->arm,
        };

        for (int metric = 0; metric < _METRIC_MAX; metric++)
                shown.shares[metric] = -1;
        shown.shares[replay->metric] = block->share;
        return report_add_block(report, &shown);
}

/* Blocks that are not known are left out, whatever they would have shown. */
static int judge(const ReplayTrial *replay, Trial *trial, Report *report) {
        _cleanup_(freep) ArmBlock *blocks = NULL;
        size_t n = 0;
        bool over = false;

        int r = arms_cut(
                replay->rows, replay->n, replay->block_usec, replay->washout_usec, &blocks, &n);
        for (size_t i = 0; r >= 0 && i < n && !over; i++) {
                if (!blocks[i].known)
                        continue;
                r = show_block(replay, &blocks[i], report);
                over = trial_add(trial, blocks[i].arm, blocks[i].share);
        }
        if (r < 0)
                return r;
        trial_end(trial);
        return trial->n < 2 ? -ENOMSG : 0;
}

int replay_trial_end(ReplayTrial *replay, Report **ret) {
        Trial trial;

        int r = 0;

        if (!has_arm(replay))
                return -ENODATA;
        if (replay->block_usec == 0)
                r = arms_find_length(replay->rows, replay->n, &replay->block_usec);
        if (r < 0)
                return r == -ENODATA ? -ENOMSG : r;
        if (replay->washout_usec >= replay->block_usec)
                replay->washout_usec = replay->block_usec / 3;
        _cleanup_(report_freep) Report *report = report_new();
        if (!report)
                return -ENOMEM;
        trial_init(&trial, 0, 0);
        r = judge(replay, &trial, report);
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
