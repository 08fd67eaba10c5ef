/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/judge/average.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/near.h"

static Average average_of(const double *values, size_t n) {
        Average average = {0};

        for (size_t i = 0; i < n; i++)
                average_add(&average, values[i]);
        return average;
}

static void test_a_mean_has_student_s_interval(void **state) {
        static const double values[] = {1, 2, 3, 4};
        Average average = average_of(values, 4);
        Interval interval = average_interval(&average);

        /* Squares 2.25 + 0.25 + 0.25 + 2.25 = 5; error sqrt(5 / 3 / 4) = 0.645497; t(3) = 3.182. */
        assert_near(interval.mean, 2.5, 1e-12);
        assert_near(interval.half, 3.182 * 0.645497, 1e-5);
        assert_int_equal(average_count(&average), 4);
}

static void test_three_values_have_no_interval(void **state) {
        static const double values[] = {1, 2, 3};
        Average average = average_of(values, 3);

        assert_near(average_interval(&average).mean, 2, 1e-12);
        assert_true(average_interval(&average).half < 0);
}

static void test_what_hangs_together_makes_the_interval_wider(void **state) {
        static const double values[] = {0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1};
        Average average = average_of(values, 16);

        /* One by one: sqrt(4 / 15 / 16) t(15) = 0.129099 * 2.131 = 0.2751.
         * In pairs, eight: sqrt(2 / 7 / 8) t(7) = 0.188982 * 2.365 = 0.4469. In fours: too few. */
        assert_near(average_interval(&average).half, 0.188982 * 2.365, 1e-5);
        /* Seven pairs are too few: sqrt(3.428571 / 13 / 14) t(13). */
        average = average_of(values, 14);
        assert_near(average_interval(&average).half, 0.137253 * 2.160, 1e-4);
}

static void test_no_batch_reaches_over_a_gap(void **state) {
        Average average = {0};

        average_add(&average, 0);
        average_break(&average);
        average_add(&average, 1);
        average_add(&average, 1);
        assert_int_equal(average.scales[1].n, 1);
        assert_near(average.scales[1].mean, 1, 0);
        assert_int_equal(average_count(&average), 3);
}

static void test_values_that_do_not_vary_have_an_exact_mean(void **state) {
        Average average = {0};

        for (size_t i = 0; i < 40; i++)
                average_add(&average, 0);
        assert_near(average_interval(&average).mean, 0, 0);
        assert_near(average_interval(&average).half, 0, 0);
}

static void test_errors_of_a_change_add_up_as_squares(void **state) {
        Interval change = interval_change((Interval){1, 0.3}, (Interval){3, 0.4});

        assert_near(change.mean, 2, 1e-12);
        assert_near(change.half, 0.5, 1e-12);
        assert_true(interval_change((Interval){1, -1}, (Interval){3, 0.4}).half < 0);
        assert_true(interval_change((Interval){1, 0.3}, (Interval){3, -1}).half < 0);
}

static void test_quantiles_of_t_are_those_of_the_tables(void **state) {
        static const struct {
                size_t degrees;
                double t;
        } cases[] = {
                {1, 12.706},
                {2, 4.303},
                {5, 2.571},
                {10, 2.228},
                {24, 2.0639},
                {25, 2.0595},
                {30, 2.0423},
                {40, 2.0211},
                {60, 2.0003},
                {120, 1.9799},
                {1000000, 1.9600},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_near(student_t(cases[i].degrees), cases[i].t, 0.001);
        assert_true(isinf(student_t(0)));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_mean_has_student_s_interval),
                cmocka_unit_test(test_three_values_have_no_interval),
                cmocka_unit_test(test_what_hangs_together_makes_the_interval_wider),
                cmocka_unit_test(test_no_batch_reaches_over_a_gap),
                cmocka_unit_test(test_values_that_do_not_vary_have_an_exact_mean),
                cmocka_unit_test(test_errors_of_a_change_add_up_as_squares),
                cmocka_unit_test(test_quantiles_of_t_are_those_of_the_tables),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
