/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/fake-kernel.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/tree.h"

#define VM "proc/sys/vm/"
#define THP "sys/kernel/mm/transparent_hugepage/"

typedef struct Machine {
        char *tree;
        Root *root;
} Machine;

static Machine machine_open(const char *name) {
        Machine machine = {0};

        assert_int_equal(tree_copy(name, &machine.tree), 0);
        assert_int_equal(root_open(machine.tree, &machine.root), 0);
        root_set_write_hook(machine.root, fake_kernel_write);
        return machine;
}

static void machine_done(Machine *machine) {
        root_closep(&machine->root);
        tree_removep(&machine->tree);
}

/* One write on a descriptor of its own. */
static ssize_t put_bytes(const Machine *machine, const char *path, const char *data, size_t size) {
        _cleanup_(closep) int fd = root_open_file(machine->root, path, O_WRONLY);

        assert_true(fd >= 0);
        return root_write_hook(machine->root)(machine->root, path, fd, data, size);
}

static ssize_t put(const Machine *machine, const char *path, const char *text) {
        return put_bytes(machine, path, text, strlen(text));
}

#define assert_holds(machine, path, text) assert_true(tree_holds((machine)->tree, path, text))

static void test_numbers_of_sysctl_are_parsed_in_base_0(void **state) {
        static const struct {
                const char *text;
                ssize_t taken;
                const char *held; /* NULL: still 60 */
        } cases[] = {
                {"10\n", 3, "10"},
                {"5", 1, "5"},
                {" 5 ", 3, "5"},
                {"5\n\n", 3, "5"},
                {"010\n", 4, "8"},
                {"0x10\n", 5, "16"},
                {"0\n", 2, "0"},
                {"00000000000000000012\n", 21, "10"},
                {"0000000000000000000012\n", -EINVAL, NULL}, /* too many digits */
                {"08\n", -EINVAL, NULL},
                {"+5\n", -EINVAL, NULL},
                {"-1\n", -EINVAL, NULL},
                {"201\n", -EINVAL, NULL},
                {"5x\n", -EINVAL, NULL},
                {"x\n", -EINVAL, NULL},
                {"\n", -EINVAL, NULL},
                {"99999999999999999999\n", -EINVAL, NULL},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Machine m = machine_open("x86-2g-6.1");
                assert_int_equal(put(&m, VM "swappiness", cases[i].text), cases[i].taken);
                assert_holds(&m, VM "swappiness", cases[i].held ?: "60");
                machine_done(&m);
        }
}

static void test_a_nul_in_a_number_is_refused(void **state) {
        Machine m = machine_open("x86-2g-6.1");

        assert_int_equal(put_bytes(&m, VM "swappiness", "5\0", 2), -EINVAL);
        assert_holds(&m, VM "swappiness", "60");
        machine_done(&m);
}

static void test_a_second_word_makes_the_write_short(void **state) {
        Machine m = machine_open("x86-2g-6.1");

        assert_int_equal(put(&m, VM "swappiness", "1 2\n"), 2);
        assert_holds(&m, VM "swappiness", "1");
        assert_int_equal(put(&m, VM "swappiness", "7\n8\n"), 2);
        assert_holds(&m, VM "swappiness", "7");
        machine_done(&m);
}

static void test_only_the_first_write_on_a_descriptor_counts(void **state) {
        Machine m = machine_open("x86-2g-6.1");
        _cleanup_(closep) int sysctl = root_open_file(m.root, VM "swappiness", O_WRONLY);
        _cleanup_(closep) int sysfs = root_open_file(m.root, THP "defrag", O_WRONLY);

        assert_int_equal(fake_kernel_write(m.root, VM "swappiness", sysctl, "10\n", 3), 3);
        assert_int_equal(fake_kernel_write(m.root, VM "swappiness", sysctl, "20\n", 3), 3);
        assert_holds(&m, VM "swappiness", "10");
        /* sysfs applies each. */
        assert_int_equal(fake_kernel_write(m.root, THP "defrag", sysfs, "never\n", 6), 6);
        assert_int_equal(fake_kernel_write(m.root, THP "defrag", sysfs, "always\n", 7), 7);
        assert_holds(&m, THP "defrag", "[always] defer defer+madvise madvise never");
        machine_done(&m);
}

static void test_a_shorter_value_leaves_nothing_of_the_longer(void **state) {
        Machine m = machine_open("x86-2g-6.1");

        assert_int_equal(put(&m, VM "min_free_kbytes", "100000\n"), 7);
        assert_int_equal(put(&m, VM "min_free_kbytes", "9\n"), 2);
        assert_holds(&m, VM "min_free_kbytes", "9");
        machine_done(&m);
}

static void test_ranges_are_those_of_the_catalogue(void **state) {
        Machine m = machine_open("x86-2g-6.1");
        Machine arm = machine_open("arm64-64k-6.6");

        assert_int_equal(put(&m, VM "dirty_bytes", "8191\n"), -EINVAL);
        assert_int_equal(put(&m, VM "dirty_bytes", "17592186040321\n"), -ERANGE);
        assert_int_equal(put(&m, VM "dirty_bytes", "8192\n"), 5);
        assert_int_equal(put(&m, VM "percpu_pagelist_high_fraction", "7\n"), -EINVAL);
        assert_int_equal(put(&m, VM "percpu_pagelist_high_fraction", "8\n"), 2);
        assert_int_equal(put(&arm, VM "dirty_bytes", "8192\n"), -EINVAL);
        assert_int_equal(put(&arm, VM "dirty_bytes", "131072\n"), 7);
        machine_done(&arm);
        machine_done(&m);
}

static void test_one_member_of_a_pair_zeroes_the_other(void **state) {
        Machine m = machine_open("x86-2g-6.1");

        assert_int_equal(put(&m, VM "dirty_bytes", "1048576\n"), 8);
        assert_holds(&m, VM "dirty_ratio", "0");
        assert_int_equal(put(&m, VM "dirty_ratio", "20\n"), 3);
        assert_holds(&m, VM "dirty_bytes", "0");
        assert_int_equal(put(&m, VM "dirty_bytes", "0\n"), -EINVAL);
        assert_holds(&m, VM "dirty_ratio", "20");
        assert_int_equal(put(&m, VM "overcommit_kbytes", "0\n"), 2);
        assert_holds(&m, VM "overcommit_ratio", "0");
        machine_done(&m);
}

static void test_the_two_dirty_pairs_differ(void **state) {
        Machine m = machine_open("x86-2g-6.1");

        /* Foreground: only a change zeroes the other one. */
        assert_int_equal(put(&m, VM "dirty_bytes", "1048576\n"), 8);
        assert_int_equal(put(&m, VM "dirty_ratio", "0\n"), 2);
        assert_holds(&m, VM "dirty_bytes", "1048576");
        /* Background: every write does. */
        assert_int_equal(put(&m, VM "dirty_background_bytes", "524288\n"), 7);
        assert_int_equal(put(&m, VM "dirty_background_ratio", "0\n"), 2);
        assert_holds(&m, VM "dirty_background_bytes", "0");
        machine_done(&m);
}

static void test_a_write_of_no_bytes_runs_the_handler(void **state) {
        Machine m = machine_open("x86-2g-6.1");

        assert_int_equal(put(&m, VM "dirty_background_bytes", ""), 0);
        assert_holds(&m, VM "dirty_background_ratio", "0");
        assert_int_equal(put(&m, VM "overcommit_kbytes", ""), 0);
        assert_holds(&m, VM "overcommit_ratio", "0");
        assert_int_equal(put(&m, VM "dirty_bytes", ""), 0);
        assert_holds(&m, VM "dirty_ratio", "20");
        assert_int_equal(put(&m, THP "enabled", ""), 0);
        assert_holds(&m, THP "enabled", "[always] madvise never");
        machine_done(&m);
}

static void test_words_are_taken_exactly_and_bracketed(void **state) {
        static const char *const refused[] = {
                "Always\n",
                "[never]\n",
                " never\n",
                "never \n",
                "never\n\n",
                "nev\n",
                "\n",
                "x",
                "inherit\n",
        };
        Machine m = machine_open("x86-24g-6.18");

        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                assert_int_equal(put(&m, THP "enabled", refused[i]), -EINVAL);
        assert_holds(&m, THP "enabled", "always [madvise] never");
        assert_int_equal(put(&m, THP "enabled", "never"), 5);
        assert_holds(&m, THP "enabled", "always madvise [never]");
        assert_int_equal(put(&m, THP "hugepages-64kB/enabled", "inherit\n"), 8);
        assert_holds(&m, THP "hugepages-64kB/enabled", "always [inherit] madvise never");
        machine_done(&m);
}

static void test_numbers_of_sysfs_are_parsed_in_base_10(void **state) {
        static const char *const refused[] = {
                "0x10\n", " 5\n", "5 \n", "5\n\n", "-1\n", "\n", "512\n"};
        Machine m = machine_open("x86-2g-6.1");

        assert_int_equal(put(&m, THP "khugepaged/max_ptes_none", "010\n"), 4);
        assert_holds(&m, THP "khugepaged/max_ptes_none", "10");
        assert_int_equal(put(&m, THP "khugepaged/max_ptes_none", "+7"), 2);
        assert_holds(&m, THP "khugepaged/max_ptes_none", "7");
        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                assert_int_equal(put(&m, THP "khugepaged/max_ptes_none", refused[i]), -EINVAL);
        assert_holds(&m, THP "khugepaged/max_ptes_none", "7");
        machine_done(&m);
}

static void test_huge_pages_raise_min_free_kbytes(void **state) {
        Machine m = machine_open("x86-2g-6.1");

        assert_int_equal(put(&m, VM "min_free_kbytes", "3000\n"), 5);
        assert_int_equal(put(&m, THP "defrag", "always\n"), 7);
        assert_holds(&m, VM "min_free_kbytes", "3000");
        assert_int_equal(put(&m, THP "enabled", "always\n"), 7); /* as it was */
        assert_holds(&m, VM "min_free_kbytes", "67584");
        assert_int_equal(put(&m, VM "min_free_kbytes", "200000\n"), 7);
        assert_int_equal(put(&m, THP "enabled", "madvise\n"), 8);
        assert_holds(&m, VM "min_free_kbytes", "200000");
        machine_done(&m);
}

static void test_without_huge_pages_min_free_kbytes_is_the_boot_formulas(void **state) {
        Machine m = machine_open("x86-2g-6.1");

        assert_int_equal(put(&m, THP "enabled", "never\n"), 6);
        assert_holds(&m, VM "min_free_kbytes", "5676"); /* sqrt(16 * 2014204) */
        assert_int_equal(put(&m, VM "min_free_kbytes", "9000\n"), 5);
        assert_int_equal(put(&m, THP "enabled", "never\n"), 6);
        assert_holds(&m, VM "min_free_kbytes", "9000"); /* a person wants more */
        machine_done(&m);
}

static void test_a_twentieth_of_memory_bounds_min_free_kbytes(void **state) {
        Machine m = machine_open("arm64-64k-6.6");

        assert_int_equal(put(&m, VM "min_free_kbytes", "3000\n"), 5);
        assert_int_equal(put(&m, THP "enabled", "always\n"), 7);
        assert_holds(&m, VM "min_free_kbytes", "3345760");
        machine_done(&m);
}

static void test_lowmem_reserve_ratio_never_fails(void **state) {
        Machine m = machine_open("x86-2g-6.1");

        assert_int_equal(put(&m, VM "lowmem_reserve_ratio", "128 -5\n"), 7);
        assert_holds(&m, VM "lowmem_reserve_ratio", "128\t0\t32\t0\t0");
        assert_int_equal(put(&m, VM "lowmem_reserve_ratio", "garbage\n"), 8);
        assert_holds(&m, VM "lowmem_reserve_ratio", "128\t0\t32\t0\t0");
        assert_int_equal(put(&m, VM "lowmem_reserve_ratio", "64 garbage\n"), 11);
        assert_holds(&m, VM "lowmem_reserve_ratio", "64\t0\t32\t0\t0");
        assert_int_equal(put(&m, VM "lowmem_reserve_ratio", "1 2 3 4 5 6\n"), 10);
        assert_holds(&m, VM "lowmem_reserve_ratio", "1\t2\t3\t4\t5");
        machine_done(&m);
}

static void test_a_file_makes_single_knobs_misbehave(void **state) {
        Machine m = machine_open("x86-2g-6.1");

        assert_int_equal(tree_write(m.tree,
                                    FAKE_KERNEL_REFUSE,
                                    "vm.swappiness EPERM\n"
                                    "vm.page-cluster CLAMP 2\n"
                                    "transparent_hugepage.defrag CLAMP defer\n"
                                    "vm.stat_interval SHORT\n"
                                    "vm.laptop_mode NONSENSE\n"),
                         0);
        assert_int_equal(put(&m, VM "swappiness", "10\n"), -EPERM);
        assert_holds(&m, VM "swappiness", "60");
        assert_int_equal(put(&m, VM "page-cluster", "0\n"), 2);
        assert_holds(&m, VM "page-cluster", "2");
        assert_int_equal(put(&m, THP "defrag", "never\n"), 6);
        assert_holds(&m, THP "defrag", "always [defer] defer+madvise madvise never");
        assert_int_equal(put(&m, VM "stat_interval", "10\n"), 2);
        assert_holds(&m, VM "stat_interval", "10");
        assert_int_equal(put(&m, VM "laptop_mode", "1\n"), -EPROTO);
        assert_int_equal(put(&m, VM "panic_on_oom", "1\n"), 2);
        machine_done(&m);
}

static void test_files_that_are_no_knobs_stay_plain(void **state) {
        Machine m = machine_open("x86-2g-6.1");

        assert_int_equal(put(&m, "sys/fs/cgroup/cgroup.controllers", "abc"), 3);
        assert_holds(&m,
                     "sys/fs/cgroup/cgroup.controllers",
                     "abcset cpu io memory hugetlb pids rdma misc");
        machine_done(&m);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_numbers_of_sysctl_are_parsed_in_base_0),
                cmocka_unit_test(test_a_nul_in_a_number_is_refused),
                cmocka_unit_test(test_a_second_word_makes_the_write_short),
                cmocka_unit_test(test_only_the_first_write_on_a_descriptor_counts),
                cmocka_unit_test(test_a_shorter_value_leaves_nothing_of_the_longer),
                cmocka_unit_test(test_ranges_are_those_of_the_catalogue),
                cmocka_unit_test(test_one_member_of_a_pair_zeroes_the_other),
                cmocka_unit_test(test_the_two_dirty_pairs_differ),
                cmocka_unit_test(test_a_write_of_no_bytes_runs_the_handler),
                cmocka_unit_test(test_words_are_taken_exactly_and_bracketed),
                cmocka_unit_test(test_numbers_of_sysfs_are_parsed_in_base_10),
                cmocka_unit_test(test_huge_pages_raise_min_free_kbytes),
                cmocka_unit_test(test_without_huge_pages_min_free_kbytes_is_the_boot_formulas),
                cmocka_unit_test(test_a_twentieth_of_memory_bounds_min_free_kbytes),
                cmocka_unit_test(test_lowmem_reserve_ratio_never_fails),
                cmocka_unit_test(test_a_file_makes_single_knobs_misbehave),
                cmocka_unit_test(test_files_that_are_no_knobs_stay_plain),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
