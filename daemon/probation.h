/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * An applied transaction being watched: its hard limits as kernel triggers, its regressions by the
 * detector at each sample, its deadline as a timer. It ends in a verdict; what follows from that is
 * the manager's.
 */

#include "core/event.h"
#include "daemon/baseline.h"
#include "daemon/judge.h"
#include "daemon/oom-watch.h"
#include "daemon/trigger.h"

typedef enum VerdictKind {
        VERDICT_KEEP,         /* the time is up, and it does no harm */
        VERDICT_INCONCLUSIVE, /* the time is up, and that cannot be said */
        VERDICT_LIMIT,        /* revert: a limit was exceeded */
        VERDICT_KILLS,        /* revert: the kernel killed as many as are too many */
        VERDICT_REGRESSION,   /* stalls rose above what they were before */
        VERDICT_UNCONFIRMED,  /* revert: the time is up and nobody said keep */
        VERDICT_UNWATCHED,    /* revert: the time is up and a limit could not be watched */
} VerdictKind;

typedef struct Verdict {
        VerdictKind kind;
        const WatchLimit *limit; /* of VERDICT_LIMIT and VERDICT_UNWATCHED */
} Verdict;

/* Stands for the limit "oom-kill" wherever a limit is named: it has no metric. */
extern const WatchLimit probation_oom_limit;
/* "memory.full", "oom-kill". */
const char *probation_limit_name(const WatchLimit *limit);

typedef struct Probation Probation;

typedef struct ProbationCallbacks {
        /* Once; the probation may be freed from within. */
        void (*verdict)(const Verdict *verdict, void *userdata);
        /* A limit is no longer watched (its cgroup is gone), or is watched again. */
        void (*watched)(const WatchLimit *limit, bool watched, void *userdata);
        /* Stalls rose, and the profile says that this is to be told, nothing else. Once. */
        void (*regressed)(void *userdata);
        /* The kernel killed, and it is not too many yet: the journal has how many. */
        void (*killed)(void *userdata);
        void *userdata;
} ProbationCallbacks;

/*
 * Arms the limits, before anything is written. The journal is borrowed: it has the limits, and gets
 * the windows in force, the pressure before, the start and the kills. -errno when a limit cannot be
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
/* The last look for kills before it ends: the journal has them. */
void probation_count_kills(Probation *probation);
/* Sets or moves the timer to the journal's deadline. */
int probation_set_deadline(Probation *probation);

/* Share stalled since the start, 1/10000; negative when not known. May take a sample. */
void probation_pressure(Probation *probation, int ret_shares[static _METRIC_MAX]);

/* The cgroup that it watches, as in sample_read. */
const char *probation_cgroup(const Probation *probation);
/* What it is judged by, for evidence. */
const Judge *probation_judge(const Probation *probation);
Baseline *probation_baseline(const Probation *probation);
const Journal *probation_journal(const Probation *probation);
