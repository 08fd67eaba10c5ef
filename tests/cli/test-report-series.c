/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/report-axis.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "cli/report-words.h"
#include "report-example.h"

static void assert_near(double a, double b) {
        if (!(fabs(a - b) < 1e-9))
                fail_msg("%.17g is not %.17g", a, b);
}

static Series series(const Report *report, size_t n_max) {
        Series result;

        assert_int_equal(series_of(report, METRIC_IO_FULL, span_of_report(report), n_max, &result),
                         0);
        return result;
}

static void test_blocks_are_drawn_in_the_order_of_time(void **state) {
        _cleanup_(report_freep) Report *report = report_new();

        example_add(report, METRIC_IO_FULL, 15, 0.2, -1);
        example_add(report, METRIC_IO_FULL, -5, 0.5, -1);
        example_add(report, METRIC_IO_FULL, 5, 0.1, -1);
        example_add(report, METRIC_IO_FULL, 45, 0.3, -1); /* behind a gap */
        example_add(report, METRIC_MEMORY_SOME, 25, 1, -1);
        _cleanup_(series_done) Series all = series(report, SIZE_MAX);
        assert_int_equal(all.n, 4);
        assert_near(all.points[0].mean, 0.5);
        assert_near(all.points[1].mean, 0.1);
        assert_near(all.points[2].span.from, 10);
        assert_near(all.points[2].span.to, 20);
        assert_false(all.points[0].joined);
        assert_true(all.points[1].joined && all.points[2].joined);
        assert_false(all.points[3].joined);
        assert_near(all.peak, 0.5);
        assert_false(all.thinned);
}

static void test_many_blocks_become_few_points(void **state) {
        _cleanup_(report_freep) Report *report = report_new();
        double sum = 0;

        for (int i = 0; i < REPORT_BLOCKS_MAX; i++)
                example_add(report, METRIC_IO_FULL, i * 10 + 5, i == 54321 ? 1 : 0.01, -1);
        _cleanup_(series_done) Series all = series(report, SIZE_MAX);
        assert_in_range(all.n, SERIES_POINTS_MAX - 10, SERIES_POINTS_MAX);
        assert_true(all.thinned);
        assert_near(all.peak, 1); /* the one peak is not lost */
        for (size_t i = 0; i < all.n; i++) {
                assert_true(all.points[i].joined == (i > 0));
                sum += all.points[i].mean * span_length(all.points[i].span);
        }
        assert_near(sum, 10 + (REPORT_BLOCKS_MAX - 1) * 0.1);
}

static void test_what_is_not_sound_is_not_drawn(void **state) {
        _cleanup_(report_freep) Report *report = report_new();

        example_add(report, METRIC_IO_FULL, NAN, 0.2, -1);
        example_add(report, METRIC_IO_FULL, 5, NAN, -1);
        example_add(report, METRIC_IO_FULL, 5, 7, -1);
        example_add(report, METRIC_IO_FULL, 500, 0.5, -1);
        report->blocks[3].length_sec = 0;
        _cleanup_(series_done) Series all = series(report, SIZE_MAX);
        assert_int_equal(all.n, 1);
        assert_near(all.points[0].mean, 1);
        assert_near(span_of_report(report).from, 0);
        assert_near(span_of_report(report).to, 10);
}

static void test_a_long_time_before_is_cut(void **state) {
        _cleanup_(report_freep) Report *report = report_new();

        example_add(report, METRIC_IO_FULL, -3595, 0, -1);
        example_add(report, METRIC_IO_FULL, 115, 0, -1);
        assert_near(span_of_report(report).from, -3600);
        assert_near(span_of_report(report).to, 120);
        assert_near(span_around_change(report).from, -600);
        report->verdict_sec = 500;
        assert_near(span_around_change(report).from, -1500);
        assert_near(span_around_change(report).to, 500);
}

static void test_a_part_of_time_has_mean_and_peak(void **state) {
        _cleanup_(report_freep) Report *report = report_new();
        double mean = 0, peak = 0;

        example_add(report, METRIC_IO_FULL, 5, 0.1, -1);
        example_add(report, METRIC_IO_FULL, 15, 0.4, -1);
        _cleanup_(series_done) Series all = series(report, SIZE_MAX);
        assert_true(series_at(&all, (Span){5, 15}, &mean, &peak));
        assert_near(mean, 0.25);
        assert_near(peak, 0.4);
        assert_true(series_at(&all, (Span){0, 15}, &mean, &peak));
        assert_near(mean, 0.2);
        assert_false(series_at(&all, (Span){20, 25}, &mean, &peak));
}

static void assert_ticks(const Axis *axis, size_t n, const double ticks[]) {
        assert_int_equal(axis->n_ticks, n);
        for (size_t i = 0; i < n; i++)
                assert_near(axis->ticks[i], ticks[i]);
}

static void test_a_straight_axis_has_round_steps(void **state) {
        Axis axis = axis_of_shares(0.033, 0.02, 5);

        assert_false(axis.root);
        assert_ticks(&axis, 5, (const double[]){0, 0.01, 0.02, 0.03, 0.04});
        assert_near(axis_at(&axis, 0.02), 0.5);
        assert_near(axis_at(&axis, 7), 1);
        assert_near(axis_at(&axis, -7), 0);
        axis = axis_of_shares(1, 0.5, 6);
        assert_near(axis.to, 1);
        axis = axis_of_shares(0, 0, 3);
        assert_near(axis.to, 0.0001);
}

static void test_a_high_peak_brings_square_roots(void **state) {
        Axis axis = axis_of_shares(0.6, 0.005, 5);

        assert_true(axis.root);
        assert_near(axis.to, 1);
        assert_near(axis_at(&axis, 0.25), 0.5);
        assert_near(axis.ticks[0], 1);
        assert_near(axis.ticks[axis.n_ticks - 1], 0);
        assert_in_range(axis.n_ticks, 3, 6);
}

static void test_times_are_round(void **state) {
        Axis axis = axis_of_time((Span){-610, 190}, 6);

        assert_ticks(&axis, 3, (const double[]){-600, -300, 0});
        axis = axis_of_time((Span){0, 0}, 6);
        assert_in_range(axis.n_ticks, 1, AXIS_TICKS_MAX);
        axis = axis_of_time((Span){-1e9, 1e9}, 6);
        assert_in_range(axis.n_ticks, 2, AXIS_TICKS_MAX);
}

static void assert_words(void (*words)(double, char *), double value, const char *expected) {
        char buffer[64];

        words(value, buffer);
        assert_string_equal(buffer, expected);
}

/* Of different array lengths to the compiler. */
static void share(double value, char *buffer) {
        words_share(value, buffer);
}

static void points(double value, char *buffer) {
        words_points(value, buffer);
}

static void rate(double value, char *buffer) {
        words_rate(value, buffer);
}

static void tick(double value, char *buffer) {
        words_tick(value, buffer);
}

static void test_numbers_have_the_digits_that_tell(void **state) {
        assert_words(share, 0, "0 %");
        assert_words(share, 0.00004, "<0.01 %");
        assert_words(share, 0.0048, "0.48 %");
        assert_words(share, 0.01949, "1.9 %");
        assert_words(share, 0.0996, "10 %");
        assert_words(share, 1, "100 %");
        assert_words(share, -1, "-");
        assert_words(points, 0.014, "+1.4");
        assert_words(points, -0.0005, "-0.05");
        assert_words(points, -0.00001, "0");
        assert_words(rate, 1260, "1260");
        assert_words(rate, 0.25, "0.25");
        assert_words(rate, NAN, "-");
        assert_words(tick, -600, "-10min");
        assert_words(tick, 0, "0");
        assert_words(tick, 700, "+11min 40s");
}

static void assert_change(double before, double since, const char *expected) {
        char buffer[32];

        words_change(&(const ReportRate){"x", before, since}, "x", buffer);
        assert_string_equal(buffer, expected);
}

static void test_a_change_of_rates(void **state) {
        assert_change(210, 1260, "x6");
        assert_change(100, 102, "+2 %");
        assert_change(100, 60, "-40 %");
        assert_change(100, 100.1, "same");
        assert_change(0, 5, "new");
        assert_change(5, 0, "gone");
        assert_change(0, 0, "same");
        assert_change(-1, 5, "-");
        assert_change(NAN, 5, "-");
}

static void assert_headline(Report *report, ReportVerdict verdict, char *as, const char *expected) {
        char *kept = report->state;
        Tone tone;

        report->verdict = verdict;
        report->state = as;
        assert_string_equal(report_headline(report, &tone), expected);
        report->state = kept;
}

static void test_headlines(void **state) {
        _cleanup_(report_freep) Report *report = report_new();
        _cleanup_(report_freep) Report *trial = example_trial();
        char replay[] = "replay", probation[] = "probation", reverted[] = "reverted";
        char kept[] = "kept";
        Tone tone;

        assert_headline(report, REPORT_VERDICT_REVERT, reverted, "reverted");
        assert_headline(report, REPORT_VERDICT_REVERT, replay, "would be reverted");
        assert_headline(report, REPORT_VERDICT_REVERT, kept, "regression, but kept");
        assert_headline(report, REPORT_VERDICT_KEEP, replay, "would be kept");
        assert_headline(report, REPORT_VERDICT_INCONCLUSIVE, kept, "inconclusive");
        assert_headline(report, REPORT_VERDICT_NONE, probation, "on probation");
        assert_headline(report, REPORT_VERDICT_NONE, reverted, "reverted");
        assert_headline(report, REPORT_VERDICT_NONE, NULL, "no verdict");
        assert_string_equal(report_headline(trial, &tone), "the new setting is worse");
        assert_int_equal(tone, TONE_BAD);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_blocks_are_drawn_in_the_order_of_time),
                cmocka_unit_test(test_many_blocks_become_few_points),
                cmocka_unit_test(test_what_is_not_sound_is_not_drawn),
                cmocka_unit_test(test_a_long_time_before_is_cut),
                cmocka_unit_test(test_a_part_of_time_has_mean_and_peak),
                cmocka_unit_test(test_a_straight_axis_has_round_steps),
                cmocka_unit_test(test_a_high_peak_brings_square_roots),
                cmocka_unit_test(test_times_are_round),
                cmocka_unit_test(test_numbers_have_the_digits_that_tell),
                cmocka_unit_test(test_a_change_of_rates),
                cmocka_unit_test(test_headlines),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
