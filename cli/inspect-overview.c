/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/inspect-print.h"
#include "core/base/quantity.h"

static int64_t bytes(const Inspect *inspect, const char *name) {
        return figures_get(&inspect->now->meminfo, name);
}

/* In 1/10000 of RAM; -1 when not known. */
static int ram_share(const Inspect *inspect, int64_t size) {
        if (size < 0)
                return -1;
        return (int) MIN_OF(share_of((uint64_t) size, inspect->machine->facts.ram_bytes), 1000000u);
}

static void print_verdict(const Findings *findings) {
        Style style = findings->n_bad > 0        ? STYLE_BAD
                      : findings->n_warnings > 0 ? STYLE_WARN
                                                 : STYLE_GOOD;

        (void) printf("%s%s ", style_begin(style), glyph(GLYPH_DOT));
        if (findings->n_bad > 0)
                (void) printf("TROUBLE");
        else if (findings->n_warnings > 0)
                (void) printf(
                        "%zu WARNING%s", findings->n_warnings, findings->n_warnings > 1 ? "S" : "");
        else
                (void) printf("WELL");
        (void) fputs(style_end(style), stdout);
}

static void print_headline(const Inspect *inspect, const Findings *findings) {
        const Facts *facts = &inspect->machine->facts;
        char ram[32];

        format_size(facts->ram_bytes, ram);
        print_verdict(findings);
        (void) printf("  Linux %.30s, %s of RAM", facts->release, ram);
        if (facts->n_nodes > 1)
                (void) printf(" on %u nodes", facts->n_nodes);
        (void) putchar('\n');
}

static void print_ram(const Inspect *inspect) {
        int64_t available = bytes(inspect, "MemAvailable");

        inspect_label("RAM");
        (void) printf(
                "%s available (%s), %s free\n%*sanonymous %s, page cache %s, shared %s, slab %s\n",
                size_text(available).text,
                share_text(ram_share(inspect, available)).text,
                size_text(bytes(inspect, "MemFree")).text,
                INSPECT_LABEL_WIDTH,
                "",
                size_text(bytes(inspect, "AnonPages")).text,
                size_text(bytes(inspect, "Cached")).text,
                size_text(bytes(inspect, "Shmem")).text,
                size_text(bytes(inspect, "Slab")).text);
}

static void print_swap(const Inspect *inspect) {
        int64_t total = inspection_bytes(inspect->now, "SwapTotal");
        int64_t used = MAX_OF(total - inspection_bytes(inspect->now, "SwapFree"), (int64_t) 0);
        char kinds[64];

        inspect_label("Swap");
        if (total == 0) {
                (void) puts("none");
                return;
        }
        swap_kinds_format(inspect->machine->facts.swap_kinds, kinds);
        (void) printf("%s on %s, %s used (%s)\n",
                      size_text(total).text,
                      kinds,
                      size_text(used).text,
                      share_text((int) share_of((uint64_t) used, (uint64_t) total)).text);
}

static void print_limits(const Inspect *inspect) {
        const Writeback *writeback = &inspect->now->writeback;
        const Overcommit *overcommit = &inspect->now->overcommit;

        if (inspect->now->parts & INSPECTION_OVERCOMMIT) {
                inspect_label("Promised");
                (void) printf("%s of %s%s\n",
                              size_text(overcommit->committed).text,
                              size_text(overcommit->limit).text,
                              overcommit->mode == OVERCOMMIT_NEVER
                                      ? ""
                                      : ", a limit that is not enforced");
        }
        if (inspect->now->parts & INSPECTION_WRITEBACK) {
                inspect_label("Dirty");
                (void) printf(
                        "%s; written from %s on, writers wait from %s on\n",
                        size_text(inspect_pages(inspect, writeback->dirty)).text,
                        size_text(inspect_pages(inspect, writeback_background(writeback))).text,
                        size_text(inspect_pages(inspect, writeback_throttle(writeback))).text);
        }
}

static void print_huge(const Inspect *inspect) {
        const Thp *thp = &inspect->now->thp;

        if (thp->present) {
                inspect_label("THP");
                (void) printf("%s: %s of %s anonymous memory huge\n",
                              thp->enabled,
                              size_text(thp->anon_huge).text,
                              size_text(thp->anon).text);
        }
        for (size_t i = 0; i < inspect->now->pools.n; i++) {
                const HugePool *pool = &inspect->now->pools.items[i];
                if (pool->total == 0)
                        continue;
                inspect_label("Pool");
                (void) printf("%s pages of %s, %s free, %s of those promised\n",
                              count_text(pool->total).text,
                              size_text(pool->size_kib * 1024).text,
                              count_text(pool->free).text,
                              count_text(pool->reserved).text);
        }
}

void inspect_print_overview(const Inspect *inspect) {
        _cleanup_(findings_done) Findings findings = {0};

        findings_judge(inspect->before, inspect->now, &findings);
        print_headline(inspect, &findings);
        inspect_print_findings(&findings);
        (void) putchar('\n');
        print_ram(inspect);
        print_swap(inspect);
        print_limits(inspect);
        print_huge(inspect);
        if (inspect->now->parts & INSPECTION_PRESSURE) {
                (void) putchar('\n');
                inspect_print_pressure(inspect);
        }
        if (inspect->now->parts & INSPECTION_ZONES) {
                (void) putchar('\n');
                inspect_print_watermarks(inspect);
                inspect_print_blocks(inspect);
        }
        if (inspect->now->parts & INSPECTION_ACTIVITY) {
                (void) putchar('\n');
                inspect_print_activity(inspect);
        }
}

static json_object *meminfo_json(const Inspect *inspect) {
        const Figures *meminfo = &inspect->now->meminfo;
        json_object *object = json_object_new_object();

        for (size_t i = 0; i < meminfo->n; i++)
                json_add_known(object, meminfo->items[i].name, meminfo->items[i].value);
        return object;
}

static json_object *swaps_json(const Inspect *inspect) {
        json_object *array = json_object_new_array();

        for (size_t i = 0; i < inspect->now->swaps.n; i++) {
                const SwapArea *area = &inspect->now->swaps.items[i];
                json_object *object = json_object_new_object();
                json_add(object, "name", json_text_of_bytes(area->name));
                json_add_text(object, "kind", swap_kind_to_string(area->kind));
                json_add_known(object, "size-bytes", area->size_bytes);
                json_add_known(object, "used-bytes", area->used_bytes);
                json_add(object, "priority", json_object_new_int(area->priority));
                json_object_array_add(array, object);
        }
        return array;
}

json_object *inspect_json_overview(const Inspect *inspect) {
        _cleanup_(findings_done) Findings findings = {0};
        const Facts *facts = &inspect->machine->facts;
        json_object *object = json_object_new_object();

        findings_judge(inspect->before, inspect->now, &findings);
        json_add_text(object, "release", facts->release);
        json_add_number(object, "ram-bytes", facts->ram_bytes);
        json_add_number(object, "page-bytes", facts->context.page_bytes);
        json_add_number(object, "nodes", facts->n_nodes);
        json_add_known(object, "min-free-bytes", inspect->now->min_free);
        json_add(object, "findings", inspect_json_findings(&findings));
        json_add(object, "meminfo", meminfo_json(inspect));
        json_add(object, "swaps", swaps_json(inspect));
        json_add(object, "pressure", inspect_json_pressure(inspect));
        json_add(object, "zones", inspect_json_zones(inspect));
        json_add(object, "buddy", inspect_json_buddy(inspect));
        json_add(object, "reclaim", inspect_json_reclaim(inspect));
        json_add(object, "writeback", inspect_json_writeback(inspect));
        json_add(object, "overcommit", inspect_json_overcommit(inspect));
        json_add(object, "thp", inspect_json_thp(inspect));
        return object;
}
