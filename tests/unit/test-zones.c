/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/zones.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/recorded.h"

static void test_a_recorded_machine_has_its_zones(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};
        _cleanup_(zones_done) Zones zones = {0};

        recorded_init(&machine, "x86-24g-6.18");
        assert_int_equal(zones_read(machine.root, &zones), 0);
        assert_int_equal(zones.n, 5);
        const Zone *zone = &zones.items[2];
        assert_string_equal(zone->name, "Normal");
        assert_int_equal(zone->free, 181821);
        assert_int_equal(zone->boost, 0);
        assert_int_equal(zone->min, 4649);
        assert_int_equal(zone->low, 5811);
        assert_int_equal(zone->high, 6973);
        assert_int_equal(zone->promo, 8135);
        assert_int_equal(zone->present, 5505024);
        assert_int_equal(zone->managed, 294912);
        assert_int_equal(zone->n_protection, 5);
        assert_int_equal(zones.items[0].protection[1], 3019);
        assert_int_equal(figures_get(&zone->counters, "nr_free_pages_blocks"), 156672);
        assert_true(zone_is_populated(zone) && !zone_is_populated(&zones.items[3]));
        assert_int_equal(zone_level(zone), ZONE_ABOVE_HIGH);
}

static void test_an_old_kernel_has_no_boost(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};
        _cleanup_(zones_done) Zones zones = {0};

        recorded_init(&machine, "x86-2g-5.10");
        assert_int_equal(zones_read(machine.root, &zones), 0);
        assert_int_equal(zones.items[1].boost, FIGURE_NONE);
        assert_int_equal(zones.items[1].promo, FIGURE_NONE);
        assert_true(zones.items[1].min > 0);
}

static void test_nodes_and_lists_of_cpus_are_kept_apart(void **state) {
        _cleanup_(zones_done) Zones zones = {0};
        char *text = strdup("Node 0, zone      DMA\n"
                            "  per-node stats\n"
                            "      nr_dirty 17\n"
                            "  pages free     10\n"
                            "        min      20\n"
                            "        low      30\n"
                            "        high     40\n"
                            "        present  50\n"
                            "        managed  45\n"
                            "        protection: (0, 5)\n"
                            "      nr_free_pages 10\n"
                            "  pagesets\n"
                            "    cpu: 0\n"
                            "              count:    3\n"
                            "              high:     7\n"
                            "    cpu: 1\n"
                            "              count: 4\n"
                            "Node 12, zone   Normal\n"
                            "  pages free     35\n"
                            "        min      20\n"
                            "        low      30\n"
                            "        high     40");

        assert_int_equal(zones_parse(text, &zones), 0);
        assert_int_equal(zones.n, 2);
        assert_int_equal(zones.items[0].pcp, 7);
        assert_int_equal(zones.items[0].high, 40);
        assert_int_equal(figures_get(&zones.items[0].counters, "nr_dirty"), FIGURE_NONE);
        assert_int_equal(figures_get(&zones.items[0].counters, "nr_free_pages"), 10);
        assert_int_equal(zone_level(&zones.items[0]), ZONE_BELOW_MIN);
        assert_int_equal(zones.items[1].node, 12);
        assert_int_equal(zone_level(&zones.items[1]), ZONE_BELOW_HIGH);
        zones.items[1].free = 29;
        assert_int_equal(zone_level(&zones.items[1]), ZONE_BELOW_LOW);
        /* 40 + 5 is all of the zone. */
        assert_int_equal(zone_reserve(&zones.items[0]), 45);
        zones.items[0].managed = 44;
        assert_int_equal(zone_reserve(&zones.items[0]), 44);
}

static void test_the_reserve_is_what_the_kernel_keeps(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};
        _cleanup_(zones_done) Zones zones = {0};

        recorded_init(&machine, "x86-24g-6.18");
        assert_int_equal(zones_read(machine.root, &zones), 0);
        /* MIN(90 + 4171, 3840) + 18277 + 1152 + 6973; Movable and Device have no memory. */
        assert_int_equal(zones_total_reserve(&zones), 3840 + 18277 + 1152 + 6973);
}

static void test_what_is_no_zoneinfo_is_refused(void **state) {
        Zones zones = {0};

        assert_int_equal(zones_parse(strdup(""), &zones), -EBADMSG);
        assert_int_equal(zones_parse(strdup("pages free 7\nNode x, zone y\n"), &zones), -EBADMSG);
        assert_null(zones.items);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_recorded_machine_has_its_zones),
                cmocka_unit_test(test_an_old_kernel_has_no_boost),
                cmocka_unit_test(test_nodes_and_lists_of_cpus_are_kept_apart),
                cmocka_unit_test(test_the_reserve_is_what_the_kernel_keeps),
                cmocka_unit_test(test_what_is_no_zoneinfo_is_refused),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
