/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A recorded trial judged again: a trace whose column "arm" says which setting was in force. How
 * long a block was follows from the shortest time without a switch, as all others are multiples
 * of it.
 */

#include "core/judge/trial.h"
#include "core/machine/trace.h"
#include "core/report.h"

typedef struct ReplayTrial ReplayTrial;

/* block_usec 0: found out; washout_usec USEC_INFINITY: a third of it. */
int replay_trial_new(Metric metric, usec_t block_usec, usec_t washout_usec, ReplayTrial **ret);
ReplayTrial *replay_trial_free(ReplayTrial *replay);
DEFINE_CLEANUP(ReplayTrial *, replay_trial_free)

/* One row; a TraceVisitor, userdata is the ReplayTrial. -ENODATA: it has no arm. -ENOMEM. */
int replay_trial_add(const TraceRow *row, void *userdata);
/* -ENODATA: no switch, or no block that could be measured. */
int replay_trial_end(ReplayTrial *replay, Report **ret);
