/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/inspect-print.h"

static void print_totals(const Inspect *inspect) {
        inspect_label("Slab");
        (void) printf("%s: %s can be reclaimed, %s cannot\n",
                      size_text(figures_get(&inspect->now->meminfo, "Slab")).text,
                      size_text(figures_get(&inspect->now->meminfo, "SReclaimable")).text,
                      size_text(figures_get(&inspect->now->meminfo, "SUnreclaim")).text);
}

void inspect_print_slab(const Inspect *inspect) {
        static const char *const headings[] = {
                "TAKES", "OBJECTS", "IN USE", "OBJECT", "CACHE", NULL};
        const Slab *slab = &inspect->now->slab;
        _cleanup_(table_done) Table table = {0};

        print_totals(inspect);
        if (!(inspect->now->parts & INSPECTION_SLAB)) {
                print_note("the caches are not known: %s",
                           inspect->now->slab_error == -EACCES ? "only root may read proc/slabinfo"
                                                               : "there is no proc/slabinfo");
                return;
        }
        table_init(&table, headings);
        table.right = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3;
        for (size_t i = 0; i < slab->n && i < inspect->rows; i++) {
                const SlabCache *cache = &slab->items[i];
                table_add_text(&table, STYLE_BOLD, size_text(cache->bytes).text);
                table_add_text(&table, STYLE_PLAIN, count_text(cache->objects).text);
                table_add_text(&table,
                               STYLE_PLAIN,
                               share_text(cache->objects > 0
                                                  ? (int) (MIN_OF(cache->active, cache->objects) *
                                                           100 / cache->objects) *
                                                            100
                                                  : -1)
                                       .text);
                table_add_text(&table, STYLE_PLAIN, size_text(cache->object_bytes).text);
                table_add_text(&table, STYLE_PLAIN, cache->name);
        }
        (void) putchar('\n');
        (void) table_print(&table);
}

static json_object *cache_json(const SlabCache *cache) {
        json_object *object = json_object_new_object();

        json_add(object, "cache", json_text_of_bytes(cache->name));
        json_add_known(object, "bytes", cache->bytes);
        json_add_known(object, "objects", cache->objects);
        json_add_known(object, "active-objects", cache->active);
        json_add_known(object, "object-bytes", cache->object_bytes);
        return object;
}

json_object *inspect_json_slab(const Inspect *inspect) {
        bool known = inspect->now->parts & INSPECTION_SLAB;
        json_object *object = json_object_new_object();
        json_object *caches = known ? json_object_new_array() : NULL;

        for (size_t i = 0; caches && i < inspect->now->slab.n; i++)
                json_object_array_add(caches, cache_json(&inspect->now->slab.items[i]));
        json_add_known(object, "bytes", figures_get(&inspect->now->meminfo, "Slab"));
        json_add_known(
                object, "reclaimable-bytes", figures_get(&inspect->now->meminfo, "SReclaimable"));
        json_add_known(
                object, "unreclaimable-bytes", figures_get(&inspect->now->meminfo, "SUnreclaim"));
        json_add(object, "caches", caches);
        return object;
}
