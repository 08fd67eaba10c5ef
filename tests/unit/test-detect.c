/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/judge/detect.h"

#include "core/base/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/near.h"

#define SEC USEC_PER_SEC

enum {
        SOME,
        FULL,
        IO = 3
};

/* A host: one share for all that is judged. */
typedef struct Machine {
        Detect detect;
        usec_t at_usec;
        usec_t totals[DETECT_METRICS];
        bool valid[DETECT_METRICS];
} Machine;

static void read_it(Machine *m) {
        (void) detect_add(&m->detect, m->at_usec, m->totals, m->valid);
}

static void machine_init(Machine *m) {
        static const DetectConfig config = {DETECT_BLOCK_USEC, DETECT_WEIGHTS, {0}};

        *m = (Machine){.at_usec = 100 * SEC, .valid = {true, true, true, true, true, true}};
        detect_init(&m->detect, &config);
        read_it(m);
}

static void pass(Machine *m, size_t metric, double share) {
        m->at_usec += DETECT_BLOCK_USEC;
        m->totals[metric] += (usec_t) (share * DETECT_BLOCK_USEC);
        read_it(m);
}

static void pass_all(Machine *m, double share) {
        m->at_usec += DETECT_BLOCK_USEC;
        for (size_t i = 0; i < DETECT_METRICS; i++)
                m->totals[i] += (usec_t) (share * DETECT_BLOCK_USEC);
        read_it(m);
}

/* n blocks before, all of one share. */
static void machine_arm(Machine *m, size_t n, double share) {
        machine_init(m);
        for (size_t i = 0; i < n; i++)
                pass_all(m, share);
        detect_arm(&m->detect);
}

static size_t blocks_to_alarm(Machine *m, size_t metric, double share, size_t most) {
        for (size_t i = 1; i <= most; i++) {
                pass(m, metric, share);
                if (m->detect.alarm != DETECT_QUIET)
                        return i;
        }
        return 0;
}

static void test_a_rise_is_told_with_its_evidence(void **state) {
        Machine m;

        /* 0.5 % a block costs 0.04 s over the allowed 0.1 %: the budget has long to go. */
        machine_arm(&m, 360, 0);
        size_t n = blocks_to_alarm(&m, SOME, 0.005, 360);
        assert_true(n >= 4 && n <= 12);
        assert_int_equal(m.detect.alarm, DETECT_REGRESSION);
        assert_int_equal(m.detect.alarm_metric, SOME);
        assert_true(m.detect.e_value >= 1 / DETECT_ALPHA);
        assert_true(m.detect.told_usec == DETECT_BLOCK_USEC);
        size_t metric = 99;
        assert_near(detect_evidence(&m.detect, &metric), m.detect.e_value, 1e-9);
        assert_int_equal(metric, SOME);
        assert_string_equal(detect_alarm_to_string(m.detect.alarm), "regression");
}

static void test_the_alarm_stays(void **state) {
        Machine m;

        machine_arm(&m, 360, 0);
        (void) blocks_to_alarm(&m, SOME, 0.005, 360);
        Detect told = m.detect;
        for (size_t i = 0; i < 200; i++)
                pass(&m, FULL, i % 2);
        detect_break(&m.detect);
        for (size_t i = 0; i < 200; i++)
                pass_all(&m, 0);
        assert_int_equal(m.detect.alarm, told.alarm);
        assert_int_equal(m.detect.alarm_metric, told.alarm_metric);
        assert_near(m.detect.e_value, told.e_value, 0);
        assert_true(m.detect.told_usec == told.told_usec);
}

static void test_below_the_margin_nothing_is_told(void **state) {
        Machine m;

        /* 0.1 points matter; and of 4 %, a quarter. */
        machine_arm(&m, 360, 0);
        assert_int_equal(blocks_to_alarm(&m, SOME, 0.00099, 1000), 0);
        machine_arm(&m, 360, 0.04);
        assert_int_equal(blocks_to_alarm(&m, SOME, 0.0499, 1000), 0);
        machine_arm(&m, 360, 0.04);
        assert_true(blocks_to_alarm(&m, SOME, 0.0501, 1000) > 0);
}

static void test_what_has_no_weight_is_not_judged(void **state) {
        Machine m;

        machine_arm(&m, 360, 0);
        assert_int_equal(blocks_to_alarm(&m, 2, 1, 100), 0); /* io.some */
        assert_false(detect_is_judged(&m.detect, 2));
        assert_true(detect_is_judged(&m.detect, IO));
}

static void test_a_profile_s_margin_is_used(void **state) {
        static const DetectConfig config = {DETECT_BLOCK_USEC, {1}, {0.02}};
        Machine m;

        machine_init(&m);
        detect_init(&m.detect, &config);
        for (size_t i = 0; i < 360; i++)
                pass_all(&m, 0);
        detect_arm(&m.detect);
        assert_near(detect_harm(&m.detect, SOME), 0.02, 0);
        assert_int_equal(blocks_to_alarm(&m, SOME, 0.0199, 500), 0);
}

/* By ranks it never does; a block of 10 s costs 9.99 s, of the 6 s that an hour's baseline grants
 * and the 30 s that a short one does. */
static void test_one_transient_is_no_regression(void **state) {
        for (size_t n = 3; n <= 360; n += 3) {
                Machine m;
                machine_arm(&m, n, 0);
                for (size_t i = 0; i < 5; i++)
                        pass_all(&m, 0);
                pass_all(&m, 1);
                for (size_t i = 0; i < 300; i++)
                        pass_all(&m, 0);
                assert_int_equal(m.detect.alarm, n < 90 ? DETECT_QUIET : DETECT_BUDGET);
        }
}

static void test_the_budget_is_of_seconds_and_needs_no_block(void **state) {
        Machine m;

        machine_arm(&m, 360, 0);
        /* Each second costs 0.999 s; the seventh makes it more than 6. */
        for (size_t i = 1; i <= 7; i++) {
                m.at_usec += SEC;
                m.totals[IO] += SEC;
                read_it(&m);
                assert_int_equal(m.detect.alarm, i < 7 ? DETECT_QUIET : DETECT_BUDGET);
        }
        assert_int_equal(m.detect.alarm_metric, IO);
        assert_near(m.detect.e_value, 0, 0);
        assert_string_equal(detect_alarm_to_string(m.detect.alarm), "budget");
}

static void test_without_a_time_before_5_percent_are_the_measure(void **state) {
        Machine m;

        machine_arm(&m, 2, 0);
        assert_int_equal(blocks_to_alarm(&m, FULL, 0.05, 500), 0);
        machine_arm(&m, 2, 0);
        /* 0.4 (1.1875^n + 1.375^n + 1.75^n + 2.5^n) / 4 >= 200: 2.5^8 = 1526, 2.5^9 = 3815. */
        assert_int_equal(blocks_to_alarm(&m, FULL, 0.3, 500), 9);
        assert_int_equal(m.detect.alarm, DETECT_ABSOLUTE);
        assert_true(m.detect.e_value >= 1 / DETECT_ALPHA_ABSOLUTE);
        assert_near(detect_harm(&m.detect, FULL), ABSOLUTE_TOLERANCE, 0);
}

static void test_a_gap_or_a_reset_is_no_evidence(void **state) {
        Machine m;

        machine_arm(&m, 360, 0);
        for (size_t i = 0; i < 50; i++) {
                /* Suspended for an hour, all of it stalled. */
                m.at_usec += 3600 * SEC;
                m.totals[SOME] += 3600 * SEC;
                read_it(&m);
        }
        for (size_t i = 0; i < 50; i++) {
                m.at_usec += DETECT_BLOCK_USEC;
                m.totals[SOME] = 50 - i;
                read_it(&m);
        }
        for (size_t i = 0; i < 50; i++) {
                /* Not readable for one reading of two. */
                m.valid[SOME] = i % 2;
                pass(&m, SOME, 1);
        }
        assert_int_equal(m.detect.alarm, DETECT_QUIET);
        assert_int_equal(average_count(&m.detect.streams[SOME].after), 0);
}

static void test_a_gap_breaks_what_is_under_way(void **state) {
        Machine m;

        machine_arm(&m, 360, 0);
        const unsigned *under_way = &m.detect.streams[SOME].scales[1].n_partial;
        pass_all(&m, 0);
        assert_int_equal(*under_way, 1);
        m.at_usec += 60 * SEC;
        read_it(&m);
        assert_int_equal(*under_way, 0);
        pass_all(&m, 0);
        assert_int_equal(*under_way, 1);
        m.valid[SOME] = false;
        pass_all(&m, 0);
        assert_int_equal(*under_way, 0);
        m.valid[SOME] = true;
        pass_all(&m, 0);
        pass_all(&m, 0);
        assert_int_equal(*under_way, 1);
        detect_break(&m.detect);
        assert_int_equal(*under_way, 0);
}

static void test_a_clock_that_stands_still_is_no_evidence(void **state) {
        Machine m;

        machine_arm(&m, 360, 0);
        for (size_t i = 0; i < 100; i++) {
                m.totals[SOME] += SEC;
                read_it(&m);
        }
        assert_int_equal(m.detect.alarm, DETECT_QUIET);
}

static void test_an_unchanged_mean_is_kept(void **state) {
        size_t metric = 99;
        Machine m;

        machine_arm(&m, 360, 0.02);
        for (size_t i = 0; i < 180; i++)
                pass_all(&m, 0.02);
        assert_int_equal(m.detect.alarm, DETECT_QUIET);
        assert_int_equal(detect_finish(&m.detect, &metric), DETECT_KEEP);
        assert_true(metric < DETECT_METRICS);
        assert_near(detect_before(&m.detect, SOME).mean, 0.02, 1e-9);
        assert_near(detect_after(&m.detect, SOME).mean, 0.02, 1e-9);
        /* Half of 2 % is more than half a point. */
        assert_near(detect_harm(&m.detect, SOME), 0.01, 1e-9);
}

static void test_what_came_near_to_harm_is_inconclusive(void **state) {
        size_t metric = 99;
        Machine m;

        /* Every second block 1.2 %: a rise of 0.6 points, more than 0.5. */
        machine_arm(&m, 360, 0.00);
        for (size_t i = 0; i < 4; i++)
                pass(&m, IO, i % 2 ? 0.012 : 0);
        assert_int_equal(m.detect.alarm, DETECT_QUIET);
        assert_int_equal(detect_finish(&m.detect, &metric), DETECT_INCONCLUSIVE);
        assert_int_equal(metric, IO);
}

static void test_three_blocks_cannot_tell(void **state) {
        size_t metric;
        Machine m;

        machine_arm(&m, 360, 0);
        for (size_t i = 0; i < 3; i++)
                pass_all(&m, 0);
        assert_int_equal(detect_finish(&m.detect, &metric), DETECT_INCONCLUSIVE);
        pass_all(&m, 0);
        assert_int_equal(detect_finish(&m.detect, &metric), DETECT_KEEP);
}

static void play(uint64_t seed, Machine *m) {
        Random random;

        random_init(&random, seed);
        machine_init(m);
        for (size_t i = 0; i < 300; i++)
                pass(m, i % 2 ? SOME : IO, 0.02 * random_uniform(&random));
        detect_arm(&m->detect);
        for (size_t i = 0; i < 300; i++)
                pass(m, i % 2 ? SOME : IO, 0.03 * random_uniform(&random));
}

static void test_one_input_has_one_output(void **state) {
        static Machine a, b;
        size_t metric;

        play(5, &a);
        play(5, &b);
        assert_int_equal(a.detect.alarm, b.detect.alarm);
        assert_near(detect_evidence(&a.detect, &metric), detect_evidence(&b.detect, &metric), 0);
        assert_near(a.detect.e_value, b.detect.e_value, 0);
        play(6, &b);
        assert_true(detect_after(&a.detect, SOME).mean != detect_after(&b.detect, SOME).mean);
}

/* Independent blocks, mostly nothing: over a thousand hours, at most alpha of them. */
static void test_when_nothing_changed_few_ever_alarm(void **state) {
        enum {
                RUNS = 150
        };
        unsigned n = 0;
        Random random;

        random_init(&random, 9);
        for (size_t i = 0; i < RUNS; i++) {
                Machine m;
                machine_init(&m);
                for (size_t j = 0; j < 720; j++) {
                        if (j == 360)
                                detect_arm(&m.detect);
                        double share = random_uniform(&random) < 0.5 ? 0 : random_uniform(&random);
                        pass_all(&m, 0.02 * share);
                }
                n += m.detect.alarm != DETECT_QUIET;
        }
        assert_true(n <= RUNS * (DETECT_ALPHA + 3 * 0.0081));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_rise_is_told_with_its_evidence),
                cmocka_unit_test(test_the_alarm_stays),
                cmocka_unit_test(test_below_the_margin_nothing_is_told),
                cmocka_unit_test(test_what_has_no_weight_is_not_judged),
                cmocka_unit_test(test_a_profile_s_margin_is_used),
                cmocka_unit_test(test_one_transient_is_no_regression),
                cmocka_unit_test(test_the_budget_is_of_seconds_and_needs_no_block),
                cmocka_unit_test(test_without_a_time_before_5_percent_are_the_measure),
                cmocka_unit_test(test_a_gap_or_a_reset_is_no_evidence),
                cmocka_unit_test(test_a_gap_breaks_what_is_under_way),
                cmocka_unit_test(test_a_clock_that_stands_still_is_no_evidence),
                cmocka_unit_test(test_an_unchanged_mean_is_kept),
                cmocka_unit_test(test_what_came_near_to_harm_is_inconclusive),
                cmocka_unit_test(test_three_blocks_cannot_tell),
                cmocka_unit_test(test_one_input_has_one_output),
                cmocka_unit_test(test_when_nothing_changed_few_ever_alarm),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
