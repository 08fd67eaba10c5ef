/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A switchback trial under way: says when to switch to which setting, measures each block after its
 * washout, and ends when the answer is clear or the schedule is over. The coins were drawn and
 * stored before; no block is repeated or left out because of what it showed. A block that lost time
 * to a suspend or could not be read is left out, whatever it was.
 */

#include <systemd/sd-event.h>

#include "core/judge/budget.h"
#include "core/judge/trial.h"
#include "core/report.h"
#include "daemon/baseline.h"

typedef struct TrialSchedule {
        Metric metric;
        usec_t block_usec;
        usec_t washout_usec;         /* of the beginning of each block */
        bool arms[TRIAL_BLOCKS_MAX]; /* true: the new setting */
        size_t n_blocks;
} TrialSchedule;

typedef enum TrialEnd {
        TRIAL_END_JUDGED, /* clear, or the schedule is over: see the Trial */
        TRIAL_END_BUDGET, /* the new setting has cost more stall than a trial may */
        TRIAL_END_FAILED, /* a switch failed */
} TrialEnd;

typedef struct TrialRun TrialRun;

typedef struct TrialRunCallbacks {
        /* Puts the old (false) or the new setting in force. Negative: it could not be, and
         * *ret_in_force, when set, is of which something may be left. */
        int (*switched)(bool arm, bool *ret_in_force, void *userdata);
        /* Once; the run may be freed from within. */
        void (*ended)(TrialEnd end, void *userdata);
        void *userdata;
} TrialRunCallbacks;

/* n coins by getrandom(2). -errno. */
int trial_schedule_draw(TrialSchedule *schedule, size_t n);

/* The first block begins at once, the old setting being in force. baseline and schedule are
 * borrowed. */
int trial_run_new(sd_event *event,
                  Baseline *baseline,
                  const TrialSchedule *schedule,
                  const TrialRunCallbacks *callbacks,
                  TrialRun **ret);
TrialRun *trial_run_free(TrialRun *run);
DEFINE_CLEANUP(TrialRun *, trial_run_free)

const Trial *trial_run_trial(const TrialRun *run);
/* Which setting is in force. */
bool trial_run_arm(const TrialRun *run);
/* The block under way, from 0. */
size_t trial_run_block(const TrialRun *run);
/* Each block measured so far, into the report. -ENOMEM. */
int trial_run_report(const TrialRun *run, Report *report);
