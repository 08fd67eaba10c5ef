/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/writeback.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/recorded.h"

static void compute(Root *root, Writeback *ret) {
        _cleanup_(figures_done) Figures vmstat = {0};
        _cleanup_(figures_done) Figures meminfo = {0};
        _cleanup_(zones_done) Zones zones = {0};
        DirtyKnobs knobs;

        assert_int_equal(figures_read(root, "proc/vmstat", &vmstat), 0);
        assert_int_equal(figures_read(root, "proc/meminfo", &meminfo), 0);
        assert_int_equal(zones_read(root, &zones), 0);
        assert_true(dirty_knobs_read(root, &knobs));
        writeback_compute(&vmstat, &meminfo, &zones, &knobs, 4096, ret);
}

static void test_the_limits_are_what_a_running_kernel_had(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};
        Writeback writeback;

        recorded_init(&machine, "x86-24g-6.18");
        compute(machine.root, &writeback);
        /* 6057920 free less 30242 kept, 20702 and 50803 of the page cache, and 1. */
        assert_int_equal(writeback.dirtyable, 6099184);
        /* 819/4096 and 409/4096 of it: how the kernel holds 20 and 10 %. */
        assert_int_equal(writeback.limit, 1219538);
        assert_int_equal(writeback.limit, writeback.kernel_limit);
        assert_int_equal(writeback.background, writeback.kernel_background);
        assert_int_equal(writeback_state(&writeback), WRITEBACK_IDLE);
}

static void test_bytes_take_the_place_of_ratios(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};
        Writeback writeback;

        recorded_init(&machine, "x86-24g-6.18");
        recorded_put(&machine, "proc/sys/vm/dirty_bytes", "409601\n");
        recorded_put(&machine, "proc/sys/vm/dirty_background_bytes", "819200\n");
        compute(machine.root, &writeback);
        assert_int_equal(writeback.limit, 101);
        assert_int_equal(writeback.background, 50); /* 200 is above the limit: half of it */
        recorded_put(&machine, "proc/sys/vm/dirty_background_bytes", "8192\n");
        compute(machine.root, &writeback);
        assert_int_equal(writeback.background, 2);
}

static void test_what_a_kernel_does_not_say_is_not_worked_out(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};
        Writeback writeback;

        recorded_init(&machine, "x86-2g-6.1"); /* without Inactive(file) */
        compute(machine.root, &writeback);
        assert_int_equal(writeback.limit, FIGURE_NONE);
        assert_int_equal(writeback_limit(&writeback), 76120);
        assert_int_equal(writeback_background(&writeback), 38060);
        assert_int_equal(writeback_throttle(&writeback), 57090);
}

static void test_the_state_follows_what_is_dirty(void **state) {
        Writeback writeback = {.dirty = 100,
                               .writeback = 0,
                               .limit = 200,
                               .background = 100,
                               .kernel_limit = FIGURE_NONE,
                               .kernel_background = FIGURE_NONE};

        assert_int_equal(writeback_state(&writeback), WRITEBACK_IDLE);
        writeback.dirty = 101;
        assert_int_equal(writeback_state(&writeback), WRITEBACK_BACKGROUND);
        writeback.writeback = 49;
        assert_int_equal(writeback_state(&writeback), WRITEBACK_BACKGROUND);
        writeback.writeback = 50;
        assert_int_equal(writeback_state(&writeback), WRITEBACK_THROTTLING);
        writeback.writeback = 99;
        assert_int_equal(writeback_state(&writeback), WRITEBACK_LIMIT);
        writeback.limit = FIGURE_NONE;
        assert_int_equal(writeback_state(&writeback), WRITEBACK_IDLE);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_limits_are_what_a_running_kernel_had),
                cmocka_unit_test(test_bytes_take_the_place_of_ratios),
                cmocka_unit_test(test_what_a_kernel_does_not_say_is_not_worked_out),
                cmocka_unit_test(test_the_state_follows_what_is_dirty),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
