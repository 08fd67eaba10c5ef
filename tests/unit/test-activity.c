/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/activity.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/recorded.h"

static void count(const char *text, usec_t at_usec, ActivityCounts *ret) {
        _cleanup_(figures_done) Figures vmstat = {0};

        assert_int_equal(figures_parse(strdup(text), &vmstat), 0);
        activity_count(&vmstat, at_usec, ret);
}

static void test_a_recorded_machine_counts_since_boot(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};
        _cleanup_(figures_done) Figures vmstat = {0};
        ActivityCounts counts;

        recorded_init(&machine, "x86-16g-zram-6.12");
        assert_int_equal(figures_read(machine.root, "proc/vmstat", &vmstat), 0);
        activity_count(&vmstat, 0, &counts);
        assert_int_equal(counts.total[ACTIVITY_ALLOCSTALL], 1214);
        assert_int_equal(counts.total[ACTIVITY_DIRECT_SCAN], 36440);
        assert_int_equal(counts.total[ACTIVITY_THROTTLE], 5);
        assert_int_equal(counts.total[ACTIVITY_OOM_KILL], 1);
        assert_int_equal(counts.total[ACTIVITY_PROACTIVE_SCAN], FIGURE_NONE);
        assert_int_equal(activity_rate(NULL, &counts, ACTIVITY_ALLOCSTALL), FIGURE_NONE);
}

static void test_a_rate_is_the_difference_of_two_readings(void **state) {
        ActivityCounts before, now;

        count("pswpin 100\npswpout 7\npgmajfault 3\noom_kill 5", 1000, &before);
        count("pswpin 350\npswpout 7\noom_kill 4", 1000 + USEC_PER_SEC / 2, &now);
        assert_int_equal(activity_delta(&before, &now, ACTIVITY_SWAP_IN), 250);
        assert_int_equal(activity_rate(&before, &now, ACTIVITY_SWAP_IN), 500 * 1000);
        assert_int_equal(activity_rate(&before, &now, ACTIVITY_SWAP_OUT), 0);
        assert_int_equal(activity_delta(&before, &now, ACTIVITY_MAJOR_FAULT), FIGURE_NONE);
        assert_int_equal(activity_delta(&before, &now, ACTIVITY_OOM_KILL), FIGURE_NONE);
        now.at_usec = before.at_usec;
        assert_int_equal(activity_rate(&before, &now, ACTIVITY_SWAP_IN), FIGURE_NONE);
}

static void test_one_counter_of_refaults_is_the_page_caches(void **state) {
        ActivityCounts counts;

        count("workingset_refault 12\nworkingset_refault_x 1", 0, &counts);
        assert_int_equal(counts.total[ACTIVITY_REFAULT_FILE], 12);
        assert_int_equal(counts.total[ACTIVITY_REFAULT_ANON], FIGURE_NONE);
}

static void test_every_activity_has_a_name(void **state) {
        for (int i = 0; i < _ACTIVITY_MAX; i++)
                assert_non_null(activity_to_string(i));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_recorded_machine_counts_since_boot),
                cmocka_unit_test(test_a_rate_is_the_difference_of_two_readings),
                cmocka_unit_test(test_one_counter_of_refaults_is_the_page_caches),
                cmocka_unit_test(test_every_activity_has_a_name),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
