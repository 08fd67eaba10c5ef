/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>

#include "cli/inspect-print.h"

/* "99999", and from there on "100k". */
static void print_count(int64_t count) {
        static const char units[] = " kMG";
        size_t unit = 0;

        while (count > 99999 && unit + 1 < strlen(units)) {
                count /= 1000;
                unit++;
        }
        (void) printf(unit > 0 ? "%5" PRId64 "%c" : "%6" PRId64, count, units[unit]);
}

/* As many orders as fit 80 columns; kernels with large pages have more. */
#define ORDERS_MAX 11u

typedef struct Orders {
        unsigned first;
        unsigned end;
} Orders;

static Orders orders_from(unsigned first, unsigned n_orders) {
        return (Orders){.first = first, .end = MIN_OF(first + ORDERS_MAX, n_orders)};
}

static void print_heading(Orders orders) {
        print_styled(STYLE_DIM, "%-*s", INSPECT_LABEL_WIDTH, "Order");
        for (unsigned order = orders.first; order < orders.end; order++)
                print_styled(STYLE_DIM, "%6u", order);
        (void) putchar('\n');
}

/* How large a block of each order is: "4K", "2M". */
static void print_sizes(const Inspect *inspect, Orders orders) {
        static const char units[] = "KMGTP";

        print_styled(STYLE_DIM, "%-*s", INSPECT_LABEL_WIDTH, "Block");
        for (unsigned order = orders.first; order < orders.end; order++) {
                int64_t kib = inspect_page_bytes(inspect) / 1024 << order;
                size_t unit = 0;
                while (kib >= 1024 && unit + 1 < strlen(units)) {
                        kib /= 1024;
                        unit++;
                }
                print_styled(STYLE_DIM, "%5" PRId64 "%c", kib, units[unit]);
        }
        (void) putchar('\n');
}

/* "0.948", "-1"; the kernel's own file of debugfs prints the same. */
static void print_index(int64_t index) {
        if (index % 1000 == 0)
                (void) printf("%6" PRId64, index / 1000);
        else
                (void) printf(" %s.%03" PRId64,
                              index < 0 ? "-" : "0",
                              index < 0 ? -index % 1000 : index % 1000);
}

static void print_counts(const char *label, const BuddyZone *zone, Orders orders) {
        (void) printf("%-*s", INSPECT_LABEL_WIDTH, label);
        for (unsigned order = orders.first; order < orders.end; order++)
                print_count(zone->blocks[order]);
        (void) putchar('\n');
}

static void print_indices(const char *label,
                          const BuddyZone *zone,
                          Orders orders,
                          int64_t (*index)(const BuddyZone *zone, unsigned order)) {
        (void) printf("%-*s", INSPECT_LABEL_WIDTH, label);
        for (unsigned order = orders.first; order < orders.end; order++)
                print_index(index(zone, order));
        (void) putchar('\n');
}

static void print_zone(const Inspect *inspect, const BuddyZone *zone, Orders orders) {
        char name[32];

        inspect_zone_name(inspect, zone->node, zone->name, name);
        print_styled(STYLE_BOLD, "\n%s", name);
        (void) printf(": %s free\n",
                      size_text(inspect_pages(inspect, buddy_free_pages(zone))).text);
        print_counts("free", zone, orders);
        print_indices("unusable", zone, orders, buddy_unusable);
        print_indices("fragment.", zone, orders, buddy_fragmentation);
}

/* One line a zone. */
void inspect_print_blocks(const Inspect *inspect) {
        const Buddy *buddy = &inspect->now->buddy;
        unsigned n_orders = buddy->n > 0 ? buddy->items[0].n_orders : 0;
        char name[32];

        for (unsigned first = 0; first < n_orders; first += ORDERS_MAX) {
                print_heading(orders_from(first, n_orders));
                for (size_t i = 0; i < buddy->n; i++) {
                        const BuddyZone *zone = &buddy->items[i];
                        inspect_zone_name(inspect, zone->node, zone->name, name);
                        print_counts(name, zone, orders_from(first, zone->n_orders));
                }
        }
}

void inspect_print_buddy(const Inspect *inspect) {
        const Buddy *buddy = &inspect->now->buddy;
        unsigned n_orders = buddy->n > 0 ? buddy->items[0].n_orders : 0;

        for (unsigned first = 0; first < n_orders; first += ORDERS_MAX) {
                if (first > 0)
                        (void) putchar('\n');
                print_heading(orders_from(first, n_orders));
                print_sizes(inspect, orders_from(first, n_orders));
                for (size_t i = 0; i < buddy->n; i++)
                        print_zone(inspect,
                                   &buddy->items[i],
                                   orders_from(first, buddy->items[i].n_orders));
        }
        if (!arg_legend)
                return;
        (void) putchar('\n');
        print_styled(STYLE_DIM, "unusable");
        (void) puts(": the share of free memory that no allocation of that order can use.");
        print_styled(STYLE_DIM, "fragment.");
        (void) puts(": why one would fail: -1 it would not, 0 too little memory, 1 in too\n"
                    "small pieces; compaction is tried above vm.extfrag_threshold.");
}

static json_object *zone_json(const Inspect *inspect, const BuddyZone *zone) {
        json_object *object = json_object_new_object(), *blocks = json_object_new_array();
        json_object *unusable = json_object_new_array(), *fragmentation = json_object_new_array();

        for (unsigned order = 0; order < zone->n_orders; order++) {
                json_object_array_add(blocks, json_object_new_int64(zone->blocks[order]));
                json_object_array_add(unusable, json_object_new_int64(buddy_unusable(zone, order)));
                json_object_array_add(fragmentation,
                                      json_object_new_int64(buddy_fragmentation(zone, order)));
        }
        json_add_number(object, "node", zone->node);
        json_add(object, "zone", json_text_of_bytes(zone->name));
        json_add_known(object, "free-bytes", inspect_pages(inspect, buddy_free_pages(zone)));
        json_add(object, "free-blocks", blocks);
        json_add(object, "unusable-permille", unusable);
        json_add(object, "fragmentation-permille", fragmentation);
        return object;
}

json_object *inspect_json_buddy(const Inspect *inspect) {
        json_object *array = json_object_new_array();

        for (size_t i = 0; i < inspect->now->buddy.n; i++)
                json_object_array_add(array, zone_json(inspect, &inspect->now->buddy.items[i]));
        return array;
}
