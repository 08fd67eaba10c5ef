/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Looks at the knobs of what is in force, and remembers which of them drift and since when, so that
 * each is told once, again when it becomes another value, and when it ends. What follows from that
 * is the manager's. Looking allocates nothing.
 */

#include "core/profile/drift.h"

typedef enum DriftNews {
        DRIFT_NEWS_BEGAN,
        DRIFT_NEWS_CHANGED, /* it is yet another value */
        DRIFT_NEWS_STILL,   /* as before */
        DRIFT_NEWS_ENDED,   /* as it was set, again */
} DriftNews;

typedef struct DriftEntry {
        Drift drift; /* the last one seen */
        bool drifts;
        bool told_failure;    /* that it could not be repaired, or let go */
        bool gave_up;         /* was repaired too often */
        usec_t since_usec;    /* CLOCK_BOOTTIME */
        usec_t realtime_usec; /* of the same moment */
} DriftEntry;

/* What is in force: when it is another, what is watched is worked out anew. */
typedef struct DriftKey {
        uint64_t kept;    /* transactions; 0: none */
        uint64_t pending; /* on trial too */
        int arm;          /* of a trial; else 0 */
} DriftKey;

typedef struct DriftWatch {
        Plan *plan;          /* what is watched; or NULL */
        DriftEntry *entries; /* one a step */
        DriftKey key;
        usec_t looked_usec; /* CLOCK_BOOTTIME; 0: never */
} DriftWatch;

void drift_watch_done(DriftWatch *watch);
/* -ENOMEM: as before. What drifts already is remembered. */
int drift_watch_set(DriftWatch *watch, DriftKey key, const Plan *kept, const Plan *pending);
bool drift_watch_is_set(const DriftWatch *watch, DriftKey key);
/* Not watched any more, until what is in force is another. */
void drift_watch_forget(DriftWatch *watch, KnobRef ref);

/* Looks at one step; true when there is news. now_usec is CLOCK_BOOTTIME. */
bool drift_watch_look(DriftWatch *watch,
                      const Root *root,
                      size_t i,
                      usec_t now_usec,
                      usec_t realtime_usec,
                      DriftNews *ret);
/* NULL when that knob does not drift, as far as was seen. */
const DriftEntry *drift_watch_find(const DriftWatch *watch, KnobRef ref);
