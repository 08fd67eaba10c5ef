/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A trial in blocks of a tenth of a second, on pressure that follows the setting. */
#include "daemon/trial-run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

#include "tests/support/tree.h"

#define BLOCK (60 * USEC_PER_MSEC)
#define WASHOUT (20 * USEC_PER_MSEC)

typedef struct Life {
        char *tree;
        Root *root;
        sd_event *event;
        Baseline *baseline;
        TrialSchedule schedule;
        TrialRun *run;
        bool arm;
        unsigned n_switches;
        unsigned fail_at; /* the switch that fails, from 1; 0: none */
        usec_t stalled;
        usec_t last_usec;
        unsigned percent[2]; /* stalled with the old and the new setting */
        bool ended;
        TrialEnd how;
        Trial trial;
} Life;

static usec_t now_usec(void) {
        struct timespec now;

        (void) clock_gettime(CLOCK_BOOTTIME, &now);
        return (usec_t) now.tv_sec * USEC_PER_SEC + (usec_t) now.tv_nsec / 1000;
}

/* What the kernel has counted so far, with the setting that was in force until now. */
static void count_stalls(Life *life) {
        usec_t now = now_usec();

        life->stalled += (now - life->last_usec) * life->percent[life->arm] / 100;
        life->last_usec = now;
        _cleanup_(freep) char *text =
                text_format("some avg10=0.00 avg60=0.00 avg300=0.00 total=%lu\n"
                            "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
                            (unsigned long) life->stalled);
        assert_int_equal(tree_write(life->tree, "proc/pressure/memory", text), 0);
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata) {
        count_stalls(userdata);
        (void) sd_event_source_set_time_relative(source, 2 * USEC_PER_MSEC);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_switch(bool arm, bool *ret_in_force, void *userdata) {
        Life *life = userdata;

        assert_int_not_equal(arm, life->arm);
        if (++life->n_switches == life->fail_at)
                return -EIO;
        count_stalls(life);
        life->arm = *ret_in_force = arm;
        return 0;
}

static void on_end(TrialEnd how, void *userdata) {
        Life *life = userdata;

        assert_false(life->ended);
        life->ended = true;
        life->how = how;
        life->trial = *trial_run_trial(life->run);
        trial_run_freep(&life->run); /* as the manager does it */
        (void) sd_event_exit(life->event, 0);
}

static int life_init(void **state) {
        static const char boot_id[BOOT_ID_MAX] = "this boot";
        Life *life = calloc(1, sizeof(*life));

        assert_non_null(life);
        assert_int_equal(tree_copy("x86-2g-6.1", &life->tree), 0);
        assert_int_equal(root_open(life->tree, &life->root), 0);
        assert_int_equal(sd_event_new(&life->event), 0);
        life->last_usec = now_usec();
        count_stalls(life);
        assert_int_equal(baseline_new(&(BaselineOptions){.root = life->root,
                                                         .event = life->event,
                                                         .interval_usec = USEC_PER_HOUR,
                                                         .runtime_fd = -1,
                                                         .boot_id = boot_id},
                                      &life->baseline),
                         0);
        life->schedule = (TrialSchedule){
                .metric = METRIC_MEMORY_SOME, .block_usec = BLOCK, .washout_usec = WASHOUT};
        *state = life;
        return 0;
}

static int life_done(void **state) {
        Life *life = *state;

        trial_run_freep(&life->run);
        baseline_free(life->baseline);
        sd_event_unref(life->event);
        root_close(life->root);
        tree_remove(life->tree);
        free(life);
        return 0;
}

/* The same coins each time: a test is no place for luck. */
static void put_coins(Life *life, const char *coins) {
        life->schedule.n_blocks = strlen(coins);
        for (size_t i = 0; coins[i]; i++)
                life->schedule.arms[i] = coins[i] == '1';
}

static int start(Life *life) {
        const TrialRunCallbacks callbacks = {on_switch, on_end, life};

        assert_int_equal(sd_event_add_time_relative(life->event,
                                                    NULL,
                                                    CLOCK_BOOTTIME,
                                                    USEC_PER_MSEC,
                                                    USEC_PER_MSEC,
                                                    on_tick,
                                                    life),
                         0);
        return trial_run_new(life->event, life->baseline, &life->schedule, &callbacks, &life->run);
}

static void run(Life *life) {
        assert_int_equal(start(life), 0);
        assert_int_equal(sd_event_loop(life->event), 0);
        assert_true(life->ended);
}

/* Each block has the setting that its coin says; one that came late is left out. */
static void assert_arms_are_the_coins(const Life *life) {
        size_t block = 0;

        for (size_t i = 0; i < life->trial.n; i++, block++) {
                while (block < life->schedule.n_blocks &&
                       life->schedule.arms[block] != life->trial.arms[i])
                        block++;
                assert_true(block < life->schedule.n_blocks);
        }
}

static void test_the_worse_setting_is_found_and_then_it_ends(void **state) {
        Life *life = *state;

        life->percent[0] = 1;
        life->percent[1] = 40;
        put_coins(life, "010110011010011010110010100110");
        run(life);
        assert_int_equal(life->how, TRIAL_END_JUDGED);
        assert_int_equal(life->trial.effect, TRIAL_WORSE);
        assert_true(life->trial.n < 30);
        assert_true(trial_difference(&life->trial).mean > 0.25);
        assert_arms_are_the_coins(life);
}

static void test_settings_alike_are_not_told_apart(void **state) {
        Life *life = *state;

        put_coins(life, "010110011010");
        run(life);
        assert_int_equal(life->how, TRIAL_END_JUDGED);
        /* On a machine that is busy with other work a block may come late and be left out. */
        assert_in_range(life->trial.n, 8, 12);
        assert_int_equal(life->trial.effect, TRIAL_UNDECIDED);
}

static void test_a_switch_that_fails_ends_it(void **state) {
        Life *life = *state;

        life->fail_at = 2;
        put_coins(life, "0011001100110011");
        run(life);
        assert_int_equal(life->how, TRIAL_END_FAILED);
        assert_in_range(life->trial.n, 2, 4);
}

static void test_a_first_switch_that_fails_begins_nothing(void **state) {
        Life *life = *state;

        life->fail_at = 1;
        put_coins(life, "1010101010101010");
        assert_int_equal(start(life), -EIO);
        assert_null(life->run);
        assert_false(life->ended);
}

static void test_a_block_that_cannot_be_read_is_left_out(void **state) {
        Life *life = *state;

        assert_int_equal(tree_delete(life->tree, "proc/pressure/memory"), 0);
        life->percent[1] = 40;
        life->schedule.metric = METRIC_IO_SOME; /* stands still, but is there */
        put_coins(life, "010110011010");
        assert_int_equal(tree_delete(life->tree, "proc/pressure/io"), 0);
        run(life);
        assert_int_equal(life->how, TRIAL_END_JUDGED);
        assert_int_equal(life->trial.n, 0);
        assert_int_equal(life->trial.effect, TRIAL_UNDECIDED);
}

static void test_coins_are_drawn_and_fall_on_both_sides(void **state) {
        unsigned n_new = 0;

        for (int i = 0; i < 50; i++) {
                TrialSchedule schedule = {0};
                assert_int_equal(trial_schedule_draw(&schedule, TRIAL_BLOCKS_MAX), 0);
                assert_int_equal(schedule.n_blocks, TRIAL_BLOCKS_MAX);
                for (size_t j = 0; j < schedule.n_blocks; j++)
                        n_new += schedule.arms[j];
        }
        /* 1500 of 3000; six deviations are 164. */
        assert_in_range(n_new, 1336, 1664);
}

#define IN_A_LIFE(test) cmocka_unit_test_setup_teardown(test, life_init, life_done)

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_A_LIFE(test_the_worse_setting_is_found_and_then_it_ends),
                IN_A_LIFE(test_settings_alike_are_not_told_apart),
                IN_A_LIFE(test_a_switch_that_fails_ends_it),
                IN_A_LIFE(test_a_first_switch_that_fails_begins_nothing),
                IN_A_LIFE(test_a_block_that_cannot_be_read_is_left_out),
                cmocka_unit_test(test_coins_are_drawn_and_fall_on_both_sides),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
