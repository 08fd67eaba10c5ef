/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/finding-rules.h"

/* Free pages: too few, too few kept, in too small pieces. */

/* In 1/10000. */
#define MIN_FREE_HIGH 600
#define FALLBACK_HIGH 5000
/* Fewer faults say nothing of a share: since boot, and a second. */
#define FAULTS_MIN 1000
#define FAULTS_NOW_MIN 100

/* Can an allocation take from any zone of the node without going below that mark? What the zone
 * keeps from those that could use a higher one counts (__zone_watermark_ok, mm/page_alloc.c). */
static bool node_has_room(const Zones *zones, unsigned node, bool above_low) {
        size_t first = 0, highest = 0;

        while (first < zones->n && zones->items[first].node != node)
                first++;
        for (size_t i = first; i < zones->n && zones->items[i].node == node; i++)
                if (zones->items[i].managed > 0)
                        highest = i - first;
        for (size_t i = first; i < zones->n && zones->items[i].node == node; i++) {
                const Zone *zone = &zones->items[i];
                int64_t mark = above_low ? zone->low : zone->min;
                if (zone->managed <= 0)
                        continue;
                if (highest < zone->n_protection)
                        mark += zone->protection[highest];
                if (zone->free >= mark)
                        return true;
        }
        return false;
}

typedef struct Nodes {
        size_t n;
        size_t n_below_min;
        size_t n_below_low;
        unsigned worst; /* one that is below min */
} Nodes;

static Nodes count_nodes(const Zones *zones) {
        Nodes nodes = {0};
        int64_t last = -1;

        for (size_t i = 0; i < zones->n; i++) {
                const Zone *zone = &zones->items[i];
                /* A node without memory has no zone that has some. */
                if (zone->managed <= 0 || zone->node == last)
                        continue;
                last = zone->node;
                nodes.n++;
                if (!node_has_room(zones, zone->node, false)) {
                        nodes.n_below_min++;
                        nodes.worst = zone->node;
                }
                nodes.n_below_low += !node_has_room(zones, zone->node, true);
        }
        return nodes;
}

void finding_rule_watermarks(const Case *c) {
        Nodes nodes = case_has(c, INSPECTION_ZONES) ? count_nodes(&c->now->zones) : (Nodes){0};

        if (nodes.n == 0 || nodes.n_below_low == 0)
                return;
        if (nodes.n_below_min == nodes.n)
                finding_add(c,
                            FINDING_BAD,
                            "below-min",
                            "vm.watermark_scale_factor",
                            "memctl inspect zones",
                            "No zone has a page above its min watermark: whoever allocates must "
                            "reclaim first.");
        else if (nodes.n_below_min > 0)
                finding_add(c,
                            FINDING_WARNING,
                            "node-below-min",
                            "vm.zone_reclaim_mode",
                            "memctl inspect zones",
                            "Node %u has no page above the min watermark in any zone: memory for "
                            "its CPUs comes from other nodes.",
                            nodes.worst);
        else if (nodes.n_below_low == nodes.n)
                finding_add(c,
                            FINDING_NOTE,
                            "below-low",
                            "vm.watermark_scale_factor",
                            "memctl inspect reclaim",
                            "Free memory is below the low watermark everywhere: kswapd is "
                            "reclaiming, as it should.");
}

static uint64_t square_root(uint64_t n) {
        uint64_t root = 0;

        for (uint64_t bit = (uint64_t) 1 << 31; bit > 0; bit >>= 1)
                if ((root + bit) * (root + bit) <= n)
                        root += bit;
        return root;
}

/* The kernel's own choice without huge pages is sqrt(16 * kB), from 128 to 262144
 * (init_per_zone_wmark_min, mm/page_alloc.c). */
void finding_rule_min_free(const Case *c) {
        uint64_t ram_kib = c->now->facts->ram_bytes / 1024;
        uint64_t usual =
                MIN_OF(MAX_OF(square_root(16 * ram_kib), (uint64_t) 128), (uint64_t) 262144);
        char size[32], percent[16], expected[32];

        if (c->now->min_free < 0)
                return;
        unsigned share = share_of((uint64_t) c->now->min_free, c->now->facts->ram_bytes);
        format_size((uint64_t) c->now->min_free, size);
        format_share(share, percent);
        format_size(usual * 1024, expected);
        if (share >= MIN_FREE_HIGH)
                finding_add(c,
                            FINDING_WARNING,
                            "min-free-huge",
                            "vm.min_free_kbytes",
                            NULL,
                            "%s (%s of RAM) are kept free at all times, for nobody but the kernel "
                            "in need.",
                            size,
                            percent);
        else if ((uint64_t) c->now->min_free / 1024 < usual / 4)
                finding_add(c,
                            FINDING_WARNING,
                            "min-free-tiny",
                            "vm.min_free_kbytes",
                            NULL,
                            "Only %s are kept free; the kernel's own choice here is %s. Bursts of "
                            "network traffic fail, and allocations stall sooner.",
                            size,
                            expected);
}

static unsigned order_of(uint64_t pages) {
        unsigned order = 0;

        while (pages > 1) {
                pages /= 2;
                order++;
        }
        return order;
}

void finding_rule_fragmentation(const Case *c) {
        const KnobContext *context = &c->now->facts->context;
        unsigned order = order_of(context->pmd_pages);
        int64_t suitable = 0, pages = 0;
        char size[32], piece[32];

        if (!case_has(c, INSPECTION_ZONES | INSPECTION_HUGE) || !c->now->thp.present ||
            streq(c->now->thp.enabled, "never") || context->pmd_pages == 0)
                return;
        for (size_t i = 0; i < c->now->buddy.n; i++) {
                suitable += buddy_suitable(&c->now->buddy.items[i], order);
                pages += buddy_free_pages(&c->now->buddy.items[i]);
        }
        /* Little memory is another trouble, and has its own finding. */
        if (suitable > 0 || pages < 16 * (int64_t) context->pmd_pages)
                return;
        format_size((uint64_t) pages * context->page_bytes, size);
        format_size(context->pmd_pages * context->page_bytes, piece);
        finding_add(c,
                    streq(c->now->thp.enabled, "always") ? FINDING_WARNING : FINDING_NOTE,
                    "fragmented",
                    "vm.compaction_proactiveness",
                    "memctl inspect buddy",
                    "%s are free, but not %s in one piece: huge pages must wait for compaction or "
                    "do without.",
                    size,
                    piece);
}

/* Share of the faults that fell back, in 1/10000; 0 when there were too few to say. */
static unsigned fallback_share(int64_t got, int64_t fell_back, int64_t least) {
        if (got < 0 || fell_back < 0 || got + fell_back < least)
                return 0;
        return share_of((uint64_t) fell_back, (uint64_t) (got + fell_back));
}

void finding_rule_thp_fallback(const Case *c) {
        const ActivityCounts *counts = &c->now->activity;
        unsigned now = fallback_share(case_rate(c, ACTIVITY_THP_FAULT),
                                      case_rate(c, ACTIVITY_THP_FALLBACK),
                                      FAULTS_NOW_MIN);
        unsigned boot = fallback_share(counts->total[ACTIVITY_THP_FAULT],
                                       counts->total[ACTIVITY_THP_FALLBACK],
                                       FAULTS_MIN);
        bool is_now = now >= FALLBACK_HIGH;
        char percent[16];

        if (!case_has(c, INSPECTION_ACTIVITY | INSPECTION_HUGE) || !c->now->thp.present ||
            (!is_now && boot < FALLBACK_HIGH))
                return;
        format_share(is_now ? now : boot, percent);
        finding_add(c,
                    is_now ? FINDING_WARNING : FINDING_NOTE,
                    "thp-fallback",
                    "transparent_hugepage.defrag",
                    "memctl inspect thp",
                    is_now ? "%s of the page faults that want a huge page now get small ones."
                           : "%s of the page faults that wanted a huge page since boot got small "
                             "ones.",
                    percent);
}
