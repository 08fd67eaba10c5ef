/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/thp.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/recorded.h"

#define SIZE "sys/kernel/mm/transparent_hugepage/hugepages-64kB/"

static void read_one(const Recorded *machine, Thp *ret) {
        _cleanup_(figures_done) Figures meminfo = {0};

        assert_int_equal(figures_read(machine->root, "proc/meminfo", &meminfo), 0);
        assert_int_equal(thp_read(machine->root, &meminfo, ret), 0);
}

static void test_the_choice_in_force_is_in_brackets(void **state) {
        char choice[16];

        thp_choice_parse("always [madvise] never\n", choice);
        assert_string_equal(choice, "madvise");
        thp_choice_parse("[always] madvise never", choice);
        assert_string_equal(choice, "always");
        thp_choice_parse("always madvise", choice);
        assert_string_equal(choice, "");
        thp_choice_parse("[a word that is far too long]", choice);
        assert_string_equal(choice, "");
        thp_choice_parse("[123456789012345]", choice);
        assert_string_equal(choice, "123456789012345");
}

static void test_coverage_and_sizes_are_read(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};
        _cleanup_(thp_done) Thp thp = {0};

        recorded_init(&machine, "x86-24g-6.18");
        recorded_put(&machine, SIZE "stats/anon_fault_alloc", "77\n");
        recorded_put(&machine, SIZE "stats/anon_fault_fallback", "5\n");
        read_one(&machine, &thp);
        assert_true(thp.present);
        assert_string_equal(thp.enabled, "madvise");
        assert_int_equal(thp.anon, 32724ll << 10);
        assert_int_equal(thp.anon_huge, 0);
        assert_int_equal(thp.n_sizes, 9);
        assert_int_equal(thp.sizes[0].size_kib, 8);
        assert_string_equal(thp.sizes[0].enabled, "");
        assert_int_equal(thp.sizes[3].size_kib, 64);
        assert_int_equal(thp.sizes[3].fault_alloc, 77);
        assert_int_equal(thp.sizes[3].fault_fallback, 5);
        assert_int_equal(thp.sizes[3].swpout, FIGURE_NONE);
        assert_int_equal(thp.sizes[8].size_kib, 2048);
}

static void test_a_kernel_without_it_has_none(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};
        _cleanup_(thp_done) Thp thp = {0};

        recorded_init(&machine, "no-psi-no-thp-6.1");
        read_one(&machine, &thp);
        assert_false(thp.present);
        assert_int_equal(thp.n_sizes, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_choice_in_force_is_in_brackets),
                cmocka_unit_test(test_coverage_and_sizes_are_read),
                cmocka_unit_test(test_a_kernel_without_it_has_none),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
