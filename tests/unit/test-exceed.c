/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/judge/exceed.h"

#include "core/base/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/near.h"

static Exceed armed(double *before, size_t n, double margin, double cap) {
        Exceed exceed;

        exceed_arm(&exceed, before, n, margin, cap, 4);
        return exceed;
}

static void test_the_thresholds_are_the_largest_before(void **state) {
        double before[12] = {3, 1, 12, 5, 7, 2, 9, 4, 11, 6, 8, 10};
        Exceed exceed = armed(before, 12, 0.001, 2);

        /* a = 0, 1, 3; 7 is more than a third of 12. A quarter of each matters. */
        assert_int_equal(exceed.n_levels, 3);
        assert_near(exceed.levels[0].threshold, 12, 0);
        assert_near(exceed.levels[1].threshold, 11, 0);
        assert_near(exceed.levels[2].threshold, 9, 0);
        assert_near(exceed.levels[2].raised, 11.25, 1e-12);
        assert_near(exceed.levels[2].far, 18, 1e-12);
}

static void test_two_blocks_against_three_by_hand(void **state) {
        double before[] = {0.02, 0.01, 0.03};
        Exceed exceed = armed(before, 3, 0.001, 2.5);

        assert_near(exceed.e_value, 1, 0);
        /*
         * 0.05 first: 0.6 of the wealth is staked.
         * th_0 = 0.03, raised 0.0375: exceeded. q = 1/4. r = 0.95 capped at 2.5 q: 2.5 times;
         * r = 0.5: 2 times; r = 2q = 0.5: 2 times. 0.6 (2.5 + 2 + 2) / 3 = 1.3. The fast lane needs
         * 0.08: r = 0.95, (1 - 0.95) / (1 - 0.25) = 1/15 of 0.6 = 0.04. 0.9 * 1.3 + 0.1 * 0.04
         * = 1.174. th_1 = 0.02, raised 0.025: exceeded. q = 2/4. r = 0.95: 1.9 times; r = 0.5 is no
         * bet; r = 2q is 0.95, too. 0.6 (1.9 + 1 + 1.9) / 3 = 0.96. Fast: 0.05 / 0.5 of 0.6 = 0.06.
         * 0.9 * 0.96 + 0.1 * 0.06 = 0.87.
         */
        exceed_add(&exceed, 0.05);
        assert_near(exceed.levels[0].wealth[0], 1.5, 1e-12);
        assert_near(exceed.levels[0].fast, 0.04, 1e-12);
        assert_near(exceed.levels[1].wealth[2], 1.14, 1e-12);
        assert_near(exceed.e_value, 0.4 + (1.174 + 0.87) / 2, 1e-12);
        /*
         * Then nothing: 0.02 more is staked; q = (1 + 1) / 5 and (2 + 1) / 5.
         * th_0: r = 0.95: 0.05 / 0.6 of 1.52; r = 0.5: 0.5 / 0.6 of 1.22; r = 0.8: 0.2 / 0.6
         * of 1.22: mean 0.516667. Fast: 0.05 / 0.6 of 0.06 = 0.005. 0.4655. th_1: r = 0.95: 0.05 /
         * 0.4 of 1.16; none of 0.62; 0.145 again: mean 0.303333. Fast: 0.125 of 0.08 = 0.01. 0.274.
         */
        exceed_add(&exceed, 0);
        assert_near(exceed.e_value, 0.38 + (0.4655 + 0.274) / 2, 1e-9);
}

static void test_without_three_blocks_before_nothing_is_said(void **state) {
        double before[] = {0, 0};
        Exceed exceed = armed(before, 2, 0.001, 2.5);

        for (size_t i = 0; i < 100; i++)
                exceed_add(&exceed, 1);
        assert_near(exceed.e_value, 1, 0);
}

static void test_ties_do_not_exceed(void **state) {
        double before[360] = {0};
        Exceed exceed = armed(before, 360, 0.001, 2.8);

        for (size_t i = 0; i < 360; i++) {
                exceed_add(&exceed, 0);
                assert_true(exceed.e_value <= 1 && exceed.e_value > 0);
        }
        assert_int_equal(exceed.levels[0].n_exceeded, 0);
        exceed_add(&exceed, 0.0011);
        assert_int_equal(exceed.levels[0].n_exceeded, 1);
        assert_int_equal(exceed.levels[5].n_exceeded, 1);
}

static void test_the_bet_is_on_the_margin_the_count_on_the_threshold(void **state) {
        double before[] = {0.01, 0.01, 0.01};
        Exceed exceed = armed(before, 3, 0.005, 2.5);

        /* More than before, but by no margin: counted, and the bet is lost. */
        exceed_add(&exceed, 0.014);
        assert_int_equal(exceed.levels[0].n_exceeded, 1);
        assert_true(exceed.e_value < 1);
        exceed = armed(before, 3, 0.005, 2.5);
        exceed_add(&exceed, 0.016);
        assert_int_equal(exceed.levels[0].n_exceeded, 1);
        assert_true(exceed.e_value > 1);
}

static void test_one_block_multiplies_by_no_more_than_the_cap(void **state) {
        double before[360] = {0};
        Exceed exceed = armed(before, 360, 0.001, 2.8);

        /* 0.4 stays cash; of the rest a tenth is in the fast lane, which has 4 at most. */
        exceed_add(&exceed, 1);
        assert_near(exceed.e_value, 0.4 + 0.6 * (0.9 * 2.8 + 0.1 * 4), 0.2);
        assert_true(exceed.e_value <= 0.4 + 0.6 * (0.9 * 2.8 + 0.1 * 4) + 1e-12);
}

static void test_the_wealth_stays_a_number(void **state) {
        double before[360] = {0};
        Exceed exceed = armed(before, 360, 0.001, 2.8);

        for (size_t i = 0; i < 20000; i++)
                exceed_add(&exceed, 0);
        assert_true(exceed.e_value >= 0 && exceed.e_value < 0.5);
        for (size_t i = 0; i < 20000; i++)
                exceed_add(&exceed, 1);
        assert_true(isfinite(exceed.e_value));
        assert_true(exceed.staked <= 1);
}

/* --- the mean over all orders --- */

/* Values below zero have a margin of nothing: only then can the mean come near to 1. */
typedef struct Orders {
        double values[7];
        size_t n_before;
        double sums[7]; /* of e_value after each block */
        size_t n;
} Orders;

static void judge_order(Orders *orders, const double *order) {
        double before[7];
        Exceed exceed;

        memcpy(before, order, sizeof(before));
        exceed_arm(&exceed, before, orders->n_before, 0, 7, 4);
        for (size_t i = orders->n_before; i < 7; i++) {
                exceed_add(&exceed, order[i]);
                orders->sums[i] += exceed.e_value;
        }
        orders->n++;
}

static void permute(Orders *orders, double *order, size_t k) {
        if (k == 7) {
                judge_order(orders, order);
                return;
        }
        for (size_t i = k; i < 7; i++) {
                double swap = order[k];
                order[k] = order[i];
                order[i] = swap;
                permute(orders, order, k + 1);
                order[i] = order[k];
                order[k] = swap;
        }
}

static void test_over_all_orders_the_mean_is_at_most_1(void **state) {
        static const double values[][7] = {
                {-70, -60, -50, -40, -30, -20, -10},
                {-70, -70, -50, -50, -50, -20, -10},
                {-70, -70, -70, -70, -70, -70, -10},
                {-70, -70, -70, -70, -10, -10, -10},
                {-70, -70, -70, -70, -70, -70, -70},
        };

        for (size_t i = 0; i < ELEMENTSOF(values); i++)
                for (size_t n_before = 3; n_before < 7; n_before++) {
                        Orders orders = {.n_before = n_before};
                        double order[7];
                        memcpy(order, values[i], sizeof(order));
                        permute(&orders, order, 0);
                        assert_int_equal(orders.n, 5040);
                        for (size_t j = n_before; j < 7; j++)
                                assert_true(orders.sums[j] <= 5040 * (1 + 1e-9));
                }
}

/* --- for ever --- */

static double uniform(Random *random) {
        return random_uniform(random);
}

static double ties(Random *random) {
        return floor(4 * random_uniform(random)) / 4;
}

/* Without a mean. */
static double heavy(Random *random) {
        return 1 / random_uniform(random);
}

static double rare(Random *random) {
        return random_uniform(random) < 0.02 ? random_uniform(random) : 0;
}

static double mostly(Random *random) {
        return random_uniform(random) < 0.8;
}

static bool ever_exceeds(double (*next)(Random *random), size_t n_before, Random *random) {
        double before[360], cap = n_before < 100 ? 7 : 2.8;
        Exceed exceed;

        for (size_t i = 0; i < n_before; i++)
                before[i] = next(random) - 1e6; /* no margin */
        exceed_arm(&exceed, before, n_before, 0, cap, 4);
        for (size_t i = 0; i < 360; i++) {
                exceed_add(&exceed, next(random) - 1e6);
                if (exceed.e_value >= 20)
                        return true;
        }
        return false;
}

static void test_when_nothing_changed_few_ever_alarm(void **state) {
        static double (*const nexts[])(Random *) = {uniform, ties, heavy, rare, mostly};
        static const size_t baselines[] = {3, 8, 30, 360};
        enum {
                RUNS = 400
        };
        Random random;

        random_init(&random, 1);
        for (size_t i = 0; i < ELEMENTSOF(nexts); i++)
                for (size_t j = 0; j < ELEMENTSOF(baselines); j++) {
                        unsigned n = 0;
                        for (size_t k = 0; k < RUNS; k++)
                                n += ever_exceeds(nexts[i], baselines[j], &random);
                        /* 0.05 and three standard deviations. */
                        assert_true(n <= RUNS * (0.05 + 3 * 0.0109));
                }
}

static void test_a_higher_block_is_no_weaker_evidence(void **state) {
        Random random;

        random_init(&random, 2);
        for (size_t i = 0; i < 300; i++) {
                size_t n_before = 3 + random_next(&random) % 60,
                       n_since = random_next(&random) % 40;
                double before[64], last = 0;
                for (size_t j = 0; j < n_before; j++)
                        before[j] = rare(&random);
                Exceed exceed = armed(before, n_before, 0.001, 2);
                for (size_t j = 0; j < n_since; j++)
                        exceed_add(&exceed, ties(&random) * random_uniform(&random));
                for (unsigned j = 0; j <= 50; j++) {
                        Exceed next = exceed;
                        exceed_add(&next, j / 50.0);
                        assert_true(next.e_value >= last);
                        last = next.e_value;
                }
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_thresholds_are_the_largest_before),
                cmocka_unit_test(test_two_blocks_against_three_by_hand),
                cmocka_unit_test(test_without_three_blocks_before_nothing_is_said),
                cmocka_unit_test(test_ties_do_not_exceed),
                cmocka_unit_test(test_the_bet_is_on_the_margin_the_count_on_the_threshold),
                cmocka_unit_test(test_one_block_multiplies_by_no_more_than_the_cap),
                cmocka_unit_test(test_the_wealth_stays_a_number),
                cmocka_unit_test(test_over_all_orders_the_mean_is_at_most_1),
                cmocka_unit_test(test_when_nothing_changed_few_ever_alarm),
                cmocka_unit_test(test_a_higher_block_is_no_weaker_evidence),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
