/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/khugepaged.h"

/* Two blocks kept free, and for each of the three types of pages that the lists of a CPU hold one
 * for each of them: 2 + MIGRATE_PCPTYPES * MIGRATE_PCPTYPES. */
#define BLOCKS_PER_ZONE (2 + 3 * 3)
#define LOWMEM_DIVISOR 20
/* Memory beyond this lies above the 4 GiB line, below which devices have their addresses too. */
#define BELOW_LINE_BYTES (3ull << 30)

/* The zones that user memory comes from, the movable one aside. */
typedef struct Zones {
        unsigned n_low;    /* DMA and DMA32: once on a machine */
        unsigned n_normal; /* one a node */
        uint64_t managed_pages;
} Zones;

typedef enum ZoneKind {
        ZONE_OTHER, /* Movable, Device, HighMem */
        ZONE_LOW,
        ZONE_NORMAL,
} ZoneKind;

/* Behind "Node 0, zone". */
static ZoneKind zone_kind(const char *text) {
        text += strspn(text, " ");
        if (text_starts_with(text, "DMA"))
                return ZONE_LOW;
        return text_starts_with(text, "Normal") ? ZONE_NORMAL : ZONE_OTHER;
}

/* A line "        present  3998" of a zone. */
static bool zone_field(const char *line, const char *name, uint64_t *ret) {
        size_t n = strlen(name);

        line += strspn(line, " ");
        if (strncmp(line, name, n) != 0 || line[n] != ' ')
                return false;
        *ret = strtoull(line + n, NULL, 10);
        return true;
}

/* The zones with memory, one that was plugged out again included. */
static void count_zones(const char *text, Zones *zones) {
        ZoneKind kind = ZONE_OTHER;
        uint64_t pages = 0;

        for (const char *line = text; line; line = strchr(line, '\n')) {
                line += *line == '\n';
                const char *zone = text_starts_with(line, "Node ") ? strstr(line, ", zone ") : NULL;
                if (zone)
                        kind = zone_kind(zone + strlen(", zone "));
                if (kind == ZONE_OTHER)
                        continue;
                if (zone_field(line, "present", &pages) && pages > 0)
                        *(kind == ZONE_LOW ? &zones->n_low : &zones->n_normal) += 1;
                else if (zone_field(line, "managed", &pages))
                        zones->managed_pages += pages;
        }
}

/* How many of the low zones there are is a matter of the architecture: as in the tree, or as on
 * x86-64 and arm64. */
static void assume_zones(const Facts *facts, Zones *zones) {
        if (zones->n_low + zones->n_normal == 0)
                zones->n_low = facts->context.page_bytes == 4096 ? 2 : 1;
        zones->n_normal = facts->n_nodes > 0 ? facts->n_nodes : 1;
        if (zones->n_low > 0 && facts->ram_bytes <= BELOW_LINE_BYTES)
                zones->n_normal--; /* the first node has none */
        zones->managed_pages = facts->ram_bytes / facts->context.page_bytes;
}

static Zones zones_of(const Root *root, const Facts *facts) {
        _cleanup_(freep) char *text = NULL;
        Zones zones = {0};

        if (root_read(root, "proc/zoneinfo", &text) >= 0)
                count_zones(text, &zones);
        if (facts->assumed & (FACT_RAM | FACT_NODES) || zones.n_low + zones.n_normal == 0)
                assume_zones(facts, &zones);
        return zones;
}

/* nr_free_buffer_pages(): high is min and twice the larger of a quarter of it and the scale's
 * share, in each zone by its share of the memory. */
static uint64_t pages_above_high(const Zones *zones, uint64_t min_pages, uint64_t scale_permyriad) {
        uint64_t managed = zones->managed_pages, high = 0;
        uint64_t gap = MAX_OF(min_pages / 4,
                              managed / 10000 * scale_permyriad +
                                      managed % 10000 * scale_permyriad / 10000);

        if (__builtin_mul_overflow(gap, (uint64_t) 2, &high) ||
            __builtin_add_overflow(high, min_pages, &high) || high >= managed)
                return 0;
        return managed - high;
}

uint64_t khugepaged_min_free_kib(const Root *root,
                                 const Facts *facts,
                                 uint64_t min_free_kib,
                                 uint64_t scale_permyriad) {
        uint64_t page_kib = facts->context.page_bytes / 1024;

        if (!facts->has_thp || facts->context.pmd_pages == 0 || page_kib == 0)
                return 0;
        const Zones zones = zones_of(root, facts);
        /* A pageblock is as large as a huge page. */
        uint64_t pages =
                facts->context.pmd_pages * (zones.n_low + zones.n_normal) * BLOCKS_PER_ZONE;
        uint64_t most =
                pages_above_high(&zones, min_free_kib / page_kib, scale_permyriad) / LOWMEM_DIVISOR;
        return MIN_OF(pages, most) * page_kib;
}
