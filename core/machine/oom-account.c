/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/oom-account.h"

#include "core/machine/oom-gfp.h"

/* No machine has more; what is printed above is a counter that ran below zero. */
#define SANE_KB ((int64_t) 1 << 44)

static int64_t sane(int64_t kb) {
        return kb > SANE_KB ? -1 : kb;
}

/* A counter of the whole machine: the lines of nodes, of zones, or the pages of the first lines. */
static int64_t machine_kb(const OomMemory *memory, OomCounter counter) {
        int64_t pages = sane(memory->pages.value[counter]);
        int64_t sum = oom_memory_sum_kb(memory, counter);

        if (pages >= 0 && memory->page_kb > 0)
                return pages * memory->page_kb;
        /* No machine has smaller pages. */
        return sum < 0 && pages >= 0 ? pages * 4 : sum;
}

static int64_t add(int64_t a, int64_t b) {
        return a < 0 ? b : b < 0 ? a : a + b;
}

static int64_t total_kb(const OomMemory *memory) {
        int64_t managed = oom_memory_sum_kb(memory, OOM_MANAGED);
        int64_t kb = memory->page_kb > 0 ? memory->page_kb : 4;

        if (memory->pages_ram < 0 || memory->pages_ram > SANE_KB)
                return managed;
        /* Zones that the allocation could not use are left out since 6.1. */
        return (memory->pages_ram - MIN_OF(MAX_OF(memory->pages_reserved, 0), memory->pages_ram)) *
               kb;
}

void oom_account(const OomEvent *event, OomAccount *ret) {
        const OomMemory *memory = &event->memory;
        OomAccount account = {
                .total_kb = total_kb(memory),
                .free_kb = machine_kb(memory, OOM_FREE),
                .anon_kb = add(machine_kb(memory, OOM_ACTIVE_ANON),
                               machine_kb(memory, OOM_INACTIVE_ANON)),
                .file_kb = add(machine_kb(memory, OOM_ACTIVE_FILE),
                               machine_kb(memory, OOM_INACTIVE_FILE)),
                .shmem_kb = machine_kb(memory, OOM_SHMEM),
                .locked_kb = machine_kb(memory, OOM_UNEVICTABLE),
                .slab_reclaimable_kb = machine_kb(memory, OOM_SLAB_RECLAIMABLE),
                .slab_unreclaimable_kb = machine_kb(memory, OOM_SLAB_UNRECLAIMABLE),
                .pagetables_kb = machine_kb(memory, OOM_PAGETABLES),
                .stacks_kb = oom_memory_sum_kb(memory, OOM_KERNEL_STACK),
                .hugepages_kb = memory->huge_total_kb,
                .gap_kb = -1,
        };
        const int64_t counted[] = {account.free_kb,
                                   account.anon_kb,
                                   account.file_kb,
                                   account.locked_kb,
                                   account.slab_reclaimable_kb,
                                   account.slab_unreclaimable_kb,
                                   account.pagetables_kb,
                                   account.stacks_kb,
                                   account.hugepages_kb,
                                   machine_kb(memory, OOM_FREE_PCP)};
        if (account.total_kb >= 0 && account.free_kb >= 0 && account.anon_kb >= 0) {
                account.gap_kb = account.total_kb;
                for (size_t i = 0; i < ELEMENTSOF(counted); i++)
                        account.gap_kb -= MAX_OF(counted[i], 0);
                account.gap_kb = MAX_OF(account.gap_kb, 0);
        }
        *ret = account;
}

/* Free blocks that are large enough; those of types C, H and I alone are kept for others. */
static void count_blocks(const OomZone *zone, int64_t order, OomStanding *standing) {
        for (size_t i = 0; i < zone->n_orders; i++) {
                if ((int64_t) i < order || zone->blocks[i] <= 0)
                        continue;
                standing->blocks += zone->blocks[i];
                const char *types = zone->types[i];
                if (*types && !strpbrk(types, "UMER"))
                        standing->cma_blocks += zone->blocks[i];
        }
}

/* What allocations for higher zones may not touch here (__zone_watermark_ok()). */
static int64_t reserve_kb(const OomMemory *memory, const OomZone *zone) {
        int64_t pages = 0;

        for (size_t i = 0; i < zone->n_reserve; i++)
                pages = MAX_OF(pages, zone->reserve_pages[i]);
        return pages > SANE_KB ? SANE_KB : pages * (memory->page_kb > 0 ? memory->page_kb : 4);
}

static void
stand_allowed(const OomZone *zone, int64_t order, int64_t reserve, OomStanding *standing) {
        int64_t unused = zone->kb.value[OOM_FREE], min = zone->kb.value[OOM_MIN];
        int64_t high = zone->kb.value[OOM_HIGH];
        bool below = unused >= 0 && unused < min;

        standing->n_allowed++;
        standing->free_kb += MAX_OF(sane(unused), 0);
        standing->min_kb += MAX_OF(sane(min), 0);
        standing->n_below_min += below;
        standing->n_above_high += high >= 0 && unused > high && unused - high > reserve;
        if (unused < 0 || unused - MAX_OF(min, 0) > reserve)
                count_blocks(zone, order, standing);
        standing->has_blocks = standing->has_blocks || zone->n_orders > 0;
        const OomZone *worst = standing->worst;
        bool worst_below = worst && worst->kb.value[OOM_FREE] < worst->kb.value[OOM_MIN];
        if (!worst || below > worst_below ||
            (below == worst_below && zone->kb.value[OOM_MANAGED] > worst->kb.value[OOM_MANAGED]))
                standing->worst = zone;
}

static void stand_forbidden(const OomZone *zone, OomStanding *standing) {
        int64_t unused = sane(zone->kb.value[OOM_FREE]), high = zone->kb.value[OOM_HIGH];

        if (unused <= high || unused < 0)
                return;
        standing->forbidden_free_kb += unused;
        if (!standing->forbidden || unused > standing->forbidden->kb.value[OOM_FREE])
                standing->forbidden = zone;
}

static size_t zone_rank(const char *name) {
        static const char *const names[] = {"", "DMA", "DMA32", "Normal", "HighMem", "Movable"};

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(name, names[i]))
                        return i;
        return 0;
}

void oom_standing(const OomEvent *event, OomStanding *ret) {
        const OomMemory *memory = &event->memory;
        OomStanding standing = {0};
        int64_t total = total_kb(memory);

        /* Each node's zones stand in their order: the last that is allowed is the one asked of. */
        const char *top = "";
        for (size_t i = 0; i < memory->n_zones; i++)
                if (oom_gfp_allows_zone(event, memory->zones[i].name) &&
                    zone_rank(memory->zones[i].name) >= zone_rank(top))
                        top = memory->zones[i].name;
        for (size_t i = 0; i < memory->n_zones; i++) {
                const OomZone *zone = &memory->zones[i];
                if (zone->kb.value[OOM_MIN] > MAX_OF(total, SANE_KB / 1024) && total > 0)
                        standing.absurd = true;
                if (oom_gfp_allows_zone(event, zone->name))
                        stand_allowed(zone,
                                      event->order,
                                      streq(zone->name, top) ? 0 : reserve_kb(memory, zone),
                                      &standing);
                else
                        stand_forbidden(zone, &standing);
        }
        *ret = standing;
}
