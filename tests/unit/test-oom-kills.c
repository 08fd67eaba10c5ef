/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/oom-kills.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/tree.h"

static void test_kills_are_counted_from_the_beginning(void **state) {
        OomKills kills = OOM_KILLS_INIT;

        assert_true(oom_kills_add(&kills, 41) == 0); /* those before anybody looked */
        assert_true(oom_kills_add(&kills, 42) == 1);
        oom_kills_begin(&kills, 42);
        assert_true(kills.killed == 0);
        assert_true(oom_kills_add(&kills, 42) == 0);
        assert_true(oom_kills_add(&kills, 45) == 3);
        assert_true(oom_kills_add(&kills, 46) == 1);
        assert_true(kills.killed == 4);
}

static void test_what_cannot_be_read_changes_nothing(void **state) {
        OomKills kills = OOM_KILLS_INIT;

        oom_kills_begin(&kills, 3);
        assert_true(oom_kills_add(&kills, COUNTER_UNKNOWN) == 0);
        assert_true(oom_kills_add(&kills, 5) == 2);
        /* Begun while nothing could be read: the first reading tells nothing. */
        oom_kills_begin(&kills, COUNTER_UNKNOWN);
        assert_true(oom_kills_add(&kills, 5) == 0);
        assert_true(oom_kills_add(&kills, 6) == 1);
}

static void test_a_counter_that_falls_began_anew(void **state) {
        OomKills kills = OOM_KILLS_INIT;

        oom_kills_begin(&kills, 7);
        assert_true(oom_kills_add(&kills, 9) == 2);
        assert_true(oom_kills_add(&kills, 0) == 0); /* the unit was restarted */
        assert_true(oom_kills_add(&kills, 1) == 1);
        assert_true(oom_kills_add(&kills, 0) == 0);
        assert_true(oom_kills_add(&kills, 0) == 0);
        assert_true(kills.killed == 3);
        oom_kills_begin(&kills, 7);
        assert_true(oom_kills_add(&kills, 2) == 2);
}

/* The new one of that name may have as many as the old one had. */
static void test_a_cgroup_that_was_removed_is_another(void **state) {
        OomKills kills = OOM_KILLS_INIT;

        oom_kills_begin(&kills, 1);
        oom_kills_restart(&kills);
        assert_true(oom_kills_add(&kills, 1) == 1);
        assert_true(kills.killed == 1);
}

static void test_the_line_is_found_and_no_other(void **state) {
        uint64_t n = 77;

        assert_int_equal(oom_kills_parse("low 1\noom 2\noom_kill 3\noom_group_kill 4\n", &n), 0);
        assert_true(n == 3);
        assert_int_equal(oom_kills_parse("oom_kill_disable 1\nunder_oom 0\noom_kill 9\n", &n), 0);
        assert_true(n == 9);
        assert_int_equal(oom_kills_parse("oom_kill 18446744073709551614", &n), 0);
        assert_true(n == UINT64_MAX - 1);
        n = 77;
        assert_int_equal(oom_kills_parse("low 1\noom 2\noom_group_kill 4\n", &n), -ENODATA);
        assert_int_equal(oom_kills_parse("xoom_kill 3\n", &n), -ENODATA);
        assert_int_equal(oom_kills_parse("oom_kill \n", &n), -ENODATA);
        assert_int_equal(oom_kills_parse("oom_kill -1\n", &n), -ENODATA);
        assert_int_equal(oom_kills_parse("oom_kill 99999999999999999999999999\n", &n), -ENODATA);
        assert_int_equal(oom_kills_parse("", &n), -ENODATA);
        assert_true(n == 77);
}

static void assert_path(const Root *root, const char *cgroup, const char *expected) {
        char path[128];

        assert_int_equal(oom_kills_path(root, cgroup, path, sizeof(path)), 0);
        assert_string_equal(path, expected);
}

static void test_each_scope_has_its_file(void **state) {
        static const char hybrid[] = "sys/fs/cgroup/unified/a.slice";
        _cleanup_(tree_removep) char *tree = NULL;
        _cleanup_(root_closep) Root *root = NULL;
        char path[8];

        assert_int_equal(tree_copy("x86-2g-6.1", &tree), 0);
        assert_int_equal(root_open(tree, &root), 0);
        assert_path(root, NULL, "proc/vmstat");
        assert_path(root, "sys/fs/cgroup/a.slice", "sys/fs/cgroup/a.slice/memory.events");
        /* The root of all has no memory.events. */
        assert_path(root, "sys/fs/cgroup", "proc/vmstat");
        assert_path(root, "sys/fs/cgroup/unified", "proc/vmstat");
        assert_path(root, hybrid, "sys/fs/cgroup/memory/a.slice/memory.oom_control");
        assert_int_equal(
                tree_write(tree, "sys/fs/cgroup/unified/a.slice/memory.events", "oom_kill 0\n"), 0);
        assert_path(root, hybrid, "sys/fs/cgroup/unified/a.slice/memory.events");
        assert_int_equal(oom_kills_path(root, "sys/fs/cgroup/a.slice", path, sizeof(path)),
                         -ENAMETOOLONG);
}

static void test_the_files_are_read(void **state) {
        _cleanup_(tree_removep) char *tree = NULL;
        _cleanup_(root_closep) Root *root = NULL;
        static const char cgroup[] = "sys/fs/cgroup/a.slice";
        uint64_t n = 77;

        assert_int_equal(tree_copy("x86-2g-6.1", &tree), 0);
        assert_int_equal(root_open(tree, &root), 0);
        assert_int_equal(tree_write(tree, "proc/vmstat", "nr_free_pages 1\noom_kill 5\n"), 0);
        assert_int_equal(oom_kills_read(root, NULL, &n), 0);
        assert_true(n == 5);
        n = 77;
        assert_int_equal(oom_kills_read(root, cgroup, &n), -ENOENT);
        assert_int_equal(
                tree_write(tree, "sys/fs/cgroup/a.slice/memory.events", "low 0\noom_kill 2\n"), 0);
        assert_int_equal(oom_kills_read(root, cgroup, &n), 0);
        assert_true(n == 2);
        assert_int_equal(tree_write(tree, "proc/vmstat", "nr_free_pages 1\n"), 0);
        assert_int_equal(oom_kills_read(root, NULL, &n), -ENODATA);
        assert_true(n == 2);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_kills_are_counted_from_the_beginning),
                cmocka_unit_test(test_what_cannot_be_read_changes_nothing),
                cmocka_unit_test(test_a_counter_that_falls_began_anew),
                cmocka_unit_test(test_a_cgroup_that_was_removed_is_another),
                cmocka_unit_test(test_the_line_is_found_and_no_other),
                cmocka_unit_test(test_each_scope_has_its_file),
                cmocka_unit_test(test_the_files_are_read),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
