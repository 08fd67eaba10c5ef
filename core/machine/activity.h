/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the memory manager does: the counters of proc/vmstat (vmstat_text, mm/vmstat.c) that tell of
 * reclaim, compaction, huge pages and swap. They count from boot; what happens now is the
 * difference of two readings.
 */

#include "core/machine/figures.h"

typedef enum Activity {
        ACTIVITY_KSWAPD_SCAN,
        ACTIVITY_KSWAPD_STEAL,
        ACTIVITY_DIRECT_SCAN,
        ACTIVITY_DIRECT_STEAL,
        ACTIVITY_KHUGEPAGED_SCAN,
        ACTIVITY_KHUGEPAGED_STEAL,
        ACTIVITY_PROACTIVE_SCAN,
        ACTIVITY_PROACTIVE_STEAL,
        ACTIVITY_ALLOCSTALL, /* allocations that had to reclaim themselves */
        ACTIVITY_THROTTLE,   /* tasks put to sleep: kswapd cannot keep up */
        ACTIVITY_LOW_QUICKLY,
        ACTIVITY_HIGH_QUICKLY,
        ACTIVITY_REFAULT_ANON,
        ACTIVITY_REFAULT_FILE,
        ACTIVITY_SWAP_IN,
        ACTIVITY_SWAP_OUT,
        ACTIVITY_MAJOR_FAULT,
        ACTIVITY_COMPACT_STALL,
        ACTIVITY_COMPACT_FAIL,
        ACTIVITY_COMPACT_SUCCESS,
        ACTIVITY_KCOMPACTD_WAKE,
        ACTIVITY_THP_FAULT,
        ACTIVITY_THP_FALLBACK,
        ACTIVITY_THP_COLLAPSE,
        ACTIVITY_THP_COLLAPSE_FAILED,
        ACTIVITY_THP_SPLIT,
        ACTIVITY_DIRTIED,
        ACTIVITY_WRITTEN,
        ACTIVITY_OOM_KILL,
        _ACTIVITY_MAX,
} Activity;

typedef struct ActivityCounts {
        usec_t at_usec;               /* by any clock that does not jump, given by the caller */
        int64_t total[_ACTIVITY_MAX]; /* since boot; FIGURE_NONE where this kernel does not count
                                       */
} ActivityCounts;

/* The kernel's name, without what tells zones apart: "pgscan_kswapd", "allocstall". */
const char *activity_to_string(Activity activity);
void activity_count(const Figures *vmstat, usec_t at_usec, ActivityCounts *ret);

/* From one reading to a later one; FIGURE_NONE when there is no other, it does not count this, or
 * it went backwards. before may be NULL. */
int64_t activity_delta(const ActivityCounts *before, const ActivityCounts *now, Activity activity);
/* The same in 1/1000 a second. */
int64_t activity_rate(const ActivityCounts *before, const ActivityCounts *now, Activity activity);
