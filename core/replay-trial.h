/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A recorded trial judged again: a trace whose column "arm" says which setting was in force, cut
 * into its blocks (arms.h).
 */

#include "core/judge/trial.h"
#include "core/machine/trace.h"
#include "core/report.h"

typedef struct ReplayTrial ReplayTrial;

/* block_usec 0: found out; washout_usec USEC_INFINITY: a third of it. */
int replay_trial_new(Metric metric, usec_t block_usec, usec_t washout_usec, ReplayTrial **ret);
ReplayTrial *replay_trial_free(ReplayTrial *replay);
DEFINE_CLEANUP(ReplayTrial *, replay_trial_free)

/* One row; a TraceVisitor, userdata is the ReplayTrial. -ENOMEM. */
int replay_trial_add(const TraceRow *row, void *userdata);
/* -ENODATA: no arm is known; -ENOMSG: too few switches, or blocks that could be measured; -EDOM:
 * the times between switches are no multiples of one length. */
int replay_trial_end(ReplayTrial *replay, Report **ret);
