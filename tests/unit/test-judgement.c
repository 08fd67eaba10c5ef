/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/judgement.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool is_near(double a, double b) {
        return a > b - 1e-9 && a < b + 1e-9;
}

static void test_metrics_share_alpha_whatever_is_named(void **state) {
        const WatchRegression usual[] = {
                {METRIC_MEMORY_SOME, 0}, {METRIC_MEMORY_FULL, 0}, {METRIC_IO_FULL, 0}};
        const WatchRegression one[] = {{METRIC_IO_SOME, 250}};
        const double weights[] = DETECT_WEIGHTS;
        DetectConfig config;

        judgement_config(usual, 3, DETECT_BLOCK_USEC, &config);
        for (size_t i = 0; i < DETECT_METRICS; i++)
                assert_true(is_near(config.weights[i], weights[i]));
        judgement_config(one, 1, 7, &config);
        assert_true(is_near(config.weights[METRIC_IO_SOME], 1));
        assert_true(is_near(config.margins[METRIC_IO_SOME], 0.025));
        assert_int_equal(config.block_usec, 7);
        judgement_config(NULL, 0, DETECT_BLOCK_USEC, &config);
        for (size_t i = 0; i < DETECT_METRICS; i++)
                assert_true(config.weights[i] == 0);
}

/* Four readings, 10 s apart: the work of the second time is so many percent of the first's. */
static Report *load_of(unsigned percent, uint64_t dropped) {
        Sample samples[4];
        Report *report = report_new();

        assert_non_null(report);
        for (size_t i = 0; i < 4; i++) {
                samples[i] = (Sample){.at_usec = (i + 1) * 10 * USEC_PER_SEC};
                for (int counter = 0; counter < _COUNTER_MAX; counter++)
                        samples[i].counters[counter] = COUNTER_UNKNOWN;
                samples[i].counters[COUNTER_DROP_PAGECACHE] = i == 3 ? dropped : 0;
        }
        samples[0].counters[COUNTER_PGFAULT] = 1000;
        samples[1].counters[COUNTER_PGFAULT] = 2000;
        samples[2].counters[COUNTER_PGFAULT] = 2000;
        samples[3].counters[COUNTER_PGFAULT] = 2000 + 10 * percent;
        judgement_take_load(report, &samples[0], &samples[1], &samples[2], &samples[3]);
        return report;
}

static void test_the_load_is_told_and_what_makes_a_comparison_weak(void **state) {
        static const struct {
                unsigned percent;
                uint64_t dropped;
                bool changed;
                const char *text;
        } cases[] = {
                {110, 0, false, "work done: page faults +10 %"},
                {150,
                 0,
                 true,
                 "work done: page faults +50 %: more than before, so the load may be what changed"},
                {50, 0, true, "work done: page faults -50 %: less than before"},
                {100, 3, true, "work done: page faults +0 %; somebody dropped the page cache"},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(report_freep) Report *report =
                        load_of(cases[i].percent, cases[i].dropped);
                assert_string_equal(report->load, cases[i].text);
                assert_int_equal(report->load_changed, cases[i].changed);
        }
}

/* A detector that has seen so many blocks of nothing, and then a gap of an hour since. */
static void feed(Detect *detect, bool gap) {
        const WatchRegression one[] = {{METRIC_IO_FULL, 0}};
        const bool valid[DETECT_METRICS] = {[METRIC_IO_FULL] = true};
        const usec_t totals[DETECT_METRICS] = {0};
        DetectConfig config;
        usec_t at = USEC_PER_SEC;

        judgement_config(one, 1, DETECT_BLOCK_USEC, &config);
        detect_init(detect, &config);
        for (unsigned i = 0; i < 60; i++) {
                if (i == 40)
                        detect_arm(detect);
                if (i == 10 || (gap && i == 50))
                        at += USEC_PER_HOUR;
                (void) detect_add(detect, at, totals, valid);
                at += DETECT_BLOCK_USEC;
        }
}

static void test_gaps_since_the_change_are_told(void **state) {
        for (int gap = 0; gap < 2; gap++) {
                _cleanup_(report_freep) Report *report = report_new();
                Detect *detect = malloc(sizeof(*detect));
                assert_non_null(report);
                assert_non_null(detect);
                feed(detect, gap);
                judgement_add_gaps(report, detect);
                if (gap)
                        assert_string_equal(report->load,
                                            "1 gap in the samples since, left out (suspended, or "
                                            "not to be read)");
                else
                        assert_null(report->load);
                free(detect);
        }
}

static void test_the_verdict_in_words(void **state) {
        _cleanup_(report_freep) Report *report = report_new();
        Detect *detect = malloc(sizeof(*detect));

        assert_non_null(report);
        assert_non_null(detect);
        feed(detect, false);
        judgement_finish(report, detect);
        assert_int_equal(report->verdict, REPORT_VERDICT_KEEP);
        _cleanup_(freep) char *keep = judgement_sentence(report);
        assert_string_equal(keep,
                            "io.full went from 0.00 % (95 %: 0.00-0.00) to 0.00 % (0.00-0.00) of "
                            "time stalled: it rose by at most 0.00 points (95 %), below the harm "
                            "of 0.50");
        report->verdict = REPORT_VERDICT_REVERT;
        report->reason = REPORT_REASON_BUDGET;
        report->verdict_sec = 75;
        report->lost_sec = 6.25;
        report->allowed_sec = 6;
        _cleanup_(freep) char *revert = judgement_sentence(report);
        assert_string_equal(revert,
                            "io.full went from 0.00 % (95 %: 0.00-0.00) to 0.00 % (0.00-0.00) of "
                            "time stalled, 1min 15s after the change; 6.2 s more than usual were "
                            "lost, 6.0 s were allowed");
        free(detect);
}

static void test_a_trial_in_words(void **state) {
        _cleanup_(report_freep) Report *report = report_new();
        Trial trial;

        assert_non_null(report);
        trial_init(&trial, 0, 0);
        for (unsigned i = 0; i < 14; i++)
                (void) trial_add(&trial, i % 2, i % 2 ? 0.05 + i / 1000.0 : 0.01 + i / 1000.0);
        trial_end(&trial);
        assert_int_equal(judgement_take_trial(report, &trial, METRIC_IO_FULL, 30, 10), 0);
        assert_string_equal(report->trial.effect, "worse");
        assert_true(is_near(report->trial.points, 0.041));
        assert_true(text_starts_with(report->sentence, "the new setting is worse: io.full 1.60 %"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_metrics_share_alpha_whatever_is_named),
                cmocka_unit_test(test_the_load_is_told_and_what_makes_a_comparison_weak),
                cmocka_unit_test(test_gaps_since_the_change_are_told),
                cmocka_unit_test(test_the_verdict_in_words),
                cmocka_unit_test(test_a_trial_in_words),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
