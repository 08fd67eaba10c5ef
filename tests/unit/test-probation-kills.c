/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a probation makes of the kernel's kills, on recorded counters. */
#include "daemon/evidence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

#include "tests/support/tree.h"

#define SSH "sys/fs/cgroup/system.slice/ssh.service"
#define CRON "sys/fs/cgroup/system.slice/cron.service"
#define PATIENCE_USEC (10 * USEC_PER_SEC)

typedef struct Life {
        char *tree;
        Root *root;
        sd_event *event;
        Baseline *baseline;
        Journal *journal;
        Probation *probation;
        size_t n_verdicts;
        size_t n_killed;
        size_t n_unwatched;
        VerdictKind verdict;
        char *why;
} Life;

static usec_t now_usec(void) {
        struct timespec now;

        (void) clock_gettime(CLOCK_BOOTTIME, &now);
        return (usec_t) now.tv_sec * USEC_PER_SEC + (usec_t) now.tv_nsec / 1000;
}

static int life_init(void **state) {
        Life *life = calloc(1, sizeof(*life));

        assert_non_null(life);
        assert_int_equal(tree_copy("x86-2g-6.1", &life->tree), 0);
        assert_int_equal(root_open(life->tree, &life->root), 0);
        assert_int_equal(sd_event_new(&life->event), 0);
        life->journal = journal_new(1, "tested", "");
        assert_non_null(life->journal);
        *state = life;
        return 0;
}

static int life_done(void **state) {
        Life *life = *state;

        probation_freep(&life->probation);
        journal_free(life->journal);
        baseline_free(life->baseline);
        sd_event_unref(life->event);
        root_close(life->root);
        tree_remove(life->tree);
        free(life->why);
        free(life);
        return 0;
}

static void on_verdict(const Verdict *verdict, void *userdata) {
        Life *life = userdata;

        life->n_verdicts++;
        life->verdict = verdict->kind;
        life->why = evidence_explain(life->probation, verdict, NULL);
        probation_freep(&life->probation); /* as the manager does it */
}

static void on_watched(const WatchLimit *limit, bool watched, void *userdata) {
        Life *life = userdata;

        assert_ptr_equal(limit, &probation_oom_limit);
        life->n_unwatched += !watched;
}

static void on_killed(void *userdata) {
        Life *life = userdata;

        life->n_killed++;
        life->journal->kills_told = life->journal->kills.killed; /* as the manager does it */
}

static int try_begin(Life *life, const WatchLimit **ret_limit) {
        const ProbationCallbacks callbacks = {
                .verdict = on_verdict,
                .watched = on_watched,
                .killed = on_killed,
                .userdata = life,
        };

        return probation_new(life->root,
                             life->event,
                             life->baseline,
                             life->journal,
                             &callbacks,
                             ret_limit,
                             &life->probation);
}

static void begin(Life *life) {
        const WatchLimit *limit = NULL;

        assert_int_equal(try_begin(life, &limit), 0);
        assert_null(limit);
}

static void set_deadline(Life *life, usec_t from_now) {
        life->journal->deadline_usec = now_usec() + from_now;
        assert_int_equal(probation_set_deadline(life->probation), 0);
}

static void run(Life *life, usec_t patience) {
        usec_t end = now_usec() + patience;

        for (usec_t now = now_usec(); life->n_verdicts == 0 && now < end; now = now_usec())
                assert_true(sd_event_run(life->event, end - now) >= 0);
}

static void sample_scope(Life *life, const char *scope) {
        assert_int_equal(baseline_new(&(BaselineOptions){.root = life->root,
                                                         .event = life->event,
                                                         .interval_usec = 20 * USEC_PER_MSEC,
                                                         .pressure_of = scope,
                                                         .runtime_fd = -1,
                                                         .boot_id = "this boot"},
                                      &life->baseline),
                         0);
}

/* The kernel's counter in that file. */
static void count_kills(const Life *life, const char *path, unsigned n) {
        _cleanup_(freep) char *text =
                text_format("nr_free_pages 1\nlow 0\noom 9\noom_kill %u\n", n);

        assert_int_equal(tree_write(life->tree, path, text), 0);
}

/* Watched as if applied just now; looked at with each sample. */
static void begin_with_limit(Life *life, const char *scope, uint64_t limit) {
        sample_scope(life, scope);
        life->journal->pressure_of = scope ? strdup(scope) : NULL;
        life->journal->oom_limit = limit;
        begin(life);
        probation_note_start(life->probation);
        set_deadline(life, USEC_PER_HOUR);
}

/* Another process takes over the journal, as the disk has it. */
static void take_over(Life *life) {
        probation_freep(&life->probation);
        begin(life);
        set_deadline(life, USEC_PER_HOUR);
}

static void assert_quiet(Life *life) {
        run(life, 120 * USEC_PER_MSEC);
        assert_int_equal(life->n_verdicts, 0);
}

static void assert_killed(Life *life, const char *why) {
        run(life, PATIENCE_USEC);
        assert_int_equal(life->n_verdicts, 1);
        assert_int_equal(life->verdict, VERDICT_KILLS);
        assert_string_equal(life->why, why);
}

static void test_a_kill_in_the_scope_ends_it_and_none_before_or_elsewhere(void **state) {
        Life *life = *state;

        count_kills(life, SSH "/memory.events", 5);
        count_kills(life, CRON "/memory.events", 5);
        count_kills(life, "proc/vmstat", 5);
        begin_with_limit(life, "ssh.service", 1);
        assert_quiet(life);
        count_kills(life, CRON "/memory.events", 6);
        count_kills(life, "proc/vmstat", 6);
        assert_quiet(life);
        assert_int_equal(life->n_killed, 0);
        count_kills(life, SSH "/memory.events", 6);
        assert_killed(life, "the kernel killed a process in ssh.service for want of memory");
}

static void test_kills_below_the_limit_are_told_as_they_come(void **state) {
        Life *life = *state;

        count_kills(life, "proc/vmstat", 0);
        begin_with_limit(life, NULL, 3);
        count_kills(life, "proc/vmstat", 1);
        assert_quiet(life);
        count_kills(life, "proc/vmstat", 2);
        assert_quiet(life);
        assert_int_equal(life->n_killed, 2);
        count_kills(life, "proc/vmstat", 4);
        assert_killed(life,
                      "the kernel killed 4 processes in system for want of memory, the limit is 3");
}

static void test_a_restart_loses_no_kill_and_counts_none_twice(void **state) {
        Life *life = *state;

        count_kills(life, "proc/vmstat", 5);
        begin_with_limit(life, NULL, 3);
        count_kills(life, "proc/vmstat", 6);
        assert_quiet(life);
        take_over(life);
        assert_quiet(life);
        assert_true(life->journal->kills.killed == 1);
        assert_int_equal(life->n_killed, 1);
        probation_freep(&life->probation);
        count_kills(life, "proc/vmstat", 7); /* while nobody looks */
        take_over(life);
        assert_quiet(life);
        assert_true(life->journal->kills.killed == 2);
        assert_int_equal(life->n_killed, 2);
        probation_freep(&life->probation);
        count_kills(life, "proc/vmstat", 8);
        take_over(life);
        assert_killed(life,
                      "the kernel killed 3 processes in system for want of memory, the limit is 3");
}

static void test_a_verdict_that_a_process_before_did_not_live_to_give_is_given(void **state) {
        Life *life = *state;

        count_kills(life, "proc/vmstat", 6);
        life->journal->oom_limit = 1;
        life->journal->kills = (OomKills){.last = 6, .killed = 1};
        life->journal->kills_told = 1;
        sample_scope(life, NULL);
        take_over(life);
        assert_killed(life, "the kernel killed a process in system for want of memory");
}

static void test_without_a_limit_kills_are_told_and_end_nothing(void **state) {
        Life *life = *state;

        count_kills(life, "proc/vmstat", 0);
        begin_with_limit(life, NULL, 0);
        count_kills(life, "proc/vmstat", 100);
        assert_quiet(life);
        assert_int_equal(life->n_killed, 1);
        set_deadline(life, 10 * USEC_PER_MSEC);
        run(life, PATIENCE_USEC);
        assert_int_equal(life->verdict, VERDICT_KEEP);
}

/* Nobody knows whether the last thing that it did was to die. */
static void test_a_counter_that_is_gone_at_the_end_is_to_revert(void **state) {
        Life *life = *state;

        count_kills(life, SSH "/memory.events", 0);
        begin_with_limit(life, "ssh.service", 1);
        assert_int_equal(tree_delete(life->tree, SSH "/memory.events"), 0);
        assert_quiet(life);
        assert_int_equal(life->n_unwatched, 1);
        set_deadline(life, 10 * USEC_PER_MSEC);
        run(life, PATIENCE_USEC);
        assert_int_equal(life->verdict, VERDICT_UNWATCHED);
        assert_string_equal(life->why,
                            "the probation ended, but oom-kill could not be watched: the cgroup "
                            "of ssh.service is gone");
}

static void test_a_unit_that_was_restarted_counts_from_the_beginning(void **state) {
        Life *life = *state;

        count_kills(life, SSH "/memory.events", 1);
        begin_with_limit(life, "ssh.service", 1);
        assert_int_equal(tree_delete(life->tree, SSH "/memory.events"), 0);
        assert_quiet(life);
        count_kills(life, SSH "/memory.events", 1); /* as many as the old one had */
        assert_killed(life, "the kernel killed a process in ssh.service for want of memory");
}

static void test_a_limit_on_kills_that_are_not_counted_is_refused(void **state) {
        Life *life = *state;
        const WatchLimit *limit = NULL;

        life->journal->oom_limit = 1;
        sample_scope(life, NULL);
        assert_int_equal(tree_write(life->tree, "proc/vmstat", "nr_free_pages 1\n"), 0);
        assert_int_equal(try_begin(life, &limit), -ENODATA); /* before 4.13 */
        assert_ptr_equal(limit, &probation_oom_limit);
        assert_null(life->probation);
        life->journal->oom_limit = 0;
        begin(life);
}

#define IN_A_LIFE(test) cmocka_unit_test_setup_teardown(test, life_init, life_done)

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_A_LIFE(test_a_kill_in_the_scope_ends_it_and_none_before_or_elsewhere),
                IN_A_LIFE(test_kills_below_the_limit_are_told_as_they_come),
                IN_A_LIFE(test_a_restart_loses_no_kill_and_counts_none_twice),
                IN_A_LIFE(test_a_verdict_that_a_process_before_did_not_live_to_give_is_given),
                IN_A_LIFE(test_without_a_limit_kills_are_told_and_end_nothing),
                IN_A_LIFE(test_a_counter_that_is_gone_at_the_end_is_to_revert),
                IN_A_LIFE(test_a_unit_that_was_restarted_counts_from_the_beginning),
                IN_A_LIFE(test_a_limit_on_kills_that_are_not_counted_is_refused),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
