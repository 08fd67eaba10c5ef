/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a probation would have said on a recorded trace: the same detector and the same judgement,
 * with the limits worked out from the totals in the place of the kernel's triggers.
 */

#include "core/judgement.h"
#include "core/machine/trace.h"

typedef struct ReplayOptions {
        const Watch *watch;    /* limits, kills, regressions, policy: borrowed */
        usec_t change_usec;    /* after the first row; 0: there is no time before */
        usec_t baseline_usec;  /* of the time before it, at most */
        usec_t probation_usec; /* after the change; 0: to the end of the trace */
} ReplayOptions;

typedef struct Replay Replay;

int replay_new(const ReplayOptions *options, Replay **ret);
Replay *replay_free(Replay *replay);
DEFINE_CLEANUP(Replay *, replay_free)

/* One row; a TraceVisitor, userdata is the Replay. 1 when nothing that follows matters: the verdict
 * stands. -ENOMEM. */
int replay_add(const TraceRow *row, void *userdata);
/* After replay_end: whether this metric was asked for, but the trace does not have it. */
bool replay_lacks(const Replay *replay, Metric metric);
/* After replay_end: how long a block was; longer than DETECT_BLOCK_USEC where rows are further
 * apart than that. */
usec_t replay_block_usec(const Replay *replay);
/* The verdict, with its evidence, in a report of the trace. -ENODATA: the trace ends before the
 * change. */
int replay_end(Replay *replay, Report **ret);
