/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/kernel-log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "tests/support/journal-file.h"
#include "tests/support/tree.h"

#define HOUR USEC_PER_HOUR
#define DAY ((usec_t) 1790000000000000)

static const JournalEntry entries[] = {
        {DAY, 'a', "first boot"},
        {DAY + 1, 'a', "an oom invoked oom-killer", "syslog"},
        {DAY + 1 * HOUR, 'a', "usage 1kB\nlimit 2kB\n"},
        {DAY + 2 * HOUR, 'b', "second boot"},
        {DAY + 3 * HOUR, 'b', "at three"},
        {DAY + 3 * HOUR, 'b', "also at three"},
        {DAY + 4 * HOUR, 'c', "third boot"},
        {DAY + 5 * HOUR, 'd', "no kernel here", "stdout"},
};

typedef struct Heard {
        char text[512];
        size_t n;
        usec_t last_usec;
        int result;
} Heard;

static int on_line(usec_t realtime_usec, char *line, size_t n, void *userdata) {
        Heard *heard = userdata;

        assert_int_equal(strlen(line), n);
        assert_true(realtime_usec >= heard->last_usec);
        heard->last_usec = realtime_usec;
        heard->n += (size_t) snprintf(
                heard->text + heard->n, sizeof(heard->text) - heard->n, "%s|", line);
        memset(line, 'x', n + 1); /* as the parser of dumps does */
        return heard->result;
}

static char *tree;

static int init(void **state) {
        return tree_copy(NULL, &tree);
}

static int done(void **state) {
        tree = tree_remove(tree);
        return 0;
}

static int read_range(const KernelLogRange *range, Heard *heard) {
        _cleanup_(root_closep) Root *root = NULL;

        assert_int_equal(root_open(tree, &root), 0);
        return kernel_log_read(root, range, on_line, heard);
}

static void assert_boot(const char *boot, int result, const char *text) {
        KernelLogRange range = KERNEL_LOG_RANGE_INIT;
        Heard heard = {0};

        assert_int_equal(kernel_log_parse_boot(boot, &range), 0);
        assert_int_equal(read_range(&range, &heard), result);
        assert_string_equal(heard.text, text);
}

static void test_only_the_kernel_is_heard_in_order_and_line_by_line(void **state) {
        journal_file_write(tree, entries, ELEMENTSOF(entries));
        assert_boot("all",
                    0,
                    "first boot|usage 1kB|limit 2kB||second boot|at three|also at three|"
                    "third boot|");
}

static void test_a_boot_is_found_by_number_and_by_id(void **state) {
        char id[64], before[64];

        memset(id, 'b', 32);
        id[32] = '\0';
        (void) snprintf(before, sizeof(before), "%.32s-1", id);
        journal_file_write(tree, entries, ELEMENTSOF(entries));
        assert_boot("-1", 0, "third boot|");
        assert_boot("-2", 0, "second boot|at three|also at three|");
        assert_boot("1", 0, "first boot|usage 1kB|limit 2kB||");
        assert_boot("+3", 0, "third boot|");
        assert_boot(id, 0, "second boot|at three|also at three|");
        assert_boot(before, 0, "first boot|usage 1kB|limit 2kB||");
        (void) snprintf(before, sizeof(before), "%.32s+1", id);
        assert_boot(before, 0, "third boot|");
}

static void test_a_boot_that_is_not_there_is_named_so(void **state) {
        journal_file_write(tree, entries, ELEMENTSOF(entries));
        assert_boot("-4", -ENXIO, "");
        assert_boot("5", -ENXIO, "");
        assert_boot("-99999", -ENXIO, "");
        assert_boot("0123456789abcdef0123456789abcdef", -ENXIO, "");
        assert_boot("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-1", -ENXIO, "");
}

static void test_a_boot_without_the_kernel_is_no_quiet_kernel(void **state) {
        KernelLogRange range = {.boot_offset = -1, .since_usec = DAY + 6 * HOUR};
        Heard heard = {0};

        journal_file_write(tree, entries, ELEMENTSOF(entries));
        assert_boot("", -ENODATA, "");
        range.until_usec = USEC_INFINITY;
        assert_int_equal(read_range(&range, &heard), 0);
        assert_string_equal(heard.text, "");
}

static void test_both_ends_of_the_time_are_in_it(void **state) {
        KernelLogRange range = {
                .all_boots = true, .since_usec = DAY + 1 * HOUR, .until_usec = DAY + 3 * HOUR};
        Heard heard = {0};

        journal_file_write(tree, entries, ELEMENTSOF(entries));
        assert_int_equal(read_range(&range, &heard), 0);
        assert_string_equal(heard.text, "usage 1kB|limit 2kB||second boot|at three|also at three|");
        assert_int_equal(heard.last_usec, DAY + 3 * HOUR);
}

static void test_the_function_stops_it(void **state) {
        KernelLogRange range = {.all_boots = true, .until_usec = USEC_INFINITY};
        Heard heard = {.result = -ECANCELED};

        journal_file_write(tree, entries, ELEMENTSOF(entries));
        assert_int_equal(read_range(&range, &heard), -ECANCELED);
        assert_string_equal(heard.text, "first boot|");
}

static void test_no_journal_is_no_empty_journal(void **state) {
        assert_boot("", -ENOENT, "");
        assert_boot("all", -ENOENT, "");
        assert_int_equal(tree_write(tree, "var/log/journal/README", ""), 0);
        assert_boot("-1", -ENOENT, "");
}

/* root may read everything: asked as somebody else. */
static void test_a_journal_that_may_not_be_read_is_named_so(void **state) {
        _cleanup_(freep) char *journals = text_format("%s/var", tree);

        journal_file_write(tree, entries, ELEMENTSOF(entries));
        assert_int_equal(chmod(journals, 0700), 0);
        assert_int_equal(chmod(tree, 0755), 0);
        uid_t user = geteuid();
        if (user != 0)
                assert_int_equal(chmod(journals, 0), 0);
        else
                assert_int_equal(seteuid(65534), 0);
        KernelLogRange range = KERNEL_LOG_RANGE_INIT;
        Heard heard = {0};
        int r = read_range(&range, &heard);
        if (user == 0)
                assert_int_equal(seteuid(0), 0);
        assert_int_equal(chmod(journals, 0700), 0);
        assert_int_equal(r, -EACCES);
}

static void test_nonsense_is_no_boot(void **state) {
        static const char *const wrong[] = {
                "--1",
                "x",
                "1x",
                "all1",
                "99999999999999999999",
                "0123456789abcdef0123456789abcdef1",
                "0123456789abcdef0123456789abcdefg",
                "0123456789abcdef",
        };
        KernelLogRange range = KERNEL_LOG_RANGE_INIT;

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                assert_int_equal(kernel_log_parse_boot(wrong[i], &range), -EINVAL);
        assert_false(range.all_boots);
        assert_int_equal(range.boot_offset, 0);
}

static void test_each_failure_has_words(void **state) {
        static const int errors[] = {-ENOENT, -EACCES, -ENXIO, -ENODATA};

        for (size_t i = 0; i < ELEMENTSOF(errors); i++)
                assert_non_null(kernel_log_error_to_string(errors[i]));
        assert_null(kernel_log_error_to_string(-ENOMEM));
}

#define IN_A_TREE(test) cmocka_unit_test_setup_teardown(test, init, done)

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_A_TREE(test_only_the_kernel_is_heard_in_order_and_line_by_line),
                IN_A_TREE(test_a_boot_is_found_by_number_and_by_id),
                IN_A_TREE(test_a_boot_that_is_not_there_is_named_so),
                IN_A_TREE(test_a_boot_without_the_kernel_is_no_quiet_kernel),
                IN_A_TREE(test_both_ends_of_the_time_are_in_it),
                IN_A_TREE(test_the_function_stops_it),
                IN_A_TREE(test_no_journal_is_no_empty_journal),
                IN_A_TREE(test_a_journal_that_may_not_be_read_is_named_so),
                cmocka_unit_test(test_nonsense_is_no_boot),
                cmocka_unit_test(test_each_failure_has_words),
        };

        if (journal_file_missing()) {
                (void) printf("1..0 # SKIP %s\n", journal_file_missing());
                return 0;
        }
        return cmocka_run_group_tests(tests, NULL, NULL);
}
