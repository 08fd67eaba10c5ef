/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/baseline.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

#include "tests/support/tree.h"

#define INTERVAL (10 * USEC_PER_MSEC)

typedef struct Life {
        char *tree;
        Root *root;
        sd_event *event;
        Baseline *baseline;
        int runtime_fd;
        size_t n_samples;
        size_t n_wanted;
} Life;

static usec_t now_usec(void) {
        struct timespec now;

        (void) clock_gettime(CLOCK_BOOTTIME, &now);
        return (usec_t) now.tv_sec * USEC_PER_SEC + (usec_t) now.tv_nsec / 1000;
}

static void on_sample(const Sample *sample, void *userdata) {
        Life *life = userdata;

        if (++life->n_samples == life->n_wanted)
                (void) sd_event_exit(life->event, 0);
}

/* Samples a scope, in the place of what was sampled before. */
static void life_begin(Life *life, const char *scope) {
        static const char boot_id[BOOT_ID_MAX] = "this boot";

        baseline_freep(&life->baseline);
        assert_int_equal(baseline_new(&(BaselineOptions){.root = life->root,
                                                         .event = life->event,
                                                         .interval_usec = INTERVAL,
                                                         .pressure_of = scope,
                                                         .runtime_fd = life->runtime_fd,
                                                         .boot_id = boot_id},
                                      &life->baseline),
                         0);
}

static void life_open(Life *life, const char *machine) {
        life->runtime_fd = -1;
        assert_int_equal(tree_copy(machine, &life->tree), 0);
        assert_int_equal(root_open(life->tree, &life->root), 0);
        assert_int_equal(sd_event_new(&life->event), 0);
        life_begin(life, NULL);
        baseline_set_callback(life->baseline, on_sample, life);
}

static int life_init(void **state) {
        Life *life = calloc(1, sizeof(*life));

        assert_non_null(life);
        life_open(life, "x86-2g-6.1");
        *state = life;
        return 0;
}

static int life_init_without_psi(void **state) {
        Life *life = calloc(1, sizeof(*life));

        assert_non_null(life);
        life_open(life, "no-psi-no-thp-6.1");
        *state = life;
        return 0;
}

static int life_done(void **state) {
        Life *life = *state;

        baseline_free(life->baseline);
        sd_event_unref(life->event);
        closep(&life->runtime_fd);
        root_close(life->root);
        tree_remove(life->tree);
        free(life);
        return 0;
}

/* The timer may be late by BASELINE_ACCURACY_USEC, to share a wakeup. */
static void take(Life *life, size_t n) {
        life->n_samples = 0;
        life->n_wanted = n;
        assert_int_equal(sd_event_loop(life->event), 0);
        assert_int_equal(life->n_samples, n);
}

/* From now on io has been stalled for so long. */
static void stall(const Life *life, const char *path, unsigned long usec) {
        _cleanup_(freep) char *text =
                text_format("some avg10=0.00 avg60=0.00 avg300=0.00 total=%lu\n"
                            "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
                            usec);

        assert_int_equal(tree_write(life->tree, path, text), 0);
}

static Sample at(usec_t usec) {
        return (Sample){.at_usec = usec};
}

typedef struct Seen {
        usec_t at_usec[16];
        size_t n;
} Seen;

static int note(const Sample *sample, void *userdata) {
        Seen *seen = userdata;

        assert_true(seen->n < ELEMENTSOF(seen->at_usec));
        seen->at_usec[seen->n++] = sample->at_usec;
        return 0;
}

static Seen before(const Life *life, usec_t at_usec, usec_t age_usec) {
        Seen seen = {0};

        assert_int_equal(baseline_visit_before(life->baseline, at_usec, age_usec, note, &seen), 0);
        return seen;
}

static void test_the_first_sample_is_taken_at_once(void **state) {
        const Life *life = *state;
        Sample now = at(now_usec());

        const Sample *first = baseline_find(life->baseline, &now, 0);
        assert_non_null(first);
        assert_true(first->at_usec <= now.at_usec);
        assert_true(first->valid[METRIC_IO_SOME]);
        assert_int_equal(before(life, now.at_usec, USEC_PER_MINUTE).n, 1);
}

static void test_each_interval_adds_one_sample_and_says_so(void **state) {
        Life *life = *state;

        take(life, 2);
        Sample now = at(now_usec());
        const Sample *newest = baseline_find(life->baseline, &now, 0);
        Seen seen = before(life, now.at_usec, USEC_PER_MINUTE);
        assert_int_equal(seen.n, 3);
        assert_int_equal(seen.at_usec[2], newest->at_usec);
        assert_true(seen.at_usec[2] >= seen.at_usec[0] + 2 * INTERVAL);
        /* Oldest first, and none that is too old or came later. */
        Sample middle = at(seen.at_usec[1]);
        assert_true(middle.at_usec > seen.at_usec[0] && middle.at_usec < newest->at_usec);
        assert_int_equal(baseline_find(life->baseline, &middle, 1)->at_usec, seen.at_usec[0]);
        assert_int_equal(before(life, middle.at_usec, USEC_PER_MINUTE).n, 2);
        assert_int_equal(before(life, middle.at_usec, 0).n, 1);
        assert_int_equal(before(life, seen.at_usec[0] - 1, USEC_PER_MINUTE).n, 0);
}

static void test_another_setting_is_no_baseline(void **state) {
        Life *life = *state;

        usec_t old = now_usec();
        baseline_mark(life->baseline, 7);
        take(life, 2);
        usec_t now = now_usec();
        /* What came before the change is there for it; what came since has not settled. */
        assert_int_equal(before(life, old, USEC_PER_MINUTE).n, 1);
        assert_int_equal(before(life, now, USEC_PER_MINUTE).n, 0);
        Seen since = {0};
        assert_int_equal(baseline_visit_since(life->baseline, old, note, &since), 0);
        assert_int_equal(since.n, 2);
}

static void test_after_a_revert_the_old_time_counts_again(void **state) {
        Life *life = *state;

        baseline_mark(life->baseline, 7);
        baseline_mark(life->baseline, 0);
        take(life, 1);
        /* The first sample of all; the newest has not settled. */
        assert_int_equal(before(life, now_usec(), USEC_PER_MINUTE).n, 1);
}

static void test_the_next_process_finds_the_samples(void **state) {
        Life *life = *state;

        life->runtime_fd = open(life->tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_true(life->runtime_fd >= 0);
        life_begin(life, NULL);
        baseline_mark(life->baseline, 5);
        usec_t first = before(life, now_usec(), USEC_PER_MINUTE).at_usec[0];
        usleep(1000);
        life_begin(life, NULL);
        Seen seen = {0};
        assert_int_equal(baseline_visit_since(life->baseline, 0, note, &seen), 0);
        assert_int_equal(seen.n, 2);
        assert_int_equal(seen.at_usec[0], first);
        /* Another scope has another file. */
        life_begin(life, "ssh.service");
        seen.n = 0;
        assert_int_equal(baseline_visit_since(life->baseline, 0, note, &seen), 0);
        assert_int_equal(seen.n, 1);
}

static void test_a_sample_for_evidence_is_at_most_a_second_old(void **state) {
        const Life *life = *state;
        Sample first, second, third;

        assert_int_equal(baseline_sample(life->baseline, &first), 0);
        stall(life, "proc/pressure/io", 5000);
        assert_int_equal(baseline_sample(life->baseline, &second), 0);
        assert_int_equal(second.at_usec, first.at_usec);
        assert_int_equal(second.stall_usec[METRIC_IO_SOME], first.stall_usec[METRIC_IO_SOME]);
        assert_int_equal(baseline_sample_now(life->baseline, &third), 0);
        assert_true(third.at_usec > first.at_usec);
        assert_int_equal(third.stall_usec[METRIC_IO_SOME], 5000);
        /* The ring has none of them. */
        Sample now = at(now_usec());
        assert_true(baseline_find(life->baseline, &now, 0)->at_usec <= first.at_usec);
}

static void test_a_unit_is_sampled_in_its_cgroup(void **state) {
        Life *life = *state;
        Sample sample;

        stall(life, "sys/fs/cgroup/system.slice/ssh.service/io.pressure", 777);
        life_begin(life, "ssh.service");
        assert_string_equal(baseline_scope(life->baseline), "ssh.service");
        assert_int_equal(baseline_sample(life->baseline, &sample), 0);
        assert_int_equal(sample.stall_usec[METRIC_IO_SOME], 777);
        life_begin(life, "system");
        assert_int_equal(baseline_sample(life->baseline, &sample), 0);
        assert_int_not_equal(sample.stall_usec[METRIC_IO_SOME], 777);
}

static void test_a_cgroup_that_comes_later_is_sampled_then(void **state) {
        Life *life = *state;
        Sample sample = at(17);

        life_begin(life, "/system.slice/late.service");
        assert_int_equal(baseline_sample(life->baseline, &sample), -ENODATA);
        assert_int_equal(sample.at_usec, 17);
        stall(life, "sys/fs/cgroup/system.slice/late.service/io.pressure", 778);
        assert_int_equal(baseline_sample(life->baseline, &sample), 0);
        assert_int_equal(sample.stall_usec[METRIC_IO_SOME], 778);
}

static void test_without_psi_the_timer_runs_and_the_ring_is_empty(void **state) {
        Life *life = *state;
        Sample sample;

        take(life, 1); /* what waits for a sample is still called */
        Sample now = at(now_usec());
        assert_null(baseline_find(life->baseline, &now, 0));
        assert_int_equal(before(life, now.at_usec, USEC_PER_HOUR).n, 0);
        assert_int_equal(baseline_sample(life->baseline, &sample), -ENODATA);
}

static void test_a_shorter_interval_holds_at_once(void **state) {
        Life *life = *state;
        usec_t start = now_usec();

        assert_int_equal(baseline_set_interval(life->baseline, USEC_PER_HOUR), 0);
        assert_int_equal(baseline_set_interval(life->baseline, INTERVAL), 0);
        take(life, 1);
        assert_true(now_usec() - start < 5 * USEC_PER_SEC);
}

#define IN_A_LIFE(test) cmocka_unit_test_setup_teardown(test, life_init, life_done)

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_A_LIFE(test_the_first_sample_is_taken_at_once),
                IN_A_LIFE(test_each_interval_adds_one_sample_and_says_so),
                IN_A_LIFE(test_a_sample_for_evidence_is_at_most_a_second_old),
                IN_A_LIFE(test_another_setting_is_no_baseline),
                IN_A_LIFE(test_after_a_revert_the_old_time_counts_again),
                IN_A_LIFE(test_the_next_process_finds_the_samples),
                IN_A_LIFE(test_a_unit_is_sampled_in_its_cgroup),
                IN_A_LIFE(test_a_cgroup_that_comes_later_is_sampled_then),
                cmocka_unit_test_setup_teardown(
                        test_without_psi_the_timer_runs_and_the_ring_is_empty,
                        life_init_without_psi,
                        life_done),
                IN_A_LIFE(test_a_shorter_interval_holds_at_once),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
