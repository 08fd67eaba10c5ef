/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/inspect-print.h"
#include "core/base/quantity.h"

/* How much of it is huge, in 1/10000; -1 when not known or there is none. */
static int coverage(int64_t huge, int64_t all) {
        return huge < 0 || all <= 0
                       ? -1
                       : (int) MIN_OF(share_of((uint64_t) huge, (uint64_t) all), 10000u);
}

/* Of the faults since boot that wanted one. */
static int fallback(const Inspect *inspect) {
        const int64_t *total = inspect->now->activity.total;
        int64_t got = total[ACTIVITY_THP_FAULT], fell_back = total[ACTIVITY_THP_FALLBACK];

        if (!(inspect->now->parts & INSPECTION_ACTIVITY) || got < 0 || fell_back < 0)
                return -1;
        return coverage(fell_back, got + fell_back);
}

static void print_choices(const Thp *thp) {
        inspect_label("Allowed");
        (void) printf("%s, defrag %s, shared memory %s\n",
                      thp->enabled[0] ? thp->enabled : "-",
                      thp->defrag[0] ? thp->defrag : "-",
                      thp->shmem[0] ? thp->shmem : "-");
}

static void print_coverage(const Thp *thp) {
        inspect_label("Huge");
        (void) printf("anonymous %s of %s (%s), shared memory %s of %s (%s)\n%*spage cache %s\n",
                      size_text(thp->anon_huge).text,
                      size_text(thp->anon).text,
                      share_text(coverage(thp->anon_huge, thp->anon)).text,
                      size_text(thp->shmem_huge).text,
                      size_text(thp->shmem_all).text,
                      share_text(coverage(thp->shmem_huge, thp->shmem_all)).text,
                      INSPECT_LABEL_WIDTH,
                      "",
                      size_text(thp->file_huge).text);
}

static void print_counts(const Inspect *inspect) {
        const int64_t *total = inspect->now->activity.total;

        inspect_label("Faults");
        (void) printf("%s got one, %s fell back to small pages (%s) since boot\n",
                      count_text(total[ACTIVITY_THP_FAULT]).text,
                      count_text(total[ACTIVITY_THP_FALLBACK]).text,
                      share_text(fallback(inspect)).text);
        inspect_label("Collapsed");
        (void) printf("khugepaged got %s huge pages and was refused %s; %s were split again\n",
                      count_text(total[ACTIVITY_THP_COLLAPSE]).text,
                      count_text(total[ACTIVITY_THP_COLLAPSE_FAILED]).text,
                      count_text(total[ACTIVITY_THP_SPLIT]).text);
}

static void print_sizes(const Thp *thp) {
        static const char *const headings[] = {
                "SIZE", "ENABLED", "FAULTS", "FELL BACK", "SWAPPED OUT", "IN USE", NULL};
        _cleanup_(table_done) Table table = {0};

        if (thp->n_sizes == 0)
                return;
        table_init(&table, headings);
        table.right = 1 << 0 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5;
        for (size_t i = 0; i < thp->n_sizes; i++) {
                const ThpSize *size = &thp->sizes[i];
                table_add_text(&table, STYLE_BOLD, size_text(size->size_kib * 1024).text);
                table_add_text(&table, STYLE_PLAIN, size->enabled[0] ? size->enabled : "-");
                table_add_text(&table, STYLE_PLAIN, count_text(size->fault_alloc).text);
                table_add_text(&table, STYLE_PLAIN, count_text(size->fault_fallback).text);
                table_add_text(&table, STYLE_PLAIN, count_text(size->swpout).text);
                table_add_text(&table, STYLE_PLAIN, count_text(size->anon).text);
        }
        (void) putchar('\n');
        (void) table_print(&table);
}

static void print_pools(const HugePools *pools) {
        static const char *const headings[] = {
                "POOL", "PAGES", "FREE", "PROMISED", "SURPLUS", "TAKES", NULL};
        _cleanup_(table_done) Table table = {0};

        table_init(&table, headings);
        table.right = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5;
        for (size_t i = 0; i < pools->n; i++) {
                const HugePool *pool = &pools->items[i];
                table_add_text(&table, STYLE_BOLD, size_text(pool->size_kib * 1024).text);
                table_add_text(&table, STYLE_PLAIN, count_text(pool->total).text);
                table_add_text(&table, STYLE_PLAIN, count_text(pool->free).text);
                table_add_text(&table, STYLE_PLAIN, count_text(pool->reserved).text);
                table_add_text(&table, STYLE_PLAIN, count_text(pool->surplus).text);
                table_add_text(&table, STYLE_PLAIN, size_text(hugepool_bytes(pool)).text);
        }
        if (pools->n > 0) {
                (void) putchar('\n');
                (void) table_print(&table);
        }
}

void inspect_print_thp(const Inspect *inspect) {
        const Thp *thp = &inspect->now->thp;

        if (thp->present) {
                print_choices(thp);
                print_coverage(thp);
                print_counts(inspect);
                print_sizes(thp);
        } else
                (void) puts("This kernel has no transparent huge pages.");
        print_pools(&inspect->now->pools);
}

static json_object *size_json(const ThpSize *size) {
        json_object *object = json_object_new_object();

        json_add_known(object, "size-bytes", size->size_kib * 1024);
        json_add_text(object, "enabled", size->enabled[0] ? size->enabled : NULL);
        json_add_known(object, "fault-alloc", size->fault_alloc);
        json_add_known(object, "fault-fallback", size->fault_fallback);
        json_add_known(object, "swpout", size->swpout);
        json_add_known(object, "in-use", size->anon);
        return object;
}

json_object *inspect_json_thp(const Inspect *inspect) {
        const Thp *thp = &inspect->now->thp;
        json_object *object = json_object_new_object(), *sizes = json_object_new_array();

        json_add_bool(object, "present", thp->present);
        json_add_text(object, "enabled", thp->enabled[0] ? thp->enabled : NULL);
        json_add_text(object, "defrag", thp->defrag[0] ? thp->defrag : NULL);
        json_add_text(object, "shmem-enabled", thp->shmem[0] ? thp->shmem : NULL);
        json_add_known(object, "anon-bytes", thp->anon);
        json_add_known(object, "anon-huge-bytes", thp->anon_huge);
        json_add_known(object, "anon-huge-permyriad", coverage(thp->anon_huge, thp->anon));
        json_add_known(object, "shmem-bytes", thp->shmem_all);
        json_add_known(object, "shmem-huge-bytes", thp->shmem_huge);
        json_add_known(object, "shmem-huge-permyriad", coverage(thp->shmem_huge, thp->shmem_all));
        json_add_known(object, "file-huge-bytes", thp->file_huge);
        json_add_known(object, "fault-fallback-permyriad", fallback(inspect));
        for (size_t i = 0; i < thp->n_sizes; i++)
                json_object_array_add(sizes, size_json(&thp->sizes[i]));
        json_add(object, "sizes", sizes);
        json_add(object, "pools", inspect_json_pools(inspect));
        return object;
}

json_object *inspect_json_pools(const Inspect *inspect) {
        json_object *array = json_object_new_array();

        for (size_t i = 0; i < inspect->now->pools.n; i++) {
                const HugePool *pool = &inspect->now->pools.items[i];
                json_object *object = json_object_new_object();
                json_add_known(object, "size-bytes", pool->size_kib * 1024);
                json_add_known(object, "pages", pool->total);
                json_add_known(object, "free", pool->free);
                json_add_known(object, "promised", pool->reserved);
                json_add_known(object, "surplus", pool->surplus);
                json_add_known(object, "overcommit", pool->overcommit);
                json_add_known(object, "bytes", hugepool_bytes(pool));
                json_object_array_add(array, object);
        }
        return array;
}
