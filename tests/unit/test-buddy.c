/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/buddy.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/recorded.h"

static void test_the_indices_are_the_kernels(void **state) {
        static const int64_t suitable[] = {
                161130, 80410, 40061, 19930, 9885, 4893, 2416, 1188, 583, 285, 138};
        static const int64_t unusable[] = {0, 1, 5, 10, 18, 28, 40, 56, 73, 94, 122};
        _cleanup_(recorded_done) Recorded machine = {0};
        _cleanup_(buddy_done) Buddy buddy = {0};

        recorded_init(&machine, "x86-2g-6.1");
        assert_int_equal(buddy_read(machine.root, &buddy), 0);
        assert_int_equal(buddy.n, 3);
        const BuddyZone *zone = buddy_find(&buddy, 0, "Normal");
        assert_non_null(zone);
        assert_int_equal(zone->n_orders, 11);
        assert_int_equal(buddy_free_pages(zone), 161130);
        for (unsigned order = 0; order < zone->n_orders; order++) {
                assert_int_equal(buddy_suitable(zone, order), suitable[order]);
                assert_int_equal(buddy_unusable(zone, order), unusable[order]);
                assert_int_equal(buddy_fragmentation(zone, order), -1000);
        }
}

static void test_fragmented_memory_is_told_from_little_memory(void **state) {
        static const int64_t unusable[] = {0, 334, 734, 948, 996, 1000};
        _cleanup_(buddy_done) Buddy buddy = {0};

        assert_int_equal(buddy_parse("Node 1, zone   Normal   5000   3000    800     90      3 "
                                     "     0      0      0      0      0      0 \n"
                                     "Node 1, zone  Movable 1 0 0\n"
                                     "Node 2, zone   Device 0 0 0\n",
                                     &buddy),
                         0);
        const BuddyZone *zone = buddy_find(&buddy, 1, "Normal");
        assert_non_null(zone);
        for (unsigned order = 0; order < ELEMENTSOF(unusable); order++)
                assert_int_equal(buddy_unusable(zone, order), unusable[order]);
        assert_int_equal(buddy_fragmentation(zone, 4), -1000);
        assert_int_equal(buddy_fragmentation(zone, 5), 948);
        assert_int_equal(buddy_fragmentation(zone, 9), 997);
        /* One page: 1000 - (1000 + 500) / 1. */
        assert_int_equal(buddy_fragmentation(buddy_find(&buddy, 1, "Movable"), 1), -500);
        assert_int_equal(buddy_fragmentation(buddy_find(&buddy, 2, "Device"), 1), 0);
        assert_int_equal(buddy_unusable(buddy_find(&buddy, 2, "Device"), 1), 1000);
        assert_null(buddy_find(&buddy, 0, "Normal"));
}

static void test_large_orders_and_large_numbers_are_bounded(void **state) {
        _cleanup_(buddy_done) Buddy buddy = {0};

        assert_int_equal(buddy_parse("Node 0, zone Normal 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 "
                                     "99999999999999999999 1 1 1 1\n",
                                     &buddy),
                         0);
        assert_int_equal(buddy.items[0].n_orders, BUDDY_ORDERS_MAX);
        assert_true(buddy_free_pages(&buddy.items[0]) > 0);
        assert_true(buddy_unusable(&buddy.items[0], 19) >= 0);
}

static void test_what_is_no_buddyinfo_is_refused(void **state) {
        Buddy buddy = {0};

        assert_int_equal(buddy_parse("", &buddy), -EBADMSG);
        assert_int_equal(buddy_parse("Node 0, zone Normal\nzone 1 2\n", &buddy), -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_indices_are_the_kernels),
                cmocka_unit_test(test_fragmented_memory_is_told_from_little_memory),
                cmocka_unit_test(test_large_orders_and_large_numbers_are_bounded),
                cmocka_unit_test(test_what_is_no_buddyinfo_is_refused),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
