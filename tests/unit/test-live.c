/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/live.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/tree.h"

static KnobRef ref_of(const char *name) {
        KnobRef ref = {0};

        assert_int_equal(knob_ref_parse(name, &ref), 0);
        return ref;
}

static int read_text(const Root *root, const char *name, char text[static VALUE_TEXT_MAX]) {
        Value value;

        int r = live_read(root, ref_of(name), &value);
        if (r >= 0)
                value_format(&value, text);
        return r;
}

static void test_each_kind_of_knob_is_read(void **state) {
        static const char *const cases[][2] = {
                {"vm.swappiness", "60"},
                {"vm.page-cluster", "3"},
                {"vm.lowmem_reserve_ratio", "256 256 32 0 0"},
                {"vm.compact_unevictable_allowed", "1"},
                {"transparent_hugepage.enabled", "madvise"},
                {"transparent_hugepage.khugepaged.max_ptes_none", "511"},
                {"transparent_hugepage.hugepages-2048kB.enabled", "inherit"},
                {"transparent_hugepage.hugepages-8kB.shmem_enabled", "never"},
        };
        _cleanup_(tree_removep) char *tree = NULL;
        _cleanup_(root_closep) Root *root = NULL;
        char text[VALUE_TEXT_MAX];

        assert_int_equal(tree_copy("x86-24g-6.18", &tree), 0);
        assert_int_equal(root_open(tree, &root), 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                assert_int_equal(read_text(root, cases[i][0], text), 0);
                assert_string_equal(text, cases[i][1]);
        }
}

static void test_what_cannot_be_read_says_why(void **state) {
        _cleanup_(tree_removep) char *tree = NULL;
        _cleanup_(root_closep) Root *root = NULL;
        char text[VALUE_TEXT_MAX];

        assert_int_equal(tree_copy("x86-24g-6.18", &tree), 0);
        assert_int_equal(root_open(tree, &root), 0);
        assert_int_equal(read_text(root, "transparent_hugepage.hugepages-8kB.enabled", text),
                         -ENOENT);
        assert_int_equal(tree_write(tree, "proc/sys/vm/swappiness", "high\n"), 0);
        assert_int_equal(read_text(root, "vm.swappiness", text), -EBADMSG);
        assert_int_equal(tree_write(tree, "proc/sys/vm/swappiness", ""), 0);
        assert_int_equal(read_text(root, "vm.swappiness", text), -EBADMSG);
        assert_int_equal(tree_delete(tree, "proc/sys/vm/swappiness"), 0);
        assert_int_equal(tree_write(tree, "proc/sys/vm/swappiness/x", ""), 0);
        assert_int_equal(read_text(root, "vm.swappiness", text), -EISDIR);
}

static void
assert_instances(const Root *root, const char *name, const unsigned *sizes, size_t n_sizes) {
        _cleanup_(freep) KnobRef *found = NULL;
        const Knob *knob = knob_find(name);
        size_t n = 99;

        assert_non_null(knob);
        assert_int_equal(live_refs(root, knob, &found, &n), 0);
        assert_int_equal(n, n_sizes);
        for (size_t i = 0; i < n; i++)
                assert_int_equal(found[i].instance_kb, sizes[i]);
}

static void test_folio_sizes_are_listed_ascending(void **state) {
        static const unsigned anonymous[] = {16, 32, 64, 128, 256, 512, 1024, 2048};
        static const unsigned shared[] = {8, 16, 32, 64, 128, 256, 512, 1024, 2048};
        _cleanup_(tree_removep) char *tree = NULL;
        _cleanup_(root_closep) Root *root = NULL;

        assert_int_equal(tree_copy("x86-24g-6.18", &tree), 0);
        assert_int_equal(root_open(tree, &root), 0);
        assert_instances(root,
                         "transparent_hugepage.hugepages-*kB.enabled",
                         anonymous,
                         ELEMENTSOF(anonymous));
        assert_instances(root,
                         "transparent_hugepage.hugepages-*kB.shmem_enabled",
                         shared,
                         ELEMENTSOF(shared));
        static const unsigned no_size[] = {0};
        assert_instances(root, "vm.swappiness", no_size, 1);
        assert_instances(root, "vm.block_dump", NULL, 0);
}

static void test_folders_that_only_look_like_a_size_are_left_out(void **state) {
        static const char *const odd[] = {
                "hugepages-kB",
                "hugepages-64MB",
                "hugepages-064kB",
                "hugepages--1kB",
                "hugepages-64",
                "hugepages-99999999999999999999kB",
                "hugepages-4294967296kB",
                "xhugepages-64kB",
                "kB",
                "hugepages-0kB",
        };
        static const unsigned one[] = {64};
        _cleanup_(tree_removep) char *tree = NULL;
        _cleanup_(root_closep) Root *root = NULL;

        assert_int_equal(tree_copy("x86-2g-6.1", &tree), 0);
        assert_int_equal(root_open(tree, &root), 0);
        assert_instances(root, "transparent_hugepage.hugepages-*kB.enabled", NULL, 0);
        for (size_t i = 0; i < ELEMENTSOF(odd); i++) {
                _cleanup_(freep) char *path =
                        text_format("sys/kernel/mm/transparent_hugepage/%s/enabled", odd[i]);
                assert_int_equal(tree_write(tree, path, "[never]\n"), 0);
        }
        assert_int_equal(tree_write(tree,
                                    "sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled",
                                    "[never]\n"),
                         0);
        assert_instances(root, "transparent_hugepage.hugepages-*kB.enabled", one, 1);
}

static void test_without_thp_there_are_no_sizes(void **state) {
        _cleanup_(tree_removep) char *tree = NULL;
        _cleanup_(root_closep) Root *root = NULL;

        assert_int_equal(tree_copy("no-psi-no-thp-6.1", &tree), 0);
        assert_int_equal(root_open(tree, &root), 0);
        assert_instances(root, "transparent_hugepage.hugepages-*kB.enabled", NULL, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_kind_of_knob_is_read),
                cmocka_unit_test(test_what_cannot_be_read_says_why),
                cmocka_unit_test(test_folio_sizes_are_listed_ascending),
                cmocka_unit_test(test_folders_that_only_look_like_a_size_are_left_out),
                cmocka_unit_test(test_without_thp_there_are_no_sizes),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
