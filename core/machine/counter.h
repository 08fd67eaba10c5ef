/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the kernel counts beside pressure: reclaim, refaults, swap, compaction, dirty pages, and the
 * work that was done. Of the whole system (vmstat, stat) or of a cgroup (memory.stat,
 * memory.events, cpu.stat), as far as either counts it. Reading allocates nothing.
 */

#include "core/base/root.h"

typedef enum Counter {
        COUNTER_ALLOCSTALL,    /* direct reclaim entries, all zones */
        COUNTER_PGSCAN_DIRECT, /* pages scanned by those who allocate */
        COUNTER_WORKINGSET_REFAULT,
        COUNTER_PSWPIN,
        COUNTER_PSWPOUT,
        COUNTER_COMPACT_STALL,
        COUNTER_THP_FAULT_FALLBACK,
        COUNTER_OOM_KILL,
        COUNTER_NR_DIRTY,           /* pages now: a gauge */
        COUNTER_NR_DIRTY_THRESHOLD, /* where writers are throttled: a gauge */
        COUNTER_PGFAULT,            /* work: faults, pages allocated, CPU time in microseconds */
        COUNTER_PGALLOC,
        COUNTER_CPU_USEC,
        COUNTER_DROP_PAGECACHE, /* what makes before and since no longer comparable */
        COUNTER_DROP_SLAB,
        COUNTER_BALLOON, /* pages that a hypervisor took or gave */
        _COUNTER_MAX,
        _COUNTER_INVALID = -EINVAL,
} Counter;

#define COUNTER_UNKNOWN UINT64_MAX

/* As in vmstat where it is one line of it: "pgscan_direct". */
const char *counter_to_string(Counter counter);
Counter counter_from_string(const char *name);
/* A level, not a count of what has happened. */
bool counter_is_gauge(Counter counter);

/* cgroup as in sample_read. What cannot be read is COUNTER_UNKNOWN. */
void counters_read(const Root *root, const char *cgroup, uint64_t ret[static _COUNTER_MAX]);

/* A second, between two readings; negative when not known, or it went backwards. A gauge: its mean
 * of the two. */
double counter_rate(Counter counter, uint64_t before, uint64_t after, usec_t passed_usec);
