/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where the memory was: the counters of a dump as one account in kB, and the zones' standing. */

#include "core/machine/oom.h"

/* kB, negative when the dump does not say. */
typedef struct OomAccount {
        int64_t total_kb; /* what the page allocator had */
        int64_t free_kb;
        int64_t anon_kb;
        int64_t file_kb; /* without shared memory */
        int64_t shmem_kb;
        int64_t locked_kb; /* unevictable */
        int64_t slab_reclaimable_kb;
        int64_t slab_unreclaimable_kb;
        int64_t pagetables_kb;
        int64_t stacks_kb;
        int64_t hugepages_kb;
        int64_t gap_kb; /* in no counter */
} OomAccount;

void oom_account(const OomEvent *event, OomAccount *ret);

/* The zones that the allocation may use, together. */
typedef struct OomStanding {
        size_t n_allowed, n_below_min, n_above_high;
        int64_t free_kb, min_kb;   /* of the allowed ones */
        int64_t forbidden_free_kb; /* of those that it may not use, above their high mark */
        const OomZone *worst;     /* the largest that is below min; else the largest; may be NULL */
        const OomZone *forbidden; /* the one with most free that it may not use */
        int64_t blocks;           /* free ones of the order or above, in allowed zones */
        int64_t cma_blocks;       /* of them those that only movable memory may use */
        bool has_blocks;          /* the free lists were printed */
        bool absurd;              /* a watermark above all of the memory */
} OomStanding;

void oom_standing(const OomEvent *event, OomStanding *ret);
