/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/trigger.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/tree.h"

static void assert_windows(usec_t asked, usec_t first, usec_t second) {
        usec_t windows[TRIGGER_WINDOWS];

        trigger_windows(asked, windows);
        assert_int_equal(windows[0], first);
        assert_int_equal(windows[1], second);
        assert_int_equal(windows[2], 0);
}

static void test_the_window_asked_for_is_tried_first_then_a_multiple_of_2_s(void **state) {
        assert_windows(500 * USEC_PER_MSEC, 500 * USEC_PER_MSEC, 2 * USEC_PER_SEC);
        assert_windows(1 * USEC_PER_SEC, 1 * USEC_PER_SEC, 2 * USEC_PER_SEC);
        assert_windows(2 * USEC_PER_SEC + 1, 2 * USEC_PER_SEC + 1, 4 * USEC_PER_SEC);
        assert_windows(9 * USEC_PER_SEC, 9 * USEC_PER_SEC, 10 * USEC_PER_SEC);
}

static void test_a_multiple_of_2_s_is_tried_once(void **state) {
        assert_windows(2 * USEC_PER_SEC, 2 * USEC_PER_SEC, 0);
        assert_windows(10 * USEC_PER_SEC, 10 * USEC_PER_SEC, 0);
}

static void on_news(Trigger *trigger, TriggerNews news, void *userdata) {
        fail_msg("a trigger that does not exist told something");
}

static int arm(const char *machine, const char *cgroup) {
        static const WatchLimit limit = {METRIC_CPU_SOME, 100, 2 * USEC_PER_SEC};
        _cleanup_(tree_removep) char *tree = NULL;
        _cleanup_(root_closep) Root *root = NULL;
        _cleanup_(freep) char *before = NULL, *after = NULL;
        Trigger *trigger = NULL;
        sd_event *event = NULL;

        assert_int_equal(tree_copy(machine, &tree), 0);
        assert_int_equal(root_open(tree, &root), 0);
        assert_int_equal(sd_event_new(&event), 0);
        int r_before = root_read(root, "proc/pressure/cpu", &before);
        int r = trigger_new(root, cgroup, &limit, event, on_news, NULL, &trigger);
        assert_int_equal(root_read(root, "proc/pressure/cpu", &after), r_before);
        if (before)
                assert_string_equal(before, after);
        assert_null(trigger);
        (void) sd_event_unref(event);
        return r;
}

static void test_without_psi_there_is_no_trigger(void **state) {
        assert_int_equal(arm("no-psi-no-thp-6.1", NULL), -ENOENT);
}

static void test_without_its_cgroup_there_is_no_trigger(void **state) {
        assert_int_equal(arm("x86-2g-6.1", "sys/fs/cgroup/system.slice/none.service"), -ENOENT);
}

static void test_a_recorded_pressure_file_is_no_trigger_and_stays_as_it_is(void **state) {
        assert_int_equal(arm("x86-24g-6.18", NULL), -EOPNOTSUPP);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_window_asked_for_is_tried_first_then_a_multiple_of_2_s),
                cmocka_unit_test(test_a_multiple_of_2_s_is_tried_once),
                cmocka_unit_test(test_without_psi_there_is_no_trigger),
                cmocka_unit_test(test_without_its_cgroup_there_is_no_trigger),
                cmocka_unit_test(test_a_recorded_pressure_file_is_no_trigger_and_stays_as_it_is),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
