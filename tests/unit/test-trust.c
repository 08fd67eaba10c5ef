/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/trust.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "tests/support/tree.h"

#define PATH "etc/memctl/profiles/a.yaml"

typedef struct Machine {
        char *tree;
        Root *root;
} Machine;

static int setup(void **state) {
        Machine *machine = calloc(1, sizeof(*machine));

        assert_non_null(machine);
        assert_int_equal(tree_copy(NULL, &machine->tree), 0);
        assert_int_equal(tree_write(machine->tree, PATH, "text"), 0);
        assert_int_equal(root_open(machine->tree, &machine->root), 0);
        *state = machine;
        return 0;
}

static int teardown(void **state) {
        Machine *machine = *state;

        root_close(machine->root);
        tree_remove(machine->tree);
        free(machine);
        return 0;
}

/* words NULL: it is trusted. path: what the words are about, relative to the root. */
static void assert_open(const Machine *machine, const char *path, const char *words) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        _cleanup_(closep) int fd = trust_open(machine->root, PATH, &problems);
        _cleanup_(freep) char *text = problems_format(&problems);
        _cleanup_(freep) char *start =
                text_format("%s%s%s: error: ", machine->tree, path[0] ? "/" : "", path);

        if (!words) {
                if (fd < 0 || problems.n > 0)
                        fail_msg("%d: %s", fd, text);
                return;
        }
        if (fd != -EPERM || problems.n != 1 || !text_starts_with(text, start) ||
            !strstr(text, words))
                fail_msg("%d: \"%s\" does not begin with \"%s\" or lacks \"%s\"",
                         fd,
                         text,
                         start,
                         words);
}

static const char *const parts[] = {
        "", "etc", "etc/memctl", "etc/memctl/profiles", "etc/memctl/profiles/a.yaml"};

static int change_mode(const Machine *machine, const char *path, mode_t mode) {
        return fchmodat(root_fd(machine->root), path[0] ? path : ".", mode, 0);
}

static void test_a_file_of_root_s_own_is_opened(void **state) {
        assert_open(*state, "", NULL);
}

static void test_no_part_of_the_way_may_be_written_by_others(void **state) {
        const Machine *machine = *state;
        static const mode_t modes[] = {0775, 0757, 0777, 01777};

        for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
                for (size_t j = 0; j < ELEMENTSOF(modes); j++) {
                        assert_int_equal(change_mode(machine, parts[i], modes[j]), 0);
                        assert_open(machine, parts[i], "can be written by users other than its");
                }
                assert_int_equal(change_mode(machine, parts[i], 0755), 0);
                assert_open(machine, "", NULL);
        }
}

/* Giving files away needs root. */
static void test_no_part_of_the_way_may_belong_to_others(void **state) {
        const Machine *machine = *state;
        int fd = root_fd(machine->root);

        for (size_t i = 0; geteuid() == 0 && i < ELEMENTSOF(parts); i++) {
                const char *path = parts[i][0] ? parts[i] : ".";
                assert_int_equal(fchownat(fd, path, 65534, 65534, 0), 0);
                assert_open(machine, parts[i], "belongs to the user with id 65534");
                assert_int_equal(fchownat(fd, path, 0, 0, 0), 0);
        }
}

static void test_no_part_of_the_way_may_be_a_link(void **state) {
        const Machine *machine = *state;
        int fd = root_fd(machine->root);

        for (size_t i = 1; i < ELEMENTSOF(parts); i++) {
                assert_int_equal(renameat(fd, parts[i], fd, "elsewhere"), 0);
                _cleanup_(freep) char *target = text_format("%s/elsewhere", machine->tree);
                assert_int_equal(symlinkat(target, fd, parts[i]), 0);
                assert_open(machine, parts[i], "is a symbolic link; the daemon ");
                assert_int_equal(unlinkat(fd, parts[i], 0), 0);
                assert_int_equal(renameat(fd, "elsewhere", fd, parts[i]), 0);
        }
        assert_open(machine, "", NULL);
}

static void test_only_a_regular_file_is_opened(void **state) {
        const Machine *machine = *state;
        int fd = root_fd(machine->root);

        assert_int_equal(unlinkat(fd, PATH, 0), 0);
        assert_int_equal(mkfifoat(fd, PATH, 0600), 0);
        assert_open(machine, PATH, "is no regular file");
        assert_int_equal(unlinkat(fd, PATH, 0), 0);
        assert_int_equal(mkdirat(fd, PATH, 0700), 0);
        assert_open(machine, PATH, "is no regular file");
}

static void test_what_is_not_there_is_no_problem(void **state) {
        const Machine *machine = *state;
        static const char *const paths[] = {"etc/memctl/none", "etc/none/x", "none/etc/x"};

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
                assert_int_equal(trust_open(machine->root, paths[i], &problems), -ENOENT);
                assert_int_equal(problems.n, 0);
        }
}

static void test_a_path_that_leads_out_is_refused(void **state) {
        const Machine *machine = *state;
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;

        assert_int_equal(trust_open(machine->root, "etc/../../x", &problems), -EPERM);
        assert_int_equal(problems.n, 1);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_a_file_of_root_s_own_is_opened),
                TEST(test_no_part_of_the_way_may_be_written_by_others),
                TEST(test_no_part_of_the_way_may_belong_to_others),
                TEST(test_no_part_of_the_way_may_be_a_link),
                TEST(test_only_a_regular_file_is_opened),
                TEST(test_what_is_not_there_is_no_problem),
                TEST(test_a_path_that_leads_out_is_refused),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests_name("trust", tests, NULL, NULL);
}
