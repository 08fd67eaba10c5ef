/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/baseline.h"

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
        size_t n_samples;
        size_t n_wanted;
} Life;

static usec_t now_usec(void) {
        struct timespec now;

        (void) clock_gettime(CLOCK_BOOTTIME, &now);
        return (usec_t) now.tv_sec * USEC_PER_SEC + (usec_t) now.tv_nsec / 1000;
}

static void on_sample(void *userdata) {
        Life *life = userdata;

        if (++life->n_samples == life->n_wanted)
                (void) sd_event_exit(life->event, 0);
}

static void life_open(Life *life, const char *machine) {
        assert_int_equal(tree_copy(machine, &life->tree), 0);
        assert_int_equal(root_open(life->tree, &life->root), 0);
        assert_int_equal(sd_event_new(&life->event), 0);
        assert_int_equal(baseline_new(life->root, life->event, INTERVAL, &life->baseline), 0);
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

static void test_the_first_sample_is_taken_at_once(void **state) {
        const Life *life = *state;
        Sample now = at(now_usec());

        const Sample *first = baseline_find(life->baseline, &now, 0);
        assert_non_null(first);
        assert_true(first->at_usec <= now.at_usec);
        assert_true(first->valid[METRIC_IO_SOME]);
        assert_ptr_equal(baseline_oldest(life->baseline, &now, USEC_PER_MINUTE), first);
}

static void test_each_interval_adds_one_sample_and_says_so(void **state) {
        Life *life = *state;

        take(life, 2);
        Sample now = at(now_usec());
        const Sample *newest = baseline_find(life->baseline, &now, 0);
        const Sample *oldest = baseline_oldest(life->baseline, &now, USEC_PER_MINUTE);
        assert_true(newest->at_usec >= oldest->at_usec + 2 * INTERVAL);
        assert_ptr_equal(baseline_find(life->baseline, oldest, 0), oldest);
        assert_null(baseline_find(life->baseline, oldest, 1));
        assert_null(baseline_oldest(life->baseline, oldest, USEC_PER_MINUTE));
        /* The one in the middle is the youngest that is older than the newest. */
        const Sample *middle = baseline_find(life->baseline, newest, 1);
        assert_true(middle->at_usec > oldest->at_usec && middle->at_usec < newest->at_usec);
        usec_t age = newest->at_usec - middle->at_usec;
        assert_ptr_equal(baseline_oldest(life->baseline, newest, age), middle);
        assert_null(baseline_oldest(life->baseline, newest, age - 1));
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

static void test_another_cgroup_begins_anew(void **state) {
        const Life *life = *state;
        Sample sample, now = at(now_usec());

        const Sample *system = baseline_find(life->baseline, &now, 0);
        usec_t system_at = system->at_usec;
        assert_int_equal(baseline_set_cgroup(life->baseline, NULL), 0);
        assert_int_equal(baseline_find(life->baseline, &now, 0)->at_usec, system_at);

        stall(life, "sys/fs/cgroup/system.slice/ssh.service/io.pressure", 777);
        assert_int_equal(
                baseline_set_cgroup(life->baseline, "sys/fs/cgroup/system.slice/ssh.service"), 0);
        assert_int_equal(baseline_sample(life->baseline, &sample), 0);
        assert_int_equal(sample.stall_usec[METRIC_IO_SOME], 777);
        assert_null(baseline_find(life->baseline, &now, 0));
        assert_int_equal(baseline_set_cgroup(life->baseline, NULL), 0);
        assert_int_equal(baseline_sample(life->baseline, &sample), 0);
        assert_int_not_equal(sample.stall_usec[METRIC_IO_SOME], 777);
}

static void test_a_cgroup_that_goes_leaves_no_sample(void **state) {
        const Life *life = *state;
        Sample sample = at(17);

        assert_int_equal(baseline_set_cgroup(life->baseline, "sys/fs/cgroup/none"), 0);
        assert_int_equal(baseline_sample(life->baseline, &sample), -ENODATA);
        assert_int_equal(sample.at_usec, 17);
}

static void test_without_psi_the_timer_runs_and_the_ring_is_empty(void **state) {
        Life *life = *state;
        Sample sample;

        take(life, 1); /* what waits for a sample is still called */
        Sample now = at(now_usec());
        assert_null(baseline_find(life->baseline, &now, 0));
        assert_null(baseline_oldest(life->baseline, &now, USEC_PER_HOUR));
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
                IN_A_LIFE(test_another_cgroup_begins_anew),
                IN_A_LIFE(test_a_cgroup_that_goes_leaves_no_sample),
                cmocka_unit_test_setup_teardown(
                        test_without_psi_the_timer_runs_and_the_ring_is_empty,
                        life_init_without_psi,
                        life_done),
                IN_A_LIFE(test_a_shorter_interval_holds_at_once),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
