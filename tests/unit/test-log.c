/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

/* stderr leads into a file; what it holds is compared. */
typedef struct Capture {
        int file_fd;
        int stderr_fd;
} Capture;

static int capture_init(void **state) {
        Capture *capture = calloc(1, sizeof(*capture));
        FILE *file = tmpfile();

        assert_non_null(capture);
        assert_non_null(file);
        capture->file_fd = dup(fileno(file));
        capture->stderr_fd = dup(STDERR_FILENO);
        (void) fclose(file);
        assert_true(dup2(capture->file_fd, STDERR_FILENO) >= 0);
        (void) unsetenv("JOURNAL_STREAM");
        log_set_level(LOG_INFO);
        *state = capture;
        return 0;
}

static int capture_done(void **state) {
        Capture *capture = *state;

        (void) dup2(capture->stderr_fd, STDERR_FILENO);
        (void) close(capture->stderr_fd);
        (void) close(capture->file_fd);
        free(capture);
        return 0;
}

static void assert_logged(const Capture *capture, const char *expected) {
        _cleanup_(freep) char *text = NULL;

        assert_true(lseek(capture->file_fd, 0, SEEK_SET) == 0);
        assert_int_equal(read_all(capture->file_fd, 4096, &text, NULL), 0);
        assert_string_equal(text, expected);
}

static void become_journal(const Capture *capture) {
        struct stat st;

        assert_int_equal(fstat(capture->file_fd, &st), 0);
        _cleanup_(freep) char *stream = text_format(
                "%llu:%llu", (unsigned long long) st.st_dev, (unsigned long long) st.st_ino);
        assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
}

static void test_a_line_is_plain_where_stderr_is_no_journal(void **state) {
        log_warning("%s is %d", "one", 1);
        assert_logged(*state, "one is 1\n");
}

static void test_a_line_carries_its_priority_to_the_journal(void **state) {
        become_journal(*state);
        assert_true(log_is_journal());
        log_warning("beware");
        log_error("alas");
        assert_logged(*state, "<4>beware\n<3>alas\n");
}

static void test_the_journal_of_another_stderr_is_not_ours(void **state) {
        become_journal(*state);
        assert_true(dup2(((Capture *) *state)->stderr_fd, STDERR_FILENO) >= 0);
        bool is_journal = log_is_journal();
        assert_true(dup2(((Capture *) *state)->file_fd, STDERR_FILENO) >= 0);
        assert_false(is_journal);
        assert_int_equal(setenv("JOURNAL_STREAM", "garbage", 1), 0);
        assert_false(log_is_journal());
}

static void test_each_line_of_a_text_has_its_own_priority(void **state) {
        become_journal(*state);
        log_info("one\ntwo\n\nfour\n");
        assert_logged(*state, "<6>one\n<6>two\n<6>\n<6>four\n");
}

static void test_what_lies_above_the_level_is_dropped(void **state) {
        log_debug("not yet");
        log_info("info");
        log_set_level(LOG_DEBUG);
        log_debug("now");
        log_set_level(LOG_ERR);
        log_warning("no more");
        assert_logged(*state, "info\nnow\n");
}

static void test_errno_survives_and_an_empty_text_is_an_empty_line(void **state) {
        errno = EBUSY;
        log_info("%s", "");
        assert_int_equal(errno, EBUSY);
        assert_logged(*state, "\n");
}

#define WITH_CAPTURE(test) cmocka_unit_test_setup_teardown(test, capture_init, capture_done)

int main(void) {
        const struct CMUnitTest tests[] = {
                WITH_CAPTURE(test_a_line_is_plain_where_stderr_is_no_journal),
                WITH_CAPTURE(test_a_line_carries_its_priority_to_the_journal),
                WITH_CAPTURE(test_the_journal_of_another_stderr_is_not_ours),
                WITH_CAPTURE(test_each_line_of_a_text_has_its_own_priority),
                WITH_CAPTURE(test_what_lies_above_the_level_is_dropped),
                WITH_CAPTURE(test_errno_survives_and_an_empty_text_is_an_empty_line),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
