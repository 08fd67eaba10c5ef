/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The free lists of the buddy allocator (proc/buddyinfo), and what they are worth for one piece of
 * 2^order pages, by the kernel's own integer arithmetic: fill_contig_page_info, unusable_free_index
 * and __fragmentation_index (mm/vmstat.c). Free pages in the lists of a CPU are in none of them.
 */

#include "core/base/root.h"

/* 11 on x86-64; other page sizes have up to 14 (include/linux/mmzone.h). */
#define BUDDY_ORDERS_MAX 20

typedef struct BuddyZone {
        unsigned node;
        char name[16];
        int64_t blocks[BUDDY_ORDERS_MAX]; /* free, of each order */
        unsigned n_orders;
} BuddyZone;

typedef struct Buddy {
        BuddyZone *items;
        size_t n;
} Buddy;

/* -EBADMSG when no zone is in it, -ENOMEM. */
int buddy_parse(const char *text, Buddy *ret);
int buddy_read(const Root *root, Buddy *ret);
void buddy_done(Buddy *buddy);

const BuddyZone *buddy_find(const Buddy *buddy, unsigned node, const char *name);
int64_t buddy_free_pages(const BuddyZone *zone);
/* How many pieces of that order the free blocks of it and above can give. */
int64_t buddy_suitable(const BuddyZone *zone, unsigned order);
/* Share of the free pages that no allocation of that order can use, in 1/1000: 0 none, 1000 all. */
int64_t buddy_unusable(const BuddyZone *zone, unsigned order);
/* Why an allocation of that order would fail, in 1/1000: -1000 it would not; near 0 for lack of
 * memory; near 1000 for fragmentation. Direct compaction is tried above vm.extfrag_threshold. */
int64_t buddy_fragmentation(const BuddyZone *zone, unsigned order);
