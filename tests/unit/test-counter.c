/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/counter.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/tree.h"

static void read_tree(const char *tree, const char *cgroup, uint64_t ret[static _COUNTER_MAX]) {
        _cleanup_(root_closep) Root *root = NULL;

        assert_int_equal(root_open(tree, &root), 0);
        counters_read(root, cgroup, ret);
}

static void test_the_systems_counters_are_summed(void **state) {
        _cleanup_(tree_removep) char *tree = NULL;
        uint64_t counters[_COUNTER_MAX];

        assert_int_equal(tree_copy("x86-2g-6.1", &tree), 0);
        assert_int_equal(tree_write(tree,
                                    "proc/vmstat",
                                    "nr_dirty 7\n"
                                    "nr_dirty_threshold 100\n"
                                    "nr_dirty_background_threshold 50\n"
                                    "pgalloc_dma32 1\n"
                                    "pgalloc_normal 20\n"
                                    "balloon_inflate 300\n"
                                    "balloon_deflate 4000\n"
                                    "balloon_migrate 50000\n"
                                    "pgfault x\n"
                                    "drop_slab 3\n"),
                         0);
        assert_int_equal(
                tree_write(tree, "proc/stat", "cpu  10 1 5 1000 77 2 3 4 6 0\ncpu0 1 1 1\n"), 0);
        read_tree(tree, NULL, counters);
        assert_true(counters[COUNTER_NR_DIRTY] == 7 && counters[COUNTER_NR_DIRTY_THRESHOLD] == 100);
        assert_true(counters[COUNTER_PGALLOC] == 21);
        assert_true(counters[COUNTER_BALLOON] == 4300);
        assert_true(counters[COUNTER_DROP_SLAB] == 3);
        /* user, nice, system, irq, softirq and steal: 25 ticks of 10 ms */
        assert_true(counters[COUNTER_CPU_USEC] == 250000);
        assert_true(counters[COUNTER_PGFAULT] == COUNTER_UNKNOWN); /* no number */
        assert_true(counters[COUNTER_OOM_KILL] == COUNTER_UNKNOWN);
}

static void test_a_cgroup_counts_its_own(void **state) {
        static const char dir[] = "sys/fs/cgroup/a.slice";
        _cleanup_(tree_removep) char *tree = NULL;
        uint64_t counters[_COUNTER_MAX];

        assert_int_equal(tree_copy("x86-2g-6.1", &tree), 0);
        assert_int_equal(tree_write(tree,
                                    "sys/fs/cgroup/a.slice/memory.stat",
                                    "anon 5\npgfault 12\nworkingset_refault_anon 3\n"
                                    "workingset_refault_file 4\npgscan_direct 9\n"),
                         0);
        assert_int_equal(tree_write(tree,
                                    "sys/fs/cgroup/a.slice/memory.events",
                                    "max 9\noom 3\noom_kill 2\noom_group_kill 1\n"),
                         0);
        assert_int_equal(
                tree_write(tree, "sys/fs/cgroup/a.slice/cpu.stat", "usage_usec 99\nuser_usec 1\n"),
                0);
        read_tree(tree, dir, counters);
        assert_true(counters[COUNTER_PGFAULT] == 12 && counters[COUNTER_PGSCAN_DIRECT] == 9);
        assert_true(counters[COUNTER_WORKINGSET_REFAULT] == 7);
        assert_true(counters[COUNTER_OOM_KILL] == 2 && counters[COUNTER_CPU_USEC] == 99);
        assert_true(counters[COUNTER_ALLOCSTALL] == COUNTER_UNKNOWN);
        read_tree(tree, "sys/fs/cgroup/gone.slice", counters);
        for (size_t i = 0; i < _COUNTER_MAX; i++)
                assert_true(counters[i] == COUNTER_UNKNOWN);
}

static void test_rates(void **state) {
        assert_float_equal(counter_rate(COUNTER_PGFAULT, 10, 30, 2 * USEC_PER_SEC), 10, 1e-9);
        assert_true(counter_rate(COUNTER_PGFAULT, 30, 10, USEC_PER_SEC) < 0);
        assert_true(counter_rate(COUNTER_PGFAULT, 10, 30, 0) < 0);
        assert_true(counter_rate(COUNTER_PGFAULT, COUNTER_UNKNOWN, 30, USEC_PER_SEC) < 0);
        assert_float_equal(counter_rate(COUNTER_NR_DIRTY, 30, 10, USEC_PER_SEC), 20, 1e-9);
}

static void test_names_go_both_ways(void **state) {
        for (int counter = 0; counter < _COUNTER_MAX; counter++)
                assert_int_equal(counter_from_string(counter_to_string(counter)), counter);
        assert_int_equal(counter_from_string("pgfaults"), _COUNTER_INVALID);
        assert_null(counter_to_string(_COUNTER_MAX));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_systems_counters_are_summed),
                cmocka_unit_test(test_a_cgroup_counts_its_own),
                cmocka_unit_test(test_rates),
                cmocka_unit_test(test_names_go_both_ways),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
