/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/root.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/tree.h"

static void test_the_live_root_has_no_prefix(void **state) {
        _cleanup_(root_closep) Root *root = NULL;
        _cleanup_(root_closep) Root *roundabout = NULL;

        assert_int_equal(root_open("/", &root), 0);
        assert_true(root_is_live(root));
        assert_string_equal(root_prefix(root), "");
        assert_int_equal(root_open("/usr/..", &roundabout), 0);
        assert_true(root_is_live(roundabout));
}

static void test_a_tree_is_read_in_the_place_of_the_machine(void **state) {
        _cleanup_(tree_removep) char *tree = NULL;
        _cleanup_(root_closep) Root *root = NULL;
        _cleanup_(freep) char *text = NULL, *slashes = NULL;

        assert_int_equal(tree_copy(NULL, &tree), 0);
        assert_int_equal(tree_write(tree, "proc/sys/vm/swappiness", "33\n"), 0);
        slashes = text_format("%s//", tree);
        assert_int_equal(root_open(slashes, &root), 0);
        assert_false(root_is_live(root));
        assert_string_equal(root_prefix(root), tree);
        assert_int_equal(root_read(root, "proc/sys/vm/swappiness", &text), 0);
        assert_string_equal(text, "33\n");
        assert_true(root_exists(root, "proc/sys/vm"));
        assert_false(root_exists(root, "proc/sys/vm/page-cluster"));
}

static void test_what_is_missing_or_no_folder_says_so(void **state) {
        _cleanup_(tree_removep) char *tree = NULL;
        _cleanup_(root_closep) Root *root = NULL;
        _cleanup_(freep) char *file = NULL;
        Root *untouched = NULL;
        char *text = NULL, buffer[8];

        assert_int_equal(tree_copy(NULL, &tree), 0);
        assert_int_equal(tree_write(tree, "file", "x"), 0);
        file = text_format("%s/file", tree);
        assert_int_equal(root_open("/nowhere/at/all", &untouched), -ENOENT);
        assert_int_equal(root_open(file, &untouched), -ENOTDIR);
        assert_null(untouched);
        assert_int_equal(root_open(tree, &root), 0);
        assert_int_equal(root_read(root, "none", &text), -ENOENT);
        assert_int_equal(root_read(root, ".", &text), -EISDIR);
        assert_int_equal(root_read_into(root, "none", buffer, sizeof(buffer)), -ENOENT);
        assert_null(root_open_dir(root, "file"));
        assert_int_equal(errno, ENOTDIR);
        assert_null(text);
}

static void test_a_short_buffer_gets_the_beginning(void **state) {
        _cleanup_(tree_removep) char *tree = NULL;
        _cleanup_(root_closep) Root *root = NULL;
        char buffer[4];

        assert_int_equal(tree_copy(NULL, &tree), 0);
        assert_int_equal(tree_write(tree, "file", "abcdef"), 0);
        assert_int_equal(tree_write(tree, "empty", ""), 0);
        assert_int_equal(root_open(tree, &root), 0);
        assert_int_equal(root_read_into(root, "file", buffer, sizeof(buffer)), 0);
        assert_string_equal(buffer, "abc");
        assert_int_equal(root_read_into(root, "empty", buffer, sizeof(buffer)), 0);
        assert_string_equal(buffer, "");
}

static void test_a_file_past_the_bound_is_refused(void **state) {
        _cleanup_(tree_removep) char *tree = NULL;
        _cleanup_(root_closep) Root *root = NULL;
        _cleanup_(freep) char *text = malloc(ROOT_READ_MAX + 2);
        char *read = NULL;

        assert_non_null(text);
        memset(text, 'x', ROOT_READ_MAX + 1);
        text[ROOT_READ_MAX + 1] = '\0';
        assert_int_equal(tree_copy(NULL, &tree), 0);
        assert_int_equal(tree_write(tree, "large", text), 0);
        assert_int_equal(root_open(tree, &root), 0);
        assert_int_equal(root_read(root, "large", &read), -EFBIG);
        assert_null(read);
        assert_int_equal(root_read_max(root, "large", ROOT_READ_MAX + 1, &read), 0);
        assert_int_equal(strlen(read), ROOT_READ_MAX + 1);
        free(read);
}

static void test_a_file_of_an_open_folder_is_read(void **state) {
        _cleanup_(tree_removep) char *tree = NULL;
        _cleanup_(root_closep) Root *root = NULL;
        char buffer[8];

        assert_int_equal(tree_copy(NULL, &tree), 0);
        assert_int_equal(tree_write(tree, "a/b/file", "abc\n"), 0);
        assert_int_equal(root_open(tree, &root), 0);
        _cleanup_(closep) int fd = root_open_file(root, "a", O_PATH | O_DIRECTORY);
        assert_int_equal(root_read_at(fd, "b/file", buffer, sizeof(buffer)), 0);
        assert_string_equal(buffer, "abc\n");
        assert_int_equal(root_read_at(fd, "file", buffer, sizeof(buffer)), -ENOENT);
}

static void test_files_are_opened_close_on_exec(void **state) {
        _cleanup_(root_closep) Root *root = NULL;

        assert_int_equal(root_open("/", &root), 0);
        _cleanup_(closep) int fd = root_open_file(root, "proc/self/stat", O_RDONLY);
        assert_true(fd >= 0);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        assert_true(fcntl(root_fd(root), F_GETFD) & FD_CLOEXEC);
}

static ssize_t
take_nothing(const Root *root, const char *path, int fd, const char *data, size_t size) {
        return -EPERM;
}

static void test_the_write_hook_is_kept(void **state) {
        _cleanup_(root_closep) Root *root = NULL;

        assert_int_equal(root_open("/", &root), 0);
        assert_null(root_write_hook(root));
        root_set_write_hook(root, take_nothing);
        assert_ptr_equal(root_write_hook(root), take_nothing);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_live_root_has_no_prefix),
                cmocka_unit_test(test_a_tree_is_read_in_the_place_of_the_machine),
                cmocka_unit_test(test_what_is_missing_or_no_folder_says_so),
                cmocka_unit_test(test_a_short_buffer_gets_the_beginning),
                cmocka_unit_test(test_a_file_past_the_bound_is_refused),
                cmocka_unit_test(test_a_file_of_an_open_folder_is_read),
                cmocka_unit_test(test_files_are_opened_close_on_exec),
                cmocka_unit_test(test_the_write_hook_is_kept),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
