/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/overcommit.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/recorded.h"

static void read_one(const Recorded *machine, uint64_t page_bytes, Overcommit *ret) {
        _cleanup_(figures_done) Figures meminfo = {0};

        assert_int_equal(figures_read(machine->root, "proc/meminfo", &meminfo), 0);
        assert_int_equal(overcommit_read(machine->root, &meminfo, page_bytes, ret), 0);
}

static void test_the_limit_is_what_a_running_kernel_had(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};
        Overcommit overcommit;

        recorded_init(&machine, "x86-24g-6.18");
        read_one(&machine, 4096, &overcommit);
        assert_int_equal(overcommit.mode, OVERCOMMIT_GUESS);
        assert_int_equal(overcommit.limit, 12342048ll << 10);
        assert_int_equal(overcommit.limit, overcommit.kernel_limit);
        assert_int_equal(overcommit.committed, 89364ll << 10);
}

static void test_kbytes_take_the_place_of_the_ratio_and_swap_is_added(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};
        Overcommit overcommit;

        recorded_init(&machine, "x86-16g-zram-6.12");
        recorded_put(&machine, "proc/sys/vm/overcommit_kbytes", "1025\n");
        recorded_put(&machine, "proc/sys/vm/overcommit_memory", "2\n");
        read_one(&machine, 4096, &overcommit);
        assert_int_equal(overcommit.mode, OVERCOMMIT_NEVER);
        assert_int_equal(overcommit.limit, (1024ll + 8388604) << 10); /* whole pages */
}

static void test_reserved_huge_pages_are_taken_off(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};
        Overcommit overcommit;

        recorded_init(&machine, NULL);
        recorded_put(&machine, "proc/sys/vm/overcommit_memory", "1");
        recorded_put(&machine, "proc/sys/vm/overcommit_ratio", "50");
        recorded_put(&machine, "proc/sys/vm/overcommit_kbytes", "0");
        recorded_put(&machine,
                     "proc/meminfo",
                     "MemTotal: 8192 kB\nHugePages_Total: 2\nHugepagesize: 2048 kB\n");
        read_one(&machine, 4096, &overcommit);
        assert_int_equal(overcommit.limit, 2048 << 10);
        assert_int_equal(overcommit.kernel_limit, FIGURE_NONE);
        recorded_put(
                &machine,
                "proc/meminfo",
                "MemTotal: 8192 kB\nHugePages_Total: 2\nHugepagesize: 2048 kB\nHugetlb: 6144 kB\n");
        read_one(&machine, 4096, &overcommit);
        assert_int_equal(overcommit.limit, 1024 << 10);
}

static void test_an_unknown_mode_is_refused(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};
        _cleanup_(figures_done) Figures meminfo = {0};
        Overcommit overcommit;

        recorded_init(&machine, "x86-24g-6.18");
        recorded_put(&machine, "proc/sys/vm/overcommit_memory", "3\n");
        assert_int_equal(figures_read(machine.root, "proc/meminfo", &meminfo), 0);
        assert_int_equal(overcommit_read(machine.root, &meminfo, 4096, &overcommit), -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_limit_is_what_a_running_kernel_had),
                cmocka_unit_test(test_kbytes_take_the_place_of_the_ratio_and_swap_is_added),
                cmocka_unit_test(test_reserved_huge_pages_are_taken_off),
                cmocka_unit_test(test_an_unknown_mode_is_refused),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
