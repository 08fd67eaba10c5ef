/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/judge/window.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SEC USEC_PER_SEC

static void test_one_reading_says_nothing(void **state) {
        Window window;

        window_init(&window, 2 * SEC);
        assert_true(window_stalled(&window) == 0);
        window_add(&window, 5 * SEC, 700);
        assert_true(window_stalled(&window) == 0);
}

static void test_the_window_slides(void **state) {
        Window window;

        window_init(&window, 2 * SEC);
        for (usec_t i = 0; i <= 10; i++)
                window_add(&window, i * SEC, i <= 5 ? 0 : (i - 5) * 100);
        assert_true(window_stalled(&window) == 200);
        window_add(&window, 11 * SEC, 500);
        assert_true(window_stalled(&window) == 100);
        window_add(&window, 12 * SEC, 500);
        assert_true(window_stalled(&window) == 0);
}

static void test_what_began_less_than_a_window_ago_counts_whole(void **state) {
        Window window;

        window_init(&window, 10 * SEC);
        window_add(&window, 100 * SEC, 1000);
        window_add(&window, 101 * SEC, 1300);
        assert_true(window_stalled(&window) == 300);
}

static void test_readings_further_apart_than_the_window_give_their_mean(void **state) {
        Window window;

        window_init(&window, 2 * SEC);
        window_add(&window, 10 * SEC, 0);
        window_add(&window, 20 * SEC, 5 * SEC);
        assert_true(window_stalled(&window) == SEC);
}

static void test_a_window_may_begin_between_two_readings(void **state) {
        Window window;

        window_init(&window, 1500 * USEC_PER_MSEC);
        window_add(&window, 10 * SEC, 0);
        window_add(&window, 11 * SEC, 1000);
        window_add(&window, 12 * SEC, 1000);
        assert_true(window_stalled(&window) == 500);
}

static void test_a_counter_that_fell_begins_anew(void **state) {
        Window window;

        window_init(&window, 10 * SEC);
        window_add(&window, 1 * SEC, 900000);
        window_add(&window, 2 * SEC, 5);
        assert_true(window_stalled(&window) == 0);
        window_add(&window, 3 * SEC, 25);
        assert_true(window_stalled(&window) == 20);
        window_clear(&window);
        assert_true(window_stalled(&window) == 0);
}

/* Readings each 10 ms fill no more than the points there are, and lose little. */
static void test_readings_may_come_as_often_as_they_like(void **state) {
        Window window;

        window_init(&window, 10 * SEC);
        for (usec_t i = 1; i <= 5000; i++) {
                window_add(&window, i * 10 * USEC_PER_MSEC, i * 1000); /* a tenth */
                assert_true(window.n <= WINDOW_POINTS);
        }
        assert_true(window_stalled(&window) == SEC);
}

static void test_large_totals_do_not_overflow(void **state) {
        Window window;

        window_init(&window, 2 * SEC);
        window_add(&window, SEC, 0);
        window_add(&window, SEC + (UINT64_MAX / 8), UINT64_MAX / 8);
        assert_true(window_stalled(&window) == 2 * SEC);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_one_reading_says_nothing),
                cmocka_unit_test(test_the_window_slides),
                cmocka_unit_test(test_what_began_less_than_a_window_ago_counts_whole),
                cmocka_unit_test(test_readings_further_apart_than_the_window_give_their_mean),
                cmocka_unit_test(test_a_window_may_begin_between_two_readings),
                cmocka_unit_test(test_a_counter_that_fell_begins_anew),
                cmocka_unit_test(test_readings_may_come_as_often_as_they_like),
                cmocka_unit_test(test_large_totals_do_not_overflow),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
