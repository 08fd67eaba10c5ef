/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * An applied transaction being watched: its hard limits as kernel triggers, its deadline as a
 * timer. It ends in a verdict; what follows from that is the manager's.
 */

#include "core/event.h"
#include "daemon/baseline.h"
#include "daemon/journal.h"
#include "daemon/trigger.h"

typedef enum VerdictKind {
        VERDICT_KEEP,        /* the time is up and no limit was exceeded */
        VERDICT_LIMIT,       /* revert: a limit was exceeded */
        VERDICT_UNCONFIRMED, /* revert: the time is up and nobody said keep */
        VERDICT_UNWATCHED,   /* revert: the time is up and a limit could not be watched */
} VerdictKind;

typedef struct Verdict {
        VerdictKind kind;
        const WatchLimit *limit; /* of VERDICT_LIMIT and VERDICT_UNWATCHED */
} Verdict;

typedef struct Probation Probation;

typedef struct ProbationCallbacks {
        /* Once; the probation may be freed from within. */
        void (*verdict)(const Verdict *verdict, void *userdata);
        /* A limit is no longer watched (its cgroup is gone), or is watched again. */
        void (*watched)(const WatchLimit *limit, bool watched, void *userdata);
        void *userdata;
} ProbationCallbacks;

/*
 * Arms the limits, before anything is written. The journal is borrowed: it has the limits, and gets
 * the windows in force, the pressure before and the start. -errno when a limit cannot be
 * watched: then *ret_limit says which.
 */
int probation_new(const Root *root,
                  sd_event *event,
                  Baseline *baseline,
                  Journal *journal,
                  const ProbationCallbacks *callbacks,
                  const WatchLimit **ret_limit,
                  Probation **ret);
Probation *probation_free(Probation *probation);
DEFINE_CLEANUP(Probation *, probation_free)

/* Notes the pressure before the writes, from the baseline. */
void probation_note_before(Probation *probation);
/* The writes are done: notes the start. */
void probation_note_start(Probation *probation);
/* Sets or moves the timer to the journal's deadline. */
int probation_set_deadline(Probation *probation);

/* Share stalled since the start, 1/10000; negative when not known. May take a sample. */
void probation_pressure(Probation *probation, int ret_shares[static _METRIC_MAX]);

/* What the pressure was and is, as evidence: "io.some-before", "io.some-since", and for a limit
 * "io.some-last". */
void probation_add_evidence(Probation *probation, const Verdict *verdict, Event *event);
/* "io.some: 43 % of the last 9.3s was stalled, above the limit of 5% over 2s; 0.1 % before the
 * change"; the caller frees. */
char *probation_explain(Probation *probation, const Verdict *verdict);
