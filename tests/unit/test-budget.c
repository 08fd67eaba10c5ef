/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/judge/budget.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/near.h"

static void test_what_is_lost_beyond_the_usual_adds_up(void **state) {
        static const double before[] = {0.02, 0.02, 0.02, 0.02};
        Budget budget;

        /* Nothing varies: k = max(0.1 %, 2 % / 4, 0) = 0.5 %. 40 s have not seen the worst: 30 s.
         */
        budget_arm(&budget, before, 4, 10, 0.001);
        assert_true(budget.armed);
        assert_near(budget.allowed, 0.025, 1e-12);
        assert_near(budget.limit, 30, 1e-12);

        assert_false(budget_add(&budget, 0.525, 10)); /* + 5 */
        assert_near(budget.spent, 5, 1e-9);
        assert_false(budget_add(&budget, 0, 10)); /* - 0.25 */
        assert_near(budget.spent, 4.75, 1e-9);
        assert_false(budget_add(&budget, 1, 1)); /* + 0.975 */
        assert_near(budget.spent, 5.725, 1e-9);
        assert_false(budget_add(&budget, 1, 20)); /* + 19.5 */
        assert_true(budget_add(&budget, 1, 5));   /* + 4.875: 30.1 */
}

static void test_quiet_pays_back_down_to_nothing(void **state) {
        static const double before[] = {0.02, 0.02, 0.02, 0.02};
        Budget budget;

        budget_arm(&budget, before, 4, 10, 0.001);
        assert_false(budget_add(&budget, 0.125, 10)); /* + 1 */
        assert_false(budget_add(&budget, 0, 1000));   /* - 25 */
        assert_near(budget.spent, 0, 0);
}

static void test_three_blocks_leave_much_room_for_error(void **state) {
        static const double before[] = {0, 0.03, 0};
        Budget budget;

        /* Mean 1 %, squares 6e-4, sd sqrt(6e-4 / 3) = 0.0141421; t(2) = 4.303 of them. */
        budget_arm(&budget, before, 3, 10, 0.001);
        assert_near(budget.allowed, 0.01 + 4.303 * 0.0141421, 1e-6);
        budget_arm(&budget, before, 2, 10, 0.001);
        assert_false(budget.armed);
        assert_false(budget_add(&budget, 1, 3600));
}

static void arm_with_pair(Budget *budget, size_t second) {
        double before[90] = {0};

        before[20] = before[second] = 0.5;
        budget_arm(budget, before, 90, 10, 0.001);
}

static void test_the_limit_is_six_times_the_worst_before(void **state) {
        Budget budget;

        /* S over the time before: 10 (0.5 - allowed), and as much again in the next block. */
        arm_with_pair(&budget, 21);
        assert_near(budget.limit, 6 * 20 * (0.5 - budget.allowed), 1e-9);
        /* Two blocks later: two quiet blocks are paid back between. */
        arm_with_pair(&budget, 23);
        assert_near(budget.limit, 6 * (20 * 0.5 - 40 * budget.allowed), 1e-9);
        /* Long after: one alone. */
        arm_with_pair(&budget, 89);
        assert_near(budget.limit, 6 * 10 * (0.5 - budget.allowed), 1e-9);
}

static void test_a_quarter_of_an_hour_of_nothing_has_the_small_floor(void **state) {
        double before[90] = {0};
        Budget budget;

        budget_arm(&budget, before, 90, 10, 0.001);
        assert_near(budget.allowed, 0.001, 1e-12);
        assert_near(budget.limit, 6, 1e-12);
        budget_arm(&budget, before, 89, 10, 0.001);
        assert_near(budget.limit, 30, 1e-12);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_lost_beyond_the_usual_adds_up),
                cmocka_unit_test(test_quiet_pays_back_down_to_nothing),
                cmocka_unit_test(test_three_blocks_leave_much_room_for_error),
                cmocka_unit_test(test_the_limit_is_six_times_the_worst_before),
                cmocka_unit_test(test_a_quarter_of_an_hour_of_nothing_has_the_small_floor),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
