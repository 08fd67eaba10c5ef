/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/inspect-print.h"

#define BAR_WIDTH ((size_t) 30)

/* ZONE, FREE and the bar; what makes the columns wide enough is known before the first row. */
void inspect_print_watermarks(const Inspect *inspect) {
        const Zones *zones = &inspect->now->zones;
        char name[32];
        unsigned order = 0;

        while ((uint64_t) 1 << (order + 1) <= inspect->machine->facts.context.pmd_pages)
                order++;
        print_styled(STYLE_DIM,
                     "%-*s%9s  %-*s  %s\n",
                     INSPECT_LABEL_WIDTH,
                     "Zone",
                     "free",
                     (int) BAR_WIDTH,
                     "min, low, high",
                     order > 0 ? "huge blocks, unusable" : "");
        for (size_t i = 0; i < zones->n; i++) {
                const Zone *zone = &zones->items[i];
                const BuddyZone *buddy = buddy_find(&inspect->now->buddy, zone->node, zone->name);
                if (zone->managed <= 0)
                        continue;
                inspect_zone_name(inspect, zone->node, zone->name, name);
                (void) printf("%-*s%9s  ",
                              INSPECT_LABEL_WIDTH,
                              name,
                              size_text(inspect_pages(inspect, zone->free)).text);
                inspect_bar(zone, BAR_WIDTH);
                if (buddy && order > 0)
                        (void) printf("  %11s, %s",
                                      count_text(buddy_suitable(buddy, order)).text,
                                      share_text((int) buddy_unusable(buddy, order) * 10).text);
                (void) putchar('\n');
        }
}

static const char *level_words(ZoneLevel level) {
        switch (level) {
        case ZONE_BELOW_MIN:
                return "below min: who allocates reclaims";
        case ZONE_BELOW_LOW:
                return "below low: kswapd is woken";
        case ZONE_BELOW_HIGH:
                return "below high: kswapd goes on, if it runs";
        case ZONE_ABOVE_HIGH:
                return "above high";
        case _ZONE_LEVEL_MAX:
                break;
        }
        return "";
}

static void print_zone(const Inspect *inspect, const Zone *zone) {
        char name[32];

        inspect_zone_name(inspect, zone->node, zone->name, name);
        print_styled(STYLE_BOLD, "%-*s", INSPECT_LABEL_WIDTH, name);
        inspect_bar(zone, 68);
        (void) printf("\n%*s%s free, ",
                      INSPECT_LABEL_WIDTH,
                      "",
                      size_text(inspect_pages(inspect, zone->free)).text);
        print_styled(zone_level_style(zone_level(zone)), "%s\n", level_words(zone_level(zone)));
        (void) printf("%*smin %s, low %s, high %s",
                      INSPECT_LABEL_WIDTH,
                      "",
                      size_text(inspect_pages(inspect, zone->min)).text,
                      size_text(inspect_pages(inspect, zone->low)).text,
                      size_text(inspect_pages(inspect, zone->high)).text);
        if (zone->boost > 0)
                (void) printf(", of which %s are a boost after fragmentation",
                              size_text(inspect_pages(inspect, zone->boost)).text);
        (void) printf("\n%*smanaged %s of %s present, %s in lists of CPUs\n",
                      INSPECT_LABEL_WIDTH,
                      "",
                      size_text(inspect_pages(inspect, zone->managed)).text,
                      size_text(inspect_pages(inspect, zone->present)).text,
                      size_text(inspect_pages(inspect, zone->pcp)).text);
}

/* "kept from allocations that could use Normal 3.8 GiB": the largest; most are alike. */
static void print_protection(const Inspect *inspect, const Zone *zone) {
        int64_t most = 0;

        for (size_t i = 0; i < zone->n_protection; i++)
                most = MAX_OF(most, zone->protection[i]);
        if (most > 0)
                (void) printf("%*s%s of it kept from allocations that could use a higher zone\n",
                              INSPECT_LABEL_WIDTH,
                              "",
                              size_text(inspect_pages(inspect, MIN_OF(most, zone->managed))).text);
}

/* Two in a line. */
static void print_counters(const Zone *zone) {
        for (size_t i = 0; i < zone->counters.n; i++) {
                const Figure *counter = &zone->counters.items[i];
                (void) printf("%*s%-22s%11s%s",
                              i % 2 == 0 ? INSPECT_LABEL_WIDTH : 2,
                              "",
                              counter->name,
                              count_text(counter->value).text,
                              i % 2 == 1 || i + 1 == zone->counters.n ? "\n" : "");
        }
}

void inspect_print_zones(const Inspect *inspect) {
        const Zones *zones = &inspect->now->zones;
        bool any = false;

        for (size_t i = 0; i < zones->n; i++) {
                if (zones->items[i].managed <= 0)
                        continue;
                if (any)
                        (void) putchar('\n');
                any = true;
                print_zone(inspect, &zones->items[i]);
                print_protection(inspect, &zones->items[i]);
                if (arg_all)
                        print_counters(&zones->items[i]);
        }
        (void) printf("\n%s are kept free in all (vm.min_free_kbytes)\n",
                      size_text(inspect->now->min_free).text);
}

static void add_pages(const Inspect *inspect, json_object *object, const char *key, int64_t pages) {
        json_add_known(object, key, inspect_pages(inspect, pages));
}

static json_object *zone_json(const Inspect *inspect, const Zone *zone) {
        json_object *object = json_object_new_object();
        json_object *protection = json_object_new_array(), *counters = json_object_new_object();

        json_add_number(object, "node", zone->node);
        json_add(object, "zone", json_text_of_bytes(zone->name));
        json_add_text(
                object, "level", zone->managed > 0 ? zone_level_to_string(zone_level(zone)) : NULL);
        add_pages(inspect, object, "free-bytes", zone->free);
        add_pages(inspect, object, "boost-bytes", zone->boost);
        add_pages(inspect, object, "min-bytes", zone->min);
        add_pages(inspect, object, "low-bytes", zone->low);
        add_pages(inspect, object, "high-bytes", zone->high);
        add_pages(inspect, object, "promo-bytes", zone->promo);
        add_pages(inspect, object, "present-bytes", zone->present);
        add_pages(inspect, object, "managed-bytes", zone->managed);
        add_pages(inspect, object, "cma-bytes", zone->cma);
        add_pages(inspect, object, "cpu-lists-bytes", zone->pcp);
        add_pages(inspect, object, "reserve-bytes", zone_reserve(zone));
        for (size_t i = 0; i < zone->n_protection; i++)
                json_object_array_add(
                        protection,
                        json_object_new_int64(inspect_pages(inspect, zone->protection[i])));
        json_add(object, "protection-bytes", protection);
        for (size_t i = 0; i < zone->counters.n; i++)
                json_add_known(
                        counters, zone->counters.items[i].name, zone->counters.items[i].value);
        json_add(object, "counters", counters);
        return object;
}

json_object *inspect_json_zones(const Inspect *inspect) {
        json_object *array = json_object_new_array();

        for (size_t i = 0; i < inspect->now->zones.n; i++)
                json_object_array_add(array, zone_json(inspect, &inspect->now->zones.items[i]));
        return array;
}
