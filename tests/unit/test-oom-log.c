/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's log read by another process, from journals that are there, late or missing. */
#include "daemon/oom-log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "tests/support/journal-file.h"
#include "tests/support/tree.h"

#define DAY ((usec_t) 1790000000000000)
#define PATIENCE_USEC (10 * USEC_PER_SEC)

typedef struct Life {
        char *tree;
        Root *root;
        sd_event *event;
        OomLog *log;
        int (*read)(const Root *root, const char *cgroup, usec_t since_usec, KillLog *ret);
        size_t n_done;
        json_object *events;
        char *note;
        usec_t longest_usec; /* that one turn of the loop took, waiting aside */
} Life;

static usec_t now_usec(void) {
        struct timespec now;

        (void) clock_gettime(CLOCK_MONOTONIC, &now);
        return (usec_t) now.tv_sec * USEC_PER_SEC + (usec_t) now.tv_nsec / 1000;
}

static int life_init(void **state) {
        Life *life = calloc(1, sizeof(*life));

        assert_non_null(life);
        life->read = kill_log_read;
        assert_int_equal(tree_copy(NULL, &life->tree), 0);
        assert_int_equal(root_open(life->tree, &life->root), 0);
        assert_int_equal(sd_event_new(&life->event), 0);
        *state = life;
        return 0;
}

static int life_done(void **state) {
        Life *life = *state;

        oom_log_free(life->log);
        sd_event_unref(life->event);
        root_close(life->root);
        tree_remove(life->tree);
        (void) json_object_put(life->events);
        free(life->note);
        free(life);
        return 0;
}

static void on_done(json_object *events, char *note, void *userdata) {
        Life *life = userdata;

        life->n_done++;
        life->events = events;
        life->note = note;
        oom_log_freep(&life->log); /* as the manager does it */
}

static void begin(Life *life, uint64_t killed) {
        assert_int_equal(oom_log_new(&(OomLogOptions){.root = life->root,
                                                      .event = life->event,
                                                      .cgroup = "sys/fs/cgroup/a",
                                                      .since_usec = DAY,
                                                      .killed = killed,
                                                      .read = life->read,
                                                      .done = on_done,
                                                      .userdata = life},
                                     &life->log),
                         0);
}

/* Until it is done, or time is up. */
static void run(Life *life, usec_t patience) {
        usec_t end = now_usec() + patience;

        for (usec_t now = now_usec(); life->n_done == 0 && now < end; now = now_usec()) {
                int r = sd_event_prepare(life->event);
                if (r == 0)
                        r = sd_event_wait(life->event, end - now);
                usec_t start = now_usec();
                if (r > 0)
                        assert_true(sd_event_dispatch(life->event) >= 0);
                life->longest_usec = MAX_OF(life->longest_usec, now_usec() - start);
        }
}

static void write_kill(const Life *life, usec_t at, int pid) {
        _cleanup_(freep) char *text = journal_file_kill("hog", pid, "/a/b");
        const JournalEntry entry = {at, 'a', text};

        journal_file_write(life->tree, &entry, 1);
}

static size_t n_events(const Life *life) {
        return life->events ? json_object_array_length(life->events) : 0;
}

static void test_what_is_there_is_read_at_once(void **state) {
        Life *life = *state;

        write_kill(life, DAY + 1, 4711);
        begin(life, 1);
        usec_t start = now_usec();
        run(life, PATIENCE_USEC);
        assert_int_equal(life->n_done, 1);
        assert_int_equal(n_events(life), 1);
        assert_null(life->note);
        assert_true(now_usec() - start < 5 * USEC_PER_SEC); /* of 16 in vain */
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);   /* nobody is left to wait for */
}

static void test_a_journal_that_lags_is_read_again(void **state) {
        Life *life = *state;

        write_kill(life, DAY - 1, 1); /* before the change */
        begin(life, 1);
        run(life, 500 * USEC_PER_MSEC);
        assert_int_equal(life->n_done, 0);
        write_kill(life, DAY + 1, 4711);
        run(life, PATIENCE_USEC);
        assert_int_equal(life->n_done, 1);
        assert_int_equal(n_events(life), 1);
        assert_null(life->note);
}

/* A kill just before the change, which the journal took after it. */
static void test_more_than_were_counted_are_not_passed_off_as_all_of_it(void **state) {
        Life *life = *state;

        write_kill(life, DAY + 1, 1);
        write_kill(life, DAY + 2, 2);
        begin(life, 1);
        run(life, PATIENCE_USEC);
        assert_int_equal(n_events(life), 2);
        assert_string_equal(life->note,
                            "the system journal tells of 2, 1 was counted: not all may be of the "
                            "time since the change");
}

static void test_no_journal_is_said_at_once(void **state) {
        Life *life = *state;

        begin(life, 1);
        usec_t start = now_usec();
        run(life, PATIENCE_USEC);
        assert_int_equal(life->n_done, 1);
        assert_int_equal(n_events(life), 0);
        assert_string_equal(life->note,
                            "what the kernel said of it is not known: there is no system journal");
        assert_true(now_usec() - start < 5 * USEC_PER_SEC); /* of 16 in vain */
}

static int hang(const Root *root, const char *cgroup, usec_t since_usec, KillLog *ret) {
        (void) pause();
        return -EINTR;
}

static int crash(const Root *root, const char *cgroup, usec_t since_usec, KillLog *ret) {
        _exit(EXIT_FAILURE);
}

/* As one does that waits for a dead disk. */
static void test_a_reader_that_hangs_holds_up_nobody(void **state) {
        Life *life = *state;

        life->read = hang;
        begin(life, 1);
        run(life, 800 * USEC_PER_MSEC);
        assert_int_equal(life->n_done, 0);
        assert_true(life->longest_usec < 2 * USEC_PER_SEC); /* it hangs for much longer */
        oom_log_freep(&life->log);                          /* in the midst of it */
        run(life, 100 * USEC_PER_MSEC);
        assert_int_equal(life->n_done, 0);
}

static void test_a_reader_that_dies_is_followed_by_others(void **state) {
        Life *life = *state;

        life->read = crash;
        begin(life, 1);
        run(life, 900 * USEC_PER_MSEC);
        assert_int_equal(life->n_done, 0);
}

#define IN_A_LIFE(test) cmocka_unit_test_setup_teardown(test, life_init, life_done)

int main(void) {
        static const struct CMUnitTest tests[] = {
                IN_A_LIFE(test_what_is_there_is_read_at_once),
                IN_A_LIFE(test_a_journal_that_lags_is_read_again),
                IN_A_LIFE(test_more_than_were_counted_are_not_passed_off_as_all_of_it),
                IN_A_LIFE(test_no_journal_is_said_at_once),
                IN_A_LIFE(test_a_reader_that_hangs_holds_up_nobody),
                IN_A_LIFE(test_a_reader_that_dies_is_followed_by_others),
        };

        if (journal_file_missing()) {
                (void) printf("1..0 # SKIP %s\n", journal_file_missing());
                return 0;
        }
        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
