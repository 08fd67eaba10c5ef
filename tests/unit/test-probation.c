/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Deadlines and evidence, on recorded pressure; test-probation-live has the triggers. */
#include "daemon/evidence.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

#include "tests/support/tree.h"

#define SSH "sys/fs/cgroup/system.slice/ssh.service"
#define PATIENCE_USEC (10 * USEC_PER_SEC)

typedef struct Life {
        char *tree;
        Root *root;
        sd_event *event;
        Baseline *baseline;
        int runtime_fd;
        Journal *journal;
        Probation *probation;
        size_t n_verdicts;
        size_t n_regressed;
        VerdictKind verdict;
        char *why;
} Life;

static const char boot_id[BOOT_ID_MAX] = "this boot";
static const WatchLimit io_limit = {METRIC_IO_SOME, 500, 2 * USEC_PER_SEC};

static usec_t now_usec(void) {
        struct timespec now;

        (void) clock_gettime(CLOCK_BOOTTIME, &now);
        return (usec_t) now.tv_sec * USEC_PER_SEC + (usec_t) now.tv_nsec / 1000;
}

/* In the place of what was sampled before. */
static void sample_scope(Life *life, const char *scope, usec_t interval) {
        baseline_freep(&life->baseline);
        assert_int_equal(baseline_new(&(BaselineOptions){.root = life->root,
                                                         .event = life->event,
                                                         .interval_usec = interval,
                                                         .pressure_of = scope,
                                                         .runtime_fd = life->runtime_fd,
                                                         .boot_id = boot_id},
                                      &life->baseline),
                         0);
}

static int life_init(void **state) {
        Life *life = calloc(1, sizeof(*life));

        assert_non_null(life);
        assert_int_equal(tree_copy("x86-2g-6.1", &life->tree), 0);
        assert_int_equal(root_open(life->tree, &life->root), 0);
        assert_int_equal(sd_event_new(&life->event), 0);
        life->runtime_fd = open(life->tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_true(life->runtime_fd >= 0);
        sample_scope(life, NULL, USEC_PER_HOUR);
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
        closep(&life->runtime_fd);
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
        free(life->why);
        _cleanup_(report_freep) Report *report = evidence_report(life->probation, verdict);
        assert_non_null(report);
        life->why = evidence_explain(life->probation, verdict, report);
        probation_freep(&life->probation); /* as the manager does it */
}

static void on_watched(const WatchLimit *limit, bool watched, void *userdata) {
        fail_msg("no limit is watched here");
}

static void on_regressed(void *userdata) {
        Life *life = userdata;

        life->n_regressed++;
}

static int try_begin(Life *life, const WatchLimit **ret_limit) {
        const ProbationCallbacks callbacks = {
                .verdict = on_verdict,
                .watched = on_watched,
                .regressed = on_regressed,
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

/* From now on io has been stalled for so long. */
static void stall(const Life *life, const char *path, usec_t usec) {
        _cleanup_(freep) char *text =
                text_format("some avg10=0.00 avg60=0.00 avg300=0.00 total=%lu\n"
                            "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
                            (unsigned long) usec);

        assert_int_equal(tree_write(life->tree, path, text), 0);
}

/* The same of the full line alone. */
static void stall_full(const Life *life, usec_t usec) {
        _cleanup_(freep) char *text =
                text_format("some avg10=0.00 avg60=0.00 avg300=0.00 total=%lu\n"
                            "full avg10=0.00 avg60=0.00 avg300=0.00 total=%lu\n",
                            (unsigned long) usec,
                            (unsigned long) usec);

        assert_int_equal(tree_write(life->tree, "proc/pressure/io", text), 0);
}

/* Deadlines */

static void test_without_a_limit_exceeded_the_end_is_to_keep(void **state) {
        Life *life = *state;

        begin(life);
        set_deadline(life, 50 * USEC_PER_MSEC);
        run(life, PATIENCE_USEC);
        assert_int_equal(life->n_verdicts, 1);
        assert_int_equal(life->verdict, VERDICT_KEEP);
        assert_string_equal(life->why, "the probation ended and no limit was exceeded");
        assert_true(now_usec() >= life->journal->deadline_usec);
}

static void test_without_a_confirmation_asked_for_the_end_is_to_revert(void **state) {
        Life *life = *state;

        life->journal->confirm = true;
        begin(life);
        set_deadline(life, 50 * USEC_PER_MSEC);
        run(life, PATIENCE_USEC);
        assert_int_equal(life->verdict, VERDICT_UNCONFIRMED);
        assert_string_equal(life->why, "nobody confirmed it with 'memctl keep' in time");
}

static void test_a_deadline_that_passed_before_a_restart_comes_at_once(void **state) {
        Life *life = *state;

        begin(life);
        life->journal->deadline_usec = 1;
        assert_int_equal(probation_set_deadline(life->probation), 0);
        usec_t start = now_usec();
        run(life, PATIENCE_USEC);
        assert_int_equal(life->n_verdicts, 1);
        assert_true(now_usec() - start < 2 * USEC_PER_SEC);
}

static void test_a_deadline_that_moved_is_the_only_one(void **state) {
        Life *life = *state;

        begin(life);
        set_deadline(life, 10 * USEC_PER_MSEC);
        set_deadline(life, USEC_PER_HOUR);
        run(life, 1200 * USEC_PER_MSEC); /* the old one, and the most it may be late */
        assert_int_equal(life->n_verdicts, 0);
        set_deadline(life, 0);
        run(life, PATIENCE_USEC);
        assert_int_equal(life->n_verdicts, 1);
}

static void test_a_probation_that_is_freed_gives_no_verdict(void **state) {
        Life *life = *state;

        begin(life);
        set_deadline(life, 0);
        probation_freep(&life->probation);
        run(life, 1200 * USEC_PER_MSEC);
        assert_int_equal(life->n_verdicts, 0);
}

/* What cannot be watched */

static void test_a_limit_that_cannot_be_armed_is_named(void **state) {
        Life *life = *state;
        const WatchLimit *limit = NULL;

        life->journal->limits[0] = io_limit;
        life->journal->n_limits = 1;
        assert_true(try_begin(life, &limit) < 0);
        assert_ptr_equal(limit, &life->journal->limits[0]);
        assert_null(life->probation);
}

static void test_a_cgroup_that_is_not_there_is_refused(void **state) {
        Life *life = *state;
        const WatchLimit *limit = &io_limit;

        life->journal->pressure_of = strdup("none.service");
        assert_int_equal(try_begin(life, &limit), -ENOENT);
        assert_null(limit);
        assert_null(life->probation);
}

/* Evidence */

static void test_the_pressure_is_that_of_the_cgroup_asked_for(void **state) {
        Life *life = *state;
        int shares[_METRIC_MAX];

        life->journal->pressure_of = strdup("ssh.service");
        stall(life, SSH "/io.pressure", 1000);
        sample_scope(life, "ssh.service", USEC_PER_HOUR);
        begin(life);
        probation_note_start(life->probation);
        assert_int_equal(life->journal->start.stall_usec[METRIC_IO_SOME], 1000);
        /* Half of the time since a start ten seconds ago. */
        life->journal->start.at_usec = now_usec() - 10 * USEC_PER_SEC;
        assert_int_equal(usleep(1000 * 1000), 0);
        stall(life, SSH "/io.pressure", 1000 + 5500 * USEC_PER_MSEC);
        probation_pressure(life->probation, shares);
        assert_in_range(shares[METRIC_IO_SOME], 4700, 5000);
        assert_int_equal(shares[METRIC_IO_FULL], 0);
}

static void assert_matches(const char *text, const char *first, const char *last) {
        if (!text || !text_starts_with(text, first) || strlen(text) < strlen(last) ||
            !streq(text + strlen(text) - strlen(last), last))
                fail_msg("\"%s\" does not begin with \"%s\" and end with \"%s\"",
                         text ? text : "",
                         first,
                         last);
}

static void test_a_limit_is_explained_with_what_was_and_what_is(void **state) {
        Life *life = *state;
        const Verdict verdict = {VERDICT_LIMIT, &io_limit};

        stall(life, "proc/pressure/io", 0);
        assert_int_equal(usleep(1000 * 1000), 0);
        begin(life);
        probation_note_start(life->probation);
        life->journal->before[METRIC_IO_SOME] = 12;
        life->journal->start.at_usec -= USEC_PER_SEC;
        assert_int_equal(usleep(1000 * 1000), 0);
        stall(life, "proc/pressure/io", 20 * USEC_PER_SEC);
        _cleanup_(freep) char *why = evidence_explain(life->probation, &verdict, NULL);
        assert_matches(why,
                       "io.some exceeded the limit of 5% over 2s: 100 % of the last 2",
                       "s was stalled; before the change it was 0.12 %");

        _cleanup_(event_freep) Event *event = event_new(EVENT_LIMIT, "tested", 1);
        evidence_add(life->probation, &verdict, NULL, event);
        assert_string_equal(event_field(event, "limit"), "5% over 2s");
        assert_string_equal(event_field(event, "io.some-before"), "0.12 %");
        assert_string_equal(event_field(event, "io.some-since"), "100 %");
        assert_string_equal(event_field(event, "io.some-last"), "100 %");
        assert_null(event_field(event, "memory.some-before"));
        assert_null(event_field(event, "cpu.full-since"));
}

static void test_what_is_not_known_is_left_out_of_the_explanation(void **state) {
        Life *life = *state;
        const Verdict limit = {VERDICT_LIMIT, &io_limit};
        const Verdict unwatched = {VERDICT_UNWATCHED, &io_limit};

        assert_int_equal(tree_delete(life->tree, "proc/pressure"), 0);
        begin(life);
        _cleanup_(freep) char *why = evidence_explain(life->probation, &limit, NULL);
        assert_string_equal(why, "io.some exceeded the limit of 5% over 2s");
        _cleanup_(freep) char *gone = evidence_explain(life->probation, &unwatched, NULL);
        assert_string_equal(gone,
                            "the probation ended, but io.some could not be watched: the cgroup of "
                            "the system is gone");
        _cleanup_(event_freep) Event *event = event_new(EVENT_KEPT, "tested", 1);
        evidence_add(life->probation, NULL, NULL, event);
        assert_int_equal(event->n_fields, 0);
}

static void test_the_pressure_before_is_that_of_the_baseline(void **state) {
        Life *life = *state;

        stall(life, "proc/pressure/io", 100 * USEC_PER_SEC);
        baseline_freep(&life->baseline);
        assert_int_equal(tree_delete(life->tree, "samples"), 0);
        sample_scope(life, NULL, USEC_PER_HOUR);
        life->journal->baseline_usec = USEC_PER_MINUTE;
        begin(life);
        assert_int_equal(usleep(1000 * 1000), 0);
        stall(life, "proc/pressure/io", 100 * USEC_PER_SEC + 500 * USEC_PER_MSEC);
        probation_note_before(life->probation);
        /* Half of a second, or less when this machine is slow. */
        assert_in_range(life->journal->before[METRIC_IO_SOME], 1000, 5000);
        assert_int_equal(life->journal->before[METRIC_IO_FULL], 0);
}

/* Regressions */

/*
 * A process before this one has sampled an hour, applied the profile, and sampled 10 min since:
 * io.full was stalled by so much of the time before and since, in 1/10000.
 */
static void put_samples(Life *life, unsigned before, unsigned since) {
        _cleanup_(ring_closep) Ring *ring = NULL;
        usec_t start = now_usec() - 601 * USEC_PER_SEC, stalled = 0;
        int error;

        (void) tree_delete(life->tree, "samples");
        assert_int_equal(ring_open(life->runtime_fd, "samples", "system", boot_id, &ring, &error),
                         0);
        assert_int_equal(error, 0);
        for (int i = -360; i <= 60; i++) {
                Sample sample = {.at_usec = start + (usec_t) ((int64_t) i * 10000000)};
                stalled += (i > 0 ? since : before) * 1000 * (usec_t) (50 + (i + 360) * 37 % 101) /
                           100;
                for (int metric = 0; metric < _METRIC_MAX; metric++)
                        sample.valid[metric] = true;
                sample.stall_usec[METRIC_IO_FULL] = stalled;
                ring_add(ring, &sample, i > 0 ? 1 : 0, i > 0 && i < 6);
                if (i == 0)
                        life->journal->start = sample;
        }
        life->journal->started_usec = start;
        life->journal->baseline_usec = USEC_PER_HOUR;
        life->journal->regressions[0] = (WatchRegression){METRIC_IO_FULL, 0};
        life->journal->n_regressions = 1;
        assert_int_equal(tree_write(life->tree, "proc/pressure/memory", "gone\n"), 0);
        stall_full(life, stalled);
        baseline_freep(&life->baseline);
        sample_scope(life, NULL, 10 * USEC_PER_SEC);
}

/* Blocks are of 10 s, as the samples before were taken; what follows need not be waited for. */
static void begin_again(Life *life) {
        begin(life);
        assert_int_equal(baseline_set_interval(life->baseline, 10 * USEC_PER_MSEC), 0);
}

static void test_a_rise_that_a_process_before_has_seen_ends_the_probation(void **state) {
        Life *life = *state;

        put_samples(life, 50, 200);
        begin_again(life);
        set_deadline(life, USEC_PER_HOUR);
        run(life, PATIENCE_USEC);
        assert_int_equal(life->n_verdicts, 1);
        assert_int_equal(life->verdict, VERDICT_REGRESSION);
        assert_matches(
                life->why, "it regressed: io.full went from 0.50 % (95 %: 0.4", " against chance");
}

static void test_the_same_pressure_is_kept(void **state) {
        Life *life = *state;

        put_samples(life, 200, 200);
        begin_again(life);
        set_deadline(life, 200 * USEC_PER_MSEC);
        run(life, PATIENCE_USEC);
        assert_int_equal(life->n_verdicts, 1);
        assert_int_equal(life->verdict, VERDICT_KEEP);
        assert_matches(
                life->why,
                "the probation ended and nothing got worse: io.full went from 2.00 % (95 %: 1.9",
                "below the harm of 1.00");
}

static void test_a_rise_may_be_told_only_and_is_told_once(void **state) {
        Life *life = *state;

        put_samples(life, 50, 200);
        life->journal->on_regression = ON_REGRESSION_REPORT;
        begin_again(life);
        set_deadline(life, 3 * USEC_PER_SEC);
        run(life, PATIENCE_USEC);
        assert_int_equal(life->n_regressed, 1);
        assert_int_equal(life->n_verdicts, 1);
        assert_int_equal(life->verdict, VERDICT_INCONCLUSIVE);
}

static void test_what_cannot_be_measured_is_inconclusive(void **state) {
        Life *life = *state;

        assert_int_equal(tree_delete(life->tree, "proc/pressure"), 0);
        life->journal->regressions[0] = (WatchRegression){METRIC_IO_FULL, 0};
        life->journal->n_regressions = 1;
        begin(life);
        probation_note_start(life->probation);
        set_deadline(life, 10 * USEC_PER_MSEC);
        run(life, PATIENCE_USEC);
        assert_int_equal(life->verdict, VERDICT_INCONCLUSIVE);
        assert_matches(life->why,
                       "the probation ended without a limit exceeded, but inconclusive: not one "
                       "block of io.full",
                       "since the change");
}

#define IN_A_LIFE(test) cmocka_unit_test_setup_teardown(test, life_init, life_done)

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_A_LIFE(test_without_a_limit_exceeded_the_end_is_to_keep),
                IN_A_LIFE(test_without_a_confirmation_asked_for_the_end_is_to_revert),
                IN_A_LIFE(test_a_deadline_that_passed_before_a_restart_comes_at_once),
                IN_A_LIFE(test_a_deadline_that_moved_is_the_only_one),
                IN_A_LIFE(test_a_probation_that_is_freed_gives_no_verdict),
                IN_A_LIFE(test_a_limit_that_cannot_be_armed_is_named),
                IN_A_LIFE(test_a_cgroup_that_is_not_there_is_refused),
                IN_A_LIFE(test_the_pressure_is_that_of_the_cgroup_asked_for),
                IN_A_LIFE(test_a_limit_is_explained_with_what_was_and_what_is),
                IN_A_LIFE(test_what_is_not_known_is_left_out_of_the_explanation),
                IN_A_LIFE(test_the_pressure_before_is_that_of_the_baseline),
                IN_A_LIFE(test_a_rise_that_a_process_before_has_seen_ends_the_probation),
                IN_A_LIFE(test_the_same_pressure_is_kept),
                IN_A_LIFE(test_a_rise_may_be_told_only_and_is_told_once),
                IN_A_LIFE(test_what_cannot_be_measured_is_inconclusive),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
