/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/oom-memory.h"

#include <ctype.h>

#include "core/machine/oom-scan.h"

static const char *const counter_names[_OOM_COUNTER_MAX] = {
#define X(member, name) [OOM_##member] = name,
        OOM_COUNTERS(X)
#undef X
};

const char *oom_counter_to_string(OomCounter counter) {
        return counter_names[counter];
}

static void counters_init(OomCounters *counters) {
        for (size_t i = 0; i < _OOM_COUNTER_MAX; i++)
                counters->value[i] = -1;
}

void oom_memory_init(OomMemory *memory) {
        *memory = (OomMemory){
                .pages_ram = -1,
                .pages_reserved = -1,
                .swap_total_kb = -1,
                .swap_free_kb = -1,
                .huge_total_kb = -1,
                .huge_free_kb = -1,
                .page_kb = -1,
                .slab_kb = -1,
        };
        counters_init(&memory->pages);
        int64_t *numbers = (int64_t *) &memory->memcg;
        for (size_t i = 0; i < sizeof(OomMemcg) / sizeof(int64_t); i++)
                numbers[i] = -1;
}

void oom_memory_done(OomMemory *memory) {
        free(memory->nodes);
        free(memory->zones);
        oom_memory_init(memory);
}

void oom_memory_restart(OomMemory *memory) {
        OomMemcg memcg = memory->memcg;

        oom_memory_done(memory);
        memory->memcg = memcg;
        memory->opened = true;
}

/* "isolated(anon)" is called isolated_anon in the lines that count pages. */
static OomCounter find_counter(const char *name, size_t n) {
        char copy[32];

        if (n >= sizeof(copy))
                return _OOM_COUNTER_INVALID;
        for (size_t i = 0; i < n; i++)
                copy[i] = (char) (name[i] == '(' ? '_' : tolower((unsigned char) name[i]));
        copy[n] = '\0';
        if (n > 0 && copy[n - 1] == ')')
                copy[n - 1] = '\0';
        for (size_t i = 0; i < _OOM_COUNTER_MAX; i++)
                if (streq(copy, counter_names[i]))
                        return (OomCounter) i;
        return _OOM_COUNTER_INVALID;
}

static bool is_key(char c) {
        return isalnum((unsigned char) c) || c == '_' || c == '(' || c == ')';
}

/* All "name:number" of a line, whatever stands between them; the number of those found. */
static size_t take_counters(OomCounters *counters, const char *p) {
        size_t n = 0;
        int64_t value;

        while (*p) {
                const char *start = p;
                while (is_key(*p))
                        p++;
                if (p == start || *p != ':') {
                        p += p == start;
                        continue;
                }
                OomCounter counter = find_counter(start, (size_t) (p - start));
                p++;
                if (scan_number(&p, &value) && counter >= 0) {
                        counters->value[counter] = value;
                        n++;
                }
        }
        return n;
}

static int find_node(OomMemory *memory, int64_t number, OomNode **ret) {
        for (size_t i = memory->n_nodes; i > 0; i--)
                if (memory->nodes[i - 1].node == number) {
                        *ret = &memory->nodes[i - 1];
                        return 0;
                }
        if (memory->n_nodes >= OOM_NODES_MAX)
                return -E2BIG;
        int r = array_grow(&memory->nodes, memory->n_nodes, sizeof(OomNode));
        if (r < 0)
                return r;
        *ret = &memory->nodes[memory->n_nodes++];
        (*ret)->node = number;
        counters_init(&(*ret)->kb);
        return 0;
}

static int find_zone(OomMemory *memory, int64_t node, const char *name, size_t n, OomZone **ret) {
        for (size_t i = memory->n_zones; i > 0; i--) {
                OomZone *zone = &memory->zones[i - 1];
                if (zone->node == node && strlen(zone->name) == n &&
                    memcmp(zone->name, name, n) == 0) {
                        *ret = zone;
                        return 0;
                }
        }
        if (memory->n_zones >= OOM_ZONES_MAX)
                return -E2BIG;
        int r = array_grow(&memory->zones, memory->n_zones, sizeof(OomZone));
        if (r < 0)
                return r;
        *ret = &memory->zones[memory->n_zones++];
        **ret = (OomZone){.node = node, .block_kb = -1};
        memcpy((*ret)->name, name, n);
        counters_init(&(*ret)->kb);
        return 0;
}

/* "3*4kB (UME) 0*8kB ... = 1234kB" */
static void take_blocks(OomMemory *memory, OomZone *zone, const char *p) {
        int64_t count, kb;

        for (zone->n_orders = 0; zone->n_orders < OOM_ORDERS_MAX; zone->n_orders++) {
                if (!scan_number(&p, &count) || *p++ != '*' || !scan_number(&p, &kb))
                        return;
                if (zone->n_orders == 0)
                        zone->block_kb = memory->page_kb = kb;
                p += text_starts_with(p, "kB") ? 2 : 0;
                while (*p == ' ')
                        p++;
                char *types = zone->types[zone->n_orders];
                size_t n = *p == '(' ? strcspn(p, ")") : 0;
                *types = '\0';
                if (n > 1 && n <= sizeof(zone->types[0])) {
                        memcpy(types, p + 1, n - 1);
                        types[n - 1] = '\0';
                }
                p += n > 0 ? n + (p[n] == ')') : 0;
                zone->blocks[zone->n_orders] = count;
        }
}

/* "DMA32 free:1kB min:2kB ..." or "DMA32: 3*4kB ...", perhaps after "Node 0". */
static int take_zone(OomMemory *memory, int64_t node, const char *p) {
        OomZone *zone;
        size_t n = strcspn(p, " :");

        if (n == 0 || n >= sizeof(zone->name) || !isupper((unsigned char) *p))
                return 0;
        const char *rest = p + n;
        bool blocks = *rest == ':';
        rest += blocks;
        int64_t number;
        const char *probe = rest;
        if (blocks ? !scan_number(&probe, &number) || *probe != '*'
                   : !text_starts_with(rest, " free:"))
                return 0;
        int r = find_zone(memory, node, p, n, &zone);
        if (r < 0)
                return r == -E2BIG ? 1 : r;
        if (blocks)
                take_blocks(memory, zone, rest);
        else
                (void) take_counters(&zone->kb, rest);
        return 1;
}

/* "hugepages_total=2 hugepages_free=0 hugepages_surp=0 hugepages_size=2048kB", of one node. */
static void take_hugepages(OomMemory *memory, const char *p) {
        int64_t total = scan_after(p, "hugepages_total="), size = scan_after(p, "hugepages_size=");
        int64_t unused = scan_after(p, "hugepages_free="), kb;

        if (total < 0 || size < 0 || __builtin_mul_overflow(total, size, &kb))
                return;
        memory->huge_total_kb = MAX_OF(memory->huge_total_kb, 0) + MIN_OF(kb, INT32_MAX * 1024L);
        if (unused >= 0 && !__builtin_mul_overflow(unused, size, &kb))
                memory->huge_free_kb =
                        MAX_OF(memory->huge_free_kb, 0) + MIN_OF(kb, INT32_MAX * 1024L);
}

static int take_node(OomMemory *memory, const char *p) {
        OomNode *node;
        int64_t number;

        if (!scan_number(&p, &number) || *p++ != ' ')
                return 0;
        if (text_starts_with(p, "hugepages_total=")) {
                take_hugepages(memory, p);
                return 1;
        }
        if (isupper((unsigned char) *p))
                return take_zone(memory, number, p);
        if (!strchr(p, ':'))
                return 0;
        int r = find_node(memory, number, &node);
        if (r < 0)
                return r == -E2BIG ? 1 : r;
        return take_counters(&node->kb, p) > 0;
}

static void take_reserve(OomMemory *memory, const char *p) {
        if (memory->n_zones == 0)
                return;
        OomZone *zone = &memory->zones[memory->n_zones - 1];
        for (zone->n_reserve = 0; zone->n_reserve < OOM_ZONES_OF_NODE_MAX; zone->n_reserve++)
                if (!scan_number(&p, &zone->reserve_pages[zone->n_reserve]))
                        return;
}

/* "1234 pages RAM" */
static bool take_pages(OomMemory *memory, const char *p) {
        int64_t value;

        if (!scan_number(&p, &value))
                return false;
        if (text_starts_with(p, " pages RAM"))
                memory->pages_ram = value;
        else if (text_starts_with(p, " pages reserved"))
                memory->pages_reserved = value;
        else
                return text_starts_with(p, " pages HighMem") ||
                       text_starts_with(p, " pages cma reserved") ||
                       text_starts_with(p, " total pagecache pages") ||
                       text_starts_with(p, " pages in swap cache") ||
                       text_starts_with(p, " pages hwpoisoned");
        return true;
}

/* "kmalloc-192         15683546KB   15683546KB" */
static bool take_slab(OomMemory *memory, const char *p) {
        size_t n = strcspn(p, " ");
        const char *rest = p + n;
        int64_t used, total;

        if (n == 0 || n >= sizeof(memory->slab_name) || !scan_number(&rest, &used) ||
            !text_starts_with(rest, "KB"))
                return false;
        rest += 2;
        if (!scan_number(&rest, &total) || !text_starts_with(rest, "KB"))
                return false;
        if (total > memory->slab_kb) {
                memcpy(memory->slab_name, p, n);
                memory->slab_name[n] = '\0';
                memory->slab_kb = total;
        }
        return true;
}

/* The first lines of the block: counts of pages. */
static bool is_page_line(const char *p) {
        static const char *const names[] = {"active_anon:",
                                            "active_file:",
                                            "unevictable:",
                                            "slab_reclaimable:",
                                            "mapped:",
                                            "sec_pagetables:",
                                            "kernel_misc_reclaimable:",
                                            "free:"};
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (text_starts_with(p, names[i]))
                        return true;
        return false;
}

bool oom_memory_is_dump(const char *message) {
        while (*message == ' ' || *message == '\t')
                message++;
        if (text_starts_with(message, "Node "))
                return strstr(message, " hugepages_total=") || strstr(message, " inactive_anon:") ||
                       (strstr(message, " free:") && strstr(message, " min:"));
        if (text_starts_with(message, "active_anon:"))
                return strstr(message, " isolated_anon:");
        return (isupper((unsigned char) *message) && strstr(message, " free:") &&
                strstr(message, "kB min:") && strstr(message, "kB low:")) ||
               (isdigit((unsigned char) *message) && strstr(message, " pages RAM"));
}

int oom_memory_take(OomMemory *memory, const char *p) {
        while (*p == ' ' || *p == '\t')
                p++;
        if (memory->in_slab) {
                if (take_slab(memory, p) || text_starts_with(p, "Name "))
                        return 1;
                memory->in_slab = text_starts_with(p, "...");
        }
        if (text_starts_with(p, "Node "))
                return take_node(memory, p + 5);
        if (isupper((unsigned char) *p)) {
                if (text_starts_with(p, "Mem-Info:")) {
                        memory->opened = true;
                        return 1;
                }
                if (text_starts_with(p, "Free swap "))
                        memory->swap_free_kb = scan_after(p, "= ");
                else if (text_starts_with(p, "Total swap "))
                        memory->swap_total_kb = scan_after(p, "= ");
                else if (text_starts_with(p, "Unreclaimable slab info"))
                        memory->in_slab = true;
                else
                        return take_zone(memory, -1, p);
                return 1;
        }
        if (text_starts_with(p, "lowmem_reserve[]:")) {
                take_reserve(memory, p + 17);
                return 1;
        }
        if (isdigit((unsigned char) *p))
                return take_pages(memory, p);
        return is_page_line(p) && take_counters(&memory->pages, p) > 0;
}

int64_t oom_memory_sum_kb(const OomMemory *memory, OomCounter counter) {
        int64_t sum = -1;

        /* What ran below zero is printed as a number without end. */
        for (size_t i = 0; i < memory->n_nodes; i++) {
                int64_t kb = memory->nodes[i].kb.value[counter];
                if (kb >= 0 && kb < INT64_MAX / (int64_t) (4 * OOM_ZONES_MAX))
                        sum = MAX_OF(sum, 0) + kb;
        }
        if (sum >= 0)
                return sum;
        for (size_t i = 0; i < memory->n_zones; i++) {
                int64_t kb = memory->zones[i].kb.value[counter];
                if (kb >= 0 && kb < INT64_MAX / (int64_t) (4 * OOM_ZONES_MAX))
                        sum = MAX_OF(sum, 0) + kb;
        }
        return sum;
}
