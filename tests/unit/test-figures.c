/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/figures.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/recorded.h"

static void parse(const char *text, Figures *ret) {
        char *copy = strdup(text);

        assert_non_null(copy);
        assert_int_equal(figures_parse(copy, ret), 0);
}

static void test_meminfo_is_looked_up_by_name_in_bytes(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};
        _cleanup_(figures_done) Figures meminfo = {0};

        recorded_init(&machine, "x86-24g-6.18");
        assert_int_equal(figures_read(machine.root, "proc/meminfo", &meminfo), 0);
        assert_int_equal(figures_get(&meminfo, "MemTotal"), 24684096ll << 10);
        assert_int_equal(figures_get(&meminfo, "Active(file)"), 203212ll << 10);
        assert_int_equal(figures_get(&meminfo, "HugePages_Total"), 0);
        assert_int_equal(figures_get(&meminfo, "DirectMap1G"), 25165824ll << 10);
        assert_int_equal(figures_get(&meminfo, "Memtotal"), FIGURE_NONE);
        assert_int_equal(meminfo.n, 54);
}

static void test_what_is_missing_is_unknown(void **state) {
        _cleanup_(figures_done) Figures counters = {0};

        parse("a 0\n", &counters);
        assert_int_equal(figures_get(&counters, "a"), 0);
        assert_int_equal(figures_get(&counters, "b"), FIGURE_NONE);
        assert_int_equal(figures_get_or_0(&counters, "b"), 0);
        assert_int_equal(figures_sum(&counters, "b*"), FIGURE_NONE);
}

static void test_a_sum_takes_what_begins_with_the_name(void **state) {
        _cleanup_(figures_done) Figures counters = {0};

        parse("allocstall_dma 1\nallocstall_normal 20\npgscan_direct 3\n"
              "pgscan_direct_throttle 400",
              &counters);
        assert_int_equal(figures_sum(&counters, "allocstall*"), 21);
        assert_int_equal(figures_sum(&counters, "pgscan_direct"), 3);
}

static void test_other_lines_are_passed_over(void **state) {
        _cleanup_(figures_done) Figures counters = {0};

        parse("\n\nwords only\nname\nlast: 7 MB\n: 5\nok: 1 kB\n 12\n  b 2", &counters);
        assert_int_equal(counters.n, 2);
        assert_int_equal(figures_get(&counters, "ok"), 1024);
        assert_int_equal(figures_get(&counters, "b"), 2);
}

static void test_what_no_kernel_counts_is_bounded(void **state) {
        _cleanup_(figures_done) Figures counters = {0};

        parse("a 99999999999999999999999\nab 99999999999999999999999\nc: 99999999999999999999 kB",
              &counters);
        assert_int_equal(figures_get(&counters, "a"), FIGURE_MAX);
        assert_int_equal(figures_sum(&counters, "a*"), FIGURE_MAX);
        assert_int_equal(figures_get(&counters, "c"), FIGURE_MAX);
}

static void test_a_file_of_one_number_is_read(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};

        recorded_init(&machine, "x86-24g-6.18");
        assert_int_equal(figure_read(machine.root, "proc/sys/vm/min_free_kbytes"), 67584);
        assert_int_equal(figure_read(machine.root, "proc/sys/vm/nothing"), FIGURE_NONE);
        recorded_put(&machine, "proc/word", "max\n");
        assert_int_equal(figure_read(machine.root, "proc/word"), FIGURE_NONE);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_meminfo_is_looked_up_by_name_in_bytes),
                cmocka_unit_test(test_what_is_missing_is_unknown),
                cmocka_unit_test(test_a_sum_takes_what_begins_with_the_name),
                cmocka_unit_test(test_other_lines_are_passed_over),
                cmocka_unit_test(test_what_no_kernel_counts_is_bounded),
                cmocka_unit_test(test_a_file_of_one_number_is_read),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
