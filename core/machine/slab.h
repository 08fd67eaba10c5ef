/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The kernel's own objects, cache by cache (proc/slabinfo, cache_show in mm/slab_common.c). Only
 * root may read them; the totals are in proc/meminfo for everyone.
 */

#include "core/machine/figures.h"

typedef struct SlabCache {
        char name[64];
        int64_t active; /* objects in use; SLUB counts whole per-CPU slabs as in use */
        int64_t objects;
        int64_t object_bytes;
        int64_t slabs;
        int64_t pages_per_slab;
        int64_t bytes; /* slabs * pages_per_slab, in bytes: what the cache takes */
} SlabCache;

typedef struct Slab {
        SlabCache *items; /* largest first */
        size_t n;
} Slab;

/* -ENOMEM. */
int slab_parse(const char *text, uint64_t page_bytes, Slab *ret);
/* -EACCES for all but root, -ENOENT on a recorded machine or without CONFIG_SLUB_DEBUG. */
int slab_read(const Root *root, uint64_t page_bytes, Slab *ret);
void slab_done(Slab *slab);
