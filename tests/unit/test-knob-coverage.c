/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * No file in the folders that the catalogue mirrors is unknown, on the machine this runs on and on
 * each recorded one: it is a knob, a trigger or named as left out. A kernel that brings another
 * fails this test, which names the file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/support/tree.h"
#include "tests/support/unknown-files.h"

static void assert_all_known(const Root *root, size_t n_min) {
        _cleanup_(freep) char *unknown = NULL;
        size_t n = 0;

        assert_int_equal(unknown_files(root, &unknown, &n), 0);
        if (unknown[0] != '\0')
                fail_msg(
                        "the catalogue does not know, in \"%s/\":\n%s", root_prefix(root), unknown);
        assert_true(n >= n_min);
}

static void test_this_kernel_has_no_unknown_file(void **state) {
        _cleanup_(root_closep) Root *root = NULL;

        assert_int_equal(root_open("/", &root), 0);
        assert_all_known(root, 20);
}

static void test_no_recorded_machine_has_an_unknown_file(void **state) {
        _cleanup_(freep) char *folder =
                text_format("%s/tests/machines", getenv("MEMCTL_SOURCE_ROOT"));
        _cleanup_(closedirp) DIR *dir = opendir(folder);
        size_t n = 0;

        assert_non_null(dir);
        for (struct dirent *found; (found = readdir(dir));) {
                if (found->d_name[0] == '.' || streq(found->d_name, "README.md"))
                        continue;
                _cleanup_(freep) char *machine = text_format("%s/%s", folder, found->d_name);
                _cleanup_(root_closep) Root *root = NULL;
                assert_int_equal(root_open(machine, &root), 0);
                assert_all_known(root, 20);
                n++;
        }
        assert_true(n > 0);
}

/* The test's own test: what a new kernel could bring, in each of the folders. */
static void test_a_new_file_is_found_and_named(void **state) {
        static const char *const files[] = {
                "proc/sys/vm/new_knob",
                "sys/kernel/mm/transparent_hugepage/new_knob",
                "sys/kernel/mm/transparent_hugepage/khugepaged/new_knob",
                "sys/kernel/mm/transparent_hugepage/hugepages-2048kB/new_knob",
                "sys/kernel/mm/transparent_hugepage/hugepages-2048kB/stats/new_counter",
                "sys/kernel/mm/transparent_hugepage/new_folder/new_knob",
                "sys/kernel/mm/ksm/new_knob",
                "sys/kernel/mm/lru_gen/new_knob",
                "sys/kernel/mm/hugepages/hugepages-2048kB/new_knob",
                "sys/module/zswap/parameters/new_knob",
                "sys/devices/system/node/node0/hugepages/hugepages-2048kB/new_knob",
                "sys/devices/system/node/node17/hugepages/hugepages-2048kB/new_knob",
        };

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                _cleanup_(tree_removep) char *tree = NULL;
                _cleanup_(root_closep) Root *root = NULL;
                _cleanup_(freep) char *unknown = NULL;
                _cleanup_(freep) char *expected = text_format("%s\n", files[i]);
                size_t n = 0;
                assert_int_equal(tree_copy("x86-24g-6.18", &tree), 0);
                assert_int_equal(tree_write(tree, files[i], "0\n"), 0);
                assert_int_equal(root_open(tree, &root), 0);
                assert_int_equal(unknown_files(root, &unknown, &n), 0);
                assert_string_equal(unknown, expected);
        }
}

/* Beside the folders lies much that is none of the catalogue's business. */
static void test_other_folders_are_left_alone(void **state) {
        static const char *const files[] = {
                "proc/sys/kernel/new_knob",
                "sys/kernel/mm/new_feature/new_knob",
                "sys/devices/system/node/node0/new_knob",
                "sys/devices/system/node/nodes/hugepages/new_knob",
        };
        _cleanup_(tree_removep) char *tree = NULL;
        _cleanup_(root_closep) Root *root = NULL;

        assert_int_equal(tree_copy("x86-24g-6.18", &tree), 0);
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                assert_int_equal(tree_write(tree, files[i], "0\n"), 0);
        assert_int_equal(root_open(tree, &root), 0);
        assert_all_known(root, 20);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_this_kernel_has_no_unknown_file),
                cmocka_unit_test(test_no_recorded_machine_has_an_unknown_file),
                cmocka_unit_test(test_a_new_file_is_found_and_named),
                cmocka_unit_test(test_other_folders_are_left_alone),
        };

        if (!getenv("MEMCTL_SOURCE_ROOT")) {
                printf("1..0 # SKIP MEMCTL_SOURCE_ROOT is not set\n");
                return 0;
        }
        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
