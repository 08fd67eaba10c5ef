/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The zones of every node, as zoneinfo_show_print (mm/vmstat.c) prints them: free pages, the
 * watermarks they are held against, and what of the zone is kept for allocations that cannot use a
 * higher one. The watermarks include the boost (min_wmark_pages, include/linux/mmzone.h), so it is
 * never added again.
 */

#include "core/machine/figures.h"

#define ZONE_NAME_MAX 16
#define ZONE_CLASSES_MAX 8

/* Where the free pages stand; what the page allocator does then (__alloc_pages_slowpath). */
typedef enum ZoneLevel {
        ZONE_BELOW_MIN,  /* whoever allocates must reclaim first */
        ZONE_BELOW_LOW,  /* kswapd is woken */
        ZONE_BELOW_HIGH, /* kswapd goes on, when it runs */
        ZONE_ABOVE_HIGH,
        _ZONE_LEVEL_MAX,
} ZoneLevel;

/* Numbers are pages; FIGURE_NONE for what this kernel does not print. */
typedef struct Zone {
        unsigned node;
        char name[ZONE_NAME_MAX];
        int64_t free;
        int64_t boost; /* since 5.19; within the watermarks */
        int64_t min;
        int64_t low;
        int64_t high;
        int64_t promo; /* since 6.12 */
        int64_t spanned;
        int64_t present;
        int64_t managed;
        int64_t cma;
        int64_t protection[ZONE_CLASSES_MAX]; /* against allocations of each class (zone type) */
        size_t n_protection;
        int64_t pcp;      /* in the lists of all CPUs */
        Figures counters; /* the zone's own: nr_zone_active_file, numa_miss and so on */
} Zone;

typedef struct Zones {
        char *text;
        Zone *items; /* in the kernel's order; empty zones as well */
        size_t n;
} Zones;

/* Takes the text over, also on failure. -ENOMEM; -EBADMSG when no zone is in it. */
int zones_parse(char *text, Zones *ret);
int zones_read(const Root *root, Zones *ret);
void zones_done(Zones *zones);

bool zone_is_populated(const Zone *zone);
ZoneLevel zone_level(const Zone *zone);
/* "below-min" and so on. */
const char *zone_level_to_string(ZoneLevel level);
/* What of the zone is no memory that can be used up: its high watermark and the largest protection,
 * at most all of it; the sum is totalreserve_pages (calculate_totalreserve_pages,
 * mm/page_alloc.c). */
int64_t zone_reserve(const Zone *zone);
int64_t zones_total_reserve(const Zones *zones);
