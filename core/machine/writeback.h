/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Data that is not on disk yet, against the limits at which the kernel begins to write it and makes
 * writers wait: global_dirtyable_memory, domain_dirty_limits and balance_dirty_pages
 * (mm/page-writeback.c). A real-time task may exceed them by a quarter, and a slow disk or a cgroup
 * has a share of them only; neither is visible from outside.
 */

#include "core/machine/zones.h"

typedef enum WritebackState {
        WRITEBACK_IDLE,       /* below the background limit */
        WRITEBACK_BACKGROUND, /* flushers write */
        WRITEBACK_THROTTLING, /* writers are slowed down: above the middle of both limits */
        WRITEBACK_LIMIT,      /* at the hard limit */
        _WRITEBACK_STATE_MAX,
} WritebackState;

/* Pages; FIGURE_NONE when not known. */
typedef struct Writeback {
        int64_t dirty;
        int64_t writeback; /* under way to the disk */
        int64_t dirtyable; /* what the ratios are of */
        int64_t limit;     /* worked out from the knobs */
        int64_t background;
        int64_t kernel_limit; /* nr_dirty_threshold, as the kernel worked it out */
        int64_t kernel_background;
} Writeback;

/* The knobs; a ratio counts where its bytes are 0. */
typedef struct DirtyKnobs {
        int64_t ratio;
        int64_t bytes;
        int64_t background_ratio;
        int64_t background_bytes;
} DirtyKnobs;

/* False when one of them cannot be read. */
bool dirty_knobs_read(const Root *root, DirtyKnobs *ret);
void writeback_compute(const Figures *vmstat,
                       const Figures *meminfo,
                       const Zones *zones,
                       const DirtyKnobs *knobs,
                       uint64_t page_bytes,
                       Writeback *ret);
/* The kernel's own limits where it says them, else ours. */
int64_t writeback_limit(const Writeback *writeback);
int64_t writeback_background(const Writeback *writeback);
/* Where writers begin to wait (dirty_freerun_ceiling). */
int64_t writeback_throttle(const Writeback *writeback);
WritebackState writeback_state(const Writeback *writeback);
const char *writeback_state_to_string(WritebackState state);
