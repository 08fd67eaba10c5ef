/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <syslog.h>

#include <cmocka.h>

#include "tests/support/tree.h"

typedef struct Machine {
        char *tree;
        Root *root;
        Problems problems;
        Config config;
} Machine;

static int machine_init(void **state) {
        Machine *machine = calloc(1, sizeof(*machine));

        assert_non_null(machine);
        assert_int_equal(tree_copy(NULL, &machine->tree), 0);
        assert_int_equal(root_open(machine->tree, &machine->root), 0);
        machine->config = config_default();
        *state = machine;
        return 0;
}

static int machine_done(void **state) {
        Machine *machine = *state;

        problems_done(&machine->problems);
        root_close(machine->root);
        tree_remove(machine->tree);
        free(machine);
        return 0;
}

static void put(const Machine *machine, const char *path, const char *text) {
        assert_int_equal(tree_write(machine->tree, path, text), 0);
}

static int load(Machine *machine) {
        return config_load(machine->root, NULL, &machine->problems, &machine->config);
}

static void test_no_file_at_all_gives_the_defaults(void **state) {
        Machine *machine = *state;

        machine->config.sample_usec = 1;
        assert_int_equal(load(machine), 0);
        assert_int_equal(machine->problems.n, 0);
        assert_int_equal(machine->config.probation_usec, 30 * USEC_PER_MINUTE);
        assert_false(machine->config.revert_on_stop);
        assert_true(machine->config.apply_at_boot);
        assert_int_equal(machine->config.sample_usec, 10 * USEC_PER_SEC);
        assert_int_equal(machine->config.drift, DRIFT_POLICY_REPORT);
        assert_int_equal(machine->config.drift_usec, USEC_PER_MINUTE);
        assert_int_equal(machine->config.boot_guard_usec, 10 * USEC_PER_MINUTE);
        assert_int_equal(machine->config.reverts_per_hour, 3);
        assert_int_equal(machine->config.log_level, LOG_INFO);
}

static void test_every_key_is_read(void **state) {
        Machine *machine = *state;

        put(machine,
            "etc/memctl/memctld.conf",
            "\xEF\xBB\xBF# a comment of any bytes: \xff\r\n[Probation]\r\nDefault=1h 30min\r\n\r\n"
            "[Daemon]\nRevertOnStop = YES\n\tApplyAtBoot=off ; not here\nSampleInterval=2s\n"
            "; another comment\nLogLevel: debug");
        assert_int_equal(load(machine), 0);
        assert_int_equal(machine->problems.n, 0);
        assert_int_equal(machine->config.probation_usec, 90 * USEC_PER_MINUTE);
        assert_true(machine->config.revert_on_stop);
        assert_false(machine->config.apply_at_boot);
        assert_int_equal(machine->config.sample_usec, 2 * USEC_PER_SEC);
        assert_int_equal(machine->config.log_level, LOG_DEBUG);
}

static void test_the_bounds_of_times_belong_to_them(void **state) {
        Machine *machine = *state;

        put(machine,
            "etc/memctl/memctld.conf",
            "[Probation]\nDefault=7d\n[Daemon]\nSampleInterval=1min\n");
        assert_int_equal(load(machine), 0);
        put(machine,
            "etc/memctl/memctld.conf",
            "[Probation]\nDefault=1s\n[Daemon]\nSampleInterval=1s\n");
        assert_int_equal(load(machine), 0);
        put(machine,
            "etc/memctl/memctld.conf",
            "[Probation]\nDefault=999ms\n[Daemon]\nSampleInterval=61s\n");
        assert_int_equal(load(machine), -EINVAL);
        assert_int_equal(machine->problems.n_errors, 2);
}

static void test_an_empty_value_is_the_default(void **state) {
        Machine *machine = *state;

        put(machine, "etc/memctl/memctld.conf", "[Daemon]\nApplyAtBoot=no\nSampleInterval=1s\n");
        put(machine, "etc/memctl/memctld.conf.d/50.conf", "[Daemon]\nApplyAtBoot=\n");
        assert_int_equal(load(machine), 0);
        assert_true(machine->config.apply_at_boot);
        assert_int_equal(machine->config.sample_usec, USEC_PER_SEC);
}

static void test_the_first_main_file_counts_alone(void **state) {
        Machine *machine = *state;

        put(machine, "usr/lib/memctl/memctld.conf", "[Daemon]\nRevertOnStop=yes\n");
        put(machine, "run/memctl/memctld.conf", "[Daemon]\nSampleInterval=3s\n");
        assert_int_equal(load(machine), 0);
        assert_false(machine->config.revert_on_stop);
        assert_int_equal(machine->config.sample_usec, 3 * USEC_PER_SEC);
        put(machine, "etc/memctl/memctld.conf", "");
        assert_int_equal(load(machine), 0);
        assert_int_equal(machine->config.sample_usec, 10 * USEC_PER_SEC);
}

static void test_drop_ins_go_by_name_whatever_their_folder(void **state) {
        Machine *machine = *state;

        put(machine, "etc/memctl/memctld.conf", "[Daemon]\nSampleInterval=1s\n");
        put(machine, "etc/memctl/memctld.conf.d/40-b.conf", "[Daemon]\nSampleInterval=2s\n");
        put(machine, "usr/lib/memctl/memctld.conf.d/30-c.conf", "[Daemon]\nSampleInterval=3s\n");
        put(machine, "run/memctl/memctld.conf.d/10-a.conf", "[Daemon]\nSampleInterval=4s\n");
        put(machine, "etc/memctl/memctld.conf.d/90.conf.bak", "[Daemon]\nSampleInterval=5s\n");
        put(machine, "etc/memctl/memctld.conf.d/.90.conf", "[Daemon]\nSampleInterval=6s\n");
        assert_int_equal(load(machine), 0);
        assert_int_equal(machine->config.sample_usec, 2 * USEC_PER_SEC);
}

static void test_a_drop_in_masks_its_name_in_later_folders(void **state) {
        Machine *machine = *state;
        _cleanup_(freep) char *mask = NULL;

        put(machine, "run/memctl/memctld.conf.d/50.conf", "[Daemon]\nSampleInterval=2s\n");
        put(machine, "usr/lib/memctl/memctld.conf.d/50.conf", "[Bad\n");
        assert_int_equal(load(machine), 0);
        assert_int_equal(machine->config.sample_usec, 2 * USEC_PER_SEC);

        put(machine, "etc/memctl/memctld.conf.d/other.conf", "");
        mask = text_format("%s/etc/memctl/memctld.conf.d/50.conf", machine->tree);
        assert_int_equal(symlink("/dev/null", mask), 0);
        assert_int_equal(load(machine), 0);
        assert_int_equal(machine->config.sample_usec, 10 * USEC_PER_SEC);
}

static void test_a_file_given_by_name_is_the_only_one(void **state) {
        Machine *machine = *state;
        _cleanup_(freep) char *file = text_format("%s/given.conf", machine->tree);

        put(machine, "etc/memctl/memctld.conf", "[Bad\n");
        put(machine, "etc/memctl/memctld.conf.d/50.conf", "[Bad\n");
        put(machine, "given.conf", "[Daemon]\nSampleInterval=2s\n");
        assert_int_equal(config_load(machine->root, file, &machine->problems, &machine->config), 0);
        assert_int_equal(machine->config.sample_usec, 2 * USEC_PER_SEC);
        assert_int_equal(tree_delete(machine->tree, "given.conf"), 0);
        assert_int_equal(config_load(machine->root, file, &machine->problems, &machine->config),
                         -EINVAL);
        assert_string_equal(machine->problems.items[0].file, file);
        assert_string_equal(machine->problems.items[0].message,
                            "this file cannot be opened: No such file or directory");
}

static void test_an_error_leaves_the_old_configuration(void **state) {
        Machine *machine = *state;

        machine->config.sample_usec = 7;
        put(machine, "etc/memctl/memctld.conf", "[Daemon]\nSampleInterval=2s\nLogLevel=loud\n");
        assert_int_equal(load(machine), -EINVAL);
        assert_int_equal(machine->config.sample_usec, 7);
}

static void test_a_second_value_in_a_file_is_warned_of(void **state) {
        Machine *machine = *state;

        put(machine,
            "etc/memctl/memctld.conf",
            "[Daemon]\nSampleInterval=2s\n[Daemon]\nSampleInterval=3s\n");
        assert_int_equal(load(machine), 0);
        assert_int_equal(machine->config.sample_usec, 3 * USEC_PER_SEC);
        assert_int_equal(machine->problems.n, 1);
        assert_string_equal(machine->problems.items[0].message,
                            "SampleInterval= was set in line 2 already; this line counts");
        assert_int_equal(machine->problems.items[0].line, 4);
}

static void test_problems_of_all_files_are_told(void **state) {
        Machine *machine = *state;

        put(machine, "etc/memctl/memctld.conf", "[Bad\n");
        put(machine, "etc/memctl/memctld.conf.d/a.conf/file", "");
        put(machine, "etc/memctl/memctld.conf.d/b.conf", "Worse]\n");
        assert_int_equal(load(machine), -EINVAL);
        assert_int_equal(machine->problems.n_errors, 3);
        assert_string_equal(machine->problems.items[1].message, "is no regular file");
}

static void assert_refused(Machine *machine, const char *words) {
        usec_t before = machine->config.sample_usec;

        assert_int_equal(load(machine), -EINVAL);
        assert_int_equal(machine->config.sample_usec, before);
        if (!strstr(machine->problems.items[0].message, words))
                fail_msg("%s", machine->problems.items[0].message);
        problems_done(&machine->problems);
        machine->problems = PROBLEMS_INIT;
}

static void test_what_others_may_change_or_exchange_is_no_configuration(void **state) {
        Machine *machine = *state;
        int fd = root_fd(machine->root);

        put(machine, "etc/memctl/memctld.conf", "[Daemon]\nSampleInterval=7s\n");
        assert_int_equal(fchmodat(fd, "etc/memctl/memctld.conf", 0666, 0), 0);
        assert_refused(machine, "the file can be written by users other than its owner");
        assert_int_equal(fchmodat(fd, "etc/memctl/memctld.conf", 0644, 0), 0);
        assert_int_equal(fchmodat(fd, "etc/memctl", 0777, 0), 0);
        assert_refused(machine, "the folder can be written by users other than its owner");
        assert_int_equal(fchmodat(fd, "etc/memctl", 0755, 0), 0);
        assert_int_equal(renameat(fd, "etc/memctl/memctld.conf", fd, "other"), 0);
        assert_int_equal(symlinkat("../../other", fd, "etc/memctl/memctld.conf"), 0);
        assert_refused(machine, "is a symbolic link");
}

static void test_a_huge_file_is_refused_unread(void **state) {
        Machine *machine = *state;
        _cleanup_(freep) char *text = malloc(65 * 1024 + 1);

        assert_non_null(text);
        memset(text, '\n', 65 * 1024);
        text[65 * 1024] = '\0';
        put(machine, "etc/memctl/memctld.conf", text);
        assert_int_equal(load(machine), -EINVAL);
        assert_string_equal(machine->problems.items[0].message,
                            "this file is too large; expected at most 64 KiB");
}

/* tests/bad-config/NAME.conf must give exactly the text in NAME.expected. */

static char *read_file(const char *path) {
        char *text = NULL;
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd < 0 || read_all(fd, 1024 * 1024, &text, NULL) < 0)
                return NULL;
        return text;
}

static bool complaint_is_as_expected(const char *folder, const char *name) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        _cleanup_(root_closep) Root *root = NULL;
        _cleanup_(freep) char *expected_file = NULL, *expected = NULL, *text = NULL;
        Config config = {.sample_usec = 7};

        expected_file = text_format("%s/%.*s.expected", folder, (int) strlen(name) - 5, name);
        expected = read_file(expected_file);
        assert_int_equal(root_open(folder, &root), 0);
        assert_int_equal(chdir(folder), 0);
        int r = config_load(root, name, &problems, &config);
        text = problems_format(&problems);
        if (r == -EINVAL && config.sample_usec == 7 && expected && streq(text, expected))
                return true;
        print_error("%s gives %d and\n%sexpected was\n%s\n", name, r, text, expected);
        return false;
}

static void test_each_bad_file_gets_its_complaint(void **state) {
        _cleanup_(freep) char *folder =
                text_format("%s/tests/bad-config", getenv("MEMCTL_SOURCE_ROOT"));
        _cleanup_(closedirp) DIR *dir = opendir(folder);
        unsigned n = 0, n_wrong = 0;

        assert_non_null(dir);
        for (struct dirent *entry; (entry = readdir(dir));) {
                size_t size = strlen(entry->d_name);
                if (size <= 5 || !streq(entry->d_name + size - 5, ".conf"))
                        continue;
                n_wrong += !complaint_is_as_expected(folder, entry->d_name);
                n++;
        }
        assert_true(n >= 12);
        assert_int_equal(n_wrong, 0);
}

#define WITH_MACHINE(test) cmocka_unit_test_setup_teardown(test, machine_init, machine_done)

int main(void) {
        const struct CMUnitTest tests[] = {
                WITH_MACHINE(test_no_file_at_all_gives_the_defaults),
                WITH_MACHINE(test_every_key_is_read),
                WITH_MACHINE(test_the_bounds_of_times_belong_to_them),
                WITH_MACHINE(test_an_empty_value_is_the_default),
                WITH_MACHINE(test_the_first_main_file_counts_alone),
                WITH_MACHINE(test_drop_ins_go_by_name_whatever_their_folder),
                WITH_MACHINE(test_a_drop_in_masks_its_name_in_later_folders),
                WITH_MACHINE(test_a_file_given_by_name_is_the_only_one),
                WITH_MACHINE(test_an_error_leaves_the_old_configuration),
                WITH_MACHINE(test_a_second_value_in_a_file_is_warned_of),
                WITH_MACHINE(test_problems_of_all_files_are_told),
                WITH_MACHINE(test_what_others_may_change_or_exchange_is_no_configuration),
                WITH_MACHINE(test_a_huge_file_is_refused_unread),
                cmocka_unit_test(test_each_bad_file_gets_its_complaint),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
