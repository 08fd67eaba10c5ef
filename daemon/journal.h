/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The crash record of a transaction: all that is needed to take it back, to go on with its
 * probation, or to know that the machine went down under it. Two of them exist at most, each a file
 * of the state folder: "pending" from before the first write until kept or reverted, and "kept",
 * the profile in force below it, with the first originals.
 *
 *     begin ──▶ applied ──▶ (extended)* ──▶ kept: the file "kept" replaces it
 *       │          └──────▶ reverting ───▶ the file is gone
 *       └─ found at start: undo
 *
 * What must outlive the machine is on disk before the call returns (begin, extended, kept, gone).
 * "applied" and "reverting" matter to the next process on the same boot alone, for which the page
 * cache is enough.
 */

#include "core/machine/facts.h"
#include "core/machine/oom-kills.h"
#include "core/profile/plan.h"
#include "daemon/transaction.h"
#include "daemon/trial-run.h"

#define JOURNAL_PENDING "pending"
#define JOURNAL_KEPT "kept"

typedef enum JournalPhase {
        JOURNAL_BEGUN,
        JOURNAL_APPLIED,
        JOURNAL_REVERTING,
        _JOURNAL_PHASE_MAX,
        _JOURNAL_PHASE_INVALID = -EINVAL,
} JournalPhase;

typedef struct Journal {
        uint64_t id; /* of the transaction */
        char *profile;
        char boot_id[BOOT_ID_MAX];
        JournalPhase phase;
        Plan *plan;
        char *values; /* every setting as "name=value" lines: to see whether the profile changed
                         since */

        /* The probation. Times are CLOCK_BOOTTIME. */
        usec_t started_usec;
        usec_t deadline_usec;
        bool confirm; /* reverted at the deadline, unless a person says keep */
        usec_t baseline_usec;
        char *pressure_of; /* or NULL */
        WatchLimit limits[WATCH_LIMITS_MAX];
        size_t n_limits;
        uint64_t oom_limit; /* so many OOM kills end it; 0: not asked */
        WatchRegression regressions[_METRIC_MAX];
        size_t n_regressions;
        OnRegression on_regression;
        OnInconclusive on_inconclusive;
        int before[_METRIC_MAX]; /* share stalled in the baseline, 1/10000; negative: not known */
        OomKills kills;          /* since it was applied */
        uint64_t kills_told;     /* of them, as events */
        char *drifted; /* knobs that were not in force all the time: "vm.swappiness, …"; or NULL */
        Sample start;  /* when it was applied: stall counters, no others; at_usec 0: none */

        /* A trial: begun until its end, so that whoever finds it puts back what was in force. */
        bool trial;
        char *against; /* the profile of the old setting; NULL: what was in force */
        TrialSchedule schedule;

        /* From JOURNAL_REVERTING on. */
        MinFree min_free;
        size_t n_unread; /* lines of its file that were passed over */
        bool automatic;  /* taken back for a verdict of ours: it counts for the hold */
        bool whole;      /* what is taken back had been applied whole (see transaction_undo) */
} Journal;

Journal *journal_new(uint64_t id, const char *profile, const char *boot_id);
Journal *journal_free(Journal *journal);
DEFINE_CLEANUP(Journal *, journal_free)

/* Durably: the file holds this journal, whatever its phase. */
int journal_write(int state_fd, const char *file, const Journal *journal);
/* The writes are done and verified. Sets the phase. */
int journal_append_applied(int state_fd, const char *file, Journal *journal);
/* Durably: deadline_usec and confirm as they are now in the journal. */
int journal_append_extended(int state_fd, const char *file, const Journal *journal);
/* kills and kills_told as they are now in the journal. */
int journal_append_kills(int state_fd, const char *file, const Journal *journal);
/* min_free, whole and automatic as they are now in the journal. Sets the phase, also when the
 * record could not be written. */
int journal_append_reverting(int state_fd, const char *file, Journal *journal);
/* Adds the knob to drifted, unless it is there. For the next process on the same boot. */
int journal_append_drifted(int state_fd, const char *file, Journal *journal, const char *knob);
/* Durably gone. */
int journal_remove(int state_fd, const char *file);

/* -ENOENT; -EBADMSG when the file is damaged or says what makes no sense. */
int journal_load(int state_fd, const char *file, Journal **ret);
