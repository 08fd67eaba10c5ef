/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The machine's memory at one instant: all that the readers of this folder say, as far as it was
 * asked for. What happens now needs two of them; the earlier one holds the parts that move.
 */

#include "core/machine/activity.h"
#include "core/machine/buddy.h"
#include "core/machine/cgroup.h"
#include "core/machine/facts.h"
#include "core/machine/hugepool.h"
#include "core/machine/overcommit.h"
#include "core/machine/pressure.h"
#include "core/machine/process.h"
#include "core/machine/slab.h"
#include "core/machine/swap.h"
#include "core/machine/thp.h"
#include "core/machine/writeback.h"
#include "core/machine/zones.h"

typedef enum InspectionPart {
        INSPECTION_ZONES = 1 << 0, /* with the free lists */
        INSPECTION_ACTIVITY = 1 << 1,
        INSPECTION_PRESSURE = 1 << 2,
        INSPECTION_WRITEBACK = 1 << 3,
        INSPECTION_OVERCOMMIT = 1 << 4,
        INSPECTION_HUGE = 1 << 5, /* THP and the pools */
        INSPECTION_SLAB = 1 << 6,
        INSPECTION_CGROUPS = 1 << 7, /* those that may be in trouble */
        INSPECTION_ALL_CGROUPS = 1 << 8,
        INSPECTION_PROCESSES = 1 << 9,
        /* What two readings are needed for. */
        INSPECTION_MOVING = INSPECTION_ACTIVITY | INSPECTION_PRESSURE | INSPECTION_CGROUPS |
                            INSPECTION_ALL_CGROUPS,
} InspectionPart;

typedef struct Inspection {
        const Facts *facts; /* of the machine; outlives it */
        unsigned parts;     /* that were read; those that this machine lacks are missing */
        usec_t at_usec;
        int64_t min_free; /* vm.min_free_kbytes in bytes */
        Figures meminfo;  /* always */
        Swaps swaps;      /* always */
        Zones zones;
        Buddy buddy;
        ActivityCounts activity;
        Pressure pressure;
        DirtyKnobs dirty_knobs;
        Writeback writeback;
        Overcommit overcommit;
        HugePools pools;
        Thp thp;
        Slab slab;
        int slab_error; /* 0, or why slab is missing: -EACCES, -ENOENT */
        Cgroups cgroups;
        Processes processes;
} Inspection;

/*
 * at_usec by a clock that does not jump. -ENOENT or another errno when proc/meminfo cannot be read,
 * -ENOMEM; anything else that is not there is left out of parts.
 */
int inspection_read(
        const Root *root, const Facts *facts, unsigned parts, usec_t at_usec, Inspection *ret);
void inspection_done(Inspection *inspection);

/* Bytes of proc/meminfo, 0 where the kernel does not say. */
int64_t inspection_bytes(const Inspection *inspection, const char *name);
/* Stalled share of the time since the earlier one, in 1/10000; -1 when not known. before may be
 * NULL. */
int inspection_stalled(const Inspection *before, const Inspection *now, Metric metric);
