/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/hugepool.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/recorded.h"

#define POOL "sys/kernel/mm/hugepages/hugepages-2048kB/"

static void test_every_size_has_its_pool_smallest_first(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};
        _cleanup_(hugepools_done) HugePools pools = {0};

        recorded_init(&machine, "x86-24g-6.18");
        recorded_put(&machine, POOL "nr_hugepages", "100\n");
        recorded_put(&machine, POOL "free_hugepages", "60\n");
        recorded_put(&machine, POOL "resv_hugepages", "15\n");
        recorded_put(&machine, POOL "surplus_hugepages", "4\n");
        assert_int_equal(hugepools_read(machine.root, &pools), 0);
        assert_int_equal(pools.n, 2);
        assert_int_equal(pools.items[0].size_kib, 2048);
        assert_int_equal(pools.items[1].size_kib, 1048576);
        assert_int_equal(pools.items[0].surplus, 4);
        assert_int_equal(hugepool_bytes(&pools.items[0]), 200ll << 20);
        assert_int_equal(hugepool_unused(&pools.items[0]), 45);
        assert_int_equal(hugepool_bytes(&pools.items[1]), 0);
}

static void test_a_kernel_without_hugetlb_has_none(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};
        _cleanup_(hugepools_done) HugePools pools = {0};

        recorded_init(&machine, "no-psi-no-thp-6.1");
        assert_int_equal(hugepools_read(machine.root, &pools), 0);
        assert_int_equal(pools.n, 0);
}

static void test_absurd_numbers_are_bounded(void **state) {
        const HugePool pool = {.size_kib = (int64_t) 1 << 39, .total = 1 << 30};

        assert_int_equal(hugepool_bytes(&pool), FIGURE_MAX);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_size_has_its_pool_smallest_first),
                cmocka_unit_test(test_a_kernel_without_hugetlb_has_none),
                cmocka_unit_test(test_absurd_numbers_are_bounded),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
