/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/judge/trial.h"

#include "core/base/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/near.h"

static Trial trial_of(const double *shares, uint64_t arms, size_t n) {
        Trial trial;

        trial_init(&trial, 0, 0);
        for (size_t i = 0; i < n; i++) {
                trial.arms[i] = arms >> i & 1;
                trial.shares[i] = shares[i];
        }
        trial.n = n;
        return trial;
}

static void test_the_difference_is_welch_s(void **state) {
        static const double shares[] = {0.01, 0.02, 0.03, 0.04, 0.06, 0.08};
        Trial trial = trial_of(shares, 0x38, 6);
        Interval difference = trial_difference(&trial);

        /* Errors squared 1e-4 / 3 and 4e-4 / 3, together 1.66667e-4. Degrees: its square by
         * (1.11111e-9 + 1.77778e-8) / 2: 2.94, so 2: t = 4.303. */
        assert_near(trial_mean(&trial, false).mean, 0.02, 1e-12);
        assert_near(trial_mean(&trial, true).mean, 0.06, 1e-12);
        assert_near(trial_mean(&trial, false).half, 4.303 * 0.01 / sqrt(3), 1e-9);
        assert_near(difference.mean, 0.04, 1e-12);
        assert_near(difference.half, 4.303 * 0.01290994, 1e-6);
}

static void test_an_interval_needs_two_blocks_a_side(void **state) {
        static const double shares[] = {0.01, 0.02, 0.03, 0.04};
        Trial trial = trial_of(shares, 0x8, 4);

        assert_true(trial_difference(&trial).half < 0);
        trial = trial_of(shares, 0xc, 4);
        assert_true(trial_difference(&trial).half > 0);
}

static void test_blocks_that_do_not_vary_have_an_exact_difference(void **state) {
        static const double shares[] = {0.01, 0.01, 0.03, 0.03};
        Trial trial = trial_of(shares, 0xc, 4);

        assert_near(trial_difference(&trial).mean, 0.02, 1e-12);
        assert_near(trial_difference(&trial).half, 0, 0);
}

static void test_p_of_ten_blocks_that_part_wholly(void **state) {
        static const double shares[] = {0.01, 0.02, 0.03, 0.04, 0.05, 0.11, 0.12, 0.13, 0.14, 0.15};
        Trial trial = trial_of(shares, 0x3e0, 10);

        /* The difference of mean ranks is 8 - 3 = 5; the k highest against the others give
         * (10 - (k - 1) / 2) - (11 - k) / 2 = 5 for each k = 1 ... 9, and nothing gives more. */
        assert_near(trial_p_value(&trial, true), 9.0 / 1024, 1e-12);
        /* To the better: all coins but the two that fall to one side. */
        assert_near(trial_p_value(&trial, false), 1022.0 / 1024, 1e-12);
}

static void test_p_of_ties(void **state) {
        static const double shares[] = {0, 0, 0, 0, 0, 0.1, 0.1, 0.1, 0.1, 0.1};
        Trial trial = trial_of(shares, 0x3e0, 10);

        /* Ranks 3 and 8: only the real coins part them by 5. */
        assert_near(trial_p_value(&trial, true), 1.0 / 1024, 1e-12);
        /* All alike, less the margin with the new setting: the lowest, so no coin is lower. */
        static const double alike[10] = {0};
        trial = trial_of(alike, 0x3e0, 10);
        assert_near(trial_p_value(&trial, true), 1022.0 / 1024, 1e-12);
        assert_near(trial_p_value(&trial, false), 1022.0 / 1024, 1e-12);
}

static void test_p_when_all_coins_fell_alike(void **state) {
        static const double shares[] = {0, 0, 0, 0, 0, 0.1, 0.1, 0.1, 0.1, 0.1};
        Trial trial = trial_of(shares, 0x3ff, 10);

        assert_near(trial_p_value(&trial, true), 1, 0);
        trial = trial_of(shares, 0, 10);
        assert_near(trial_p_value(&trial, true), 1, 0);
}

/* The same in another way: pairs counted, not ranks. With c = sum over pairs (one set, one not) of
 * won - lost, the difference of mean ranks is n c / (2 n_set n_unset). */
static double parting(const double *values, size_t n, uint64_t coins) {
        double pairs = 0, set = 0;

        for (size_t i = 0; i < n; i++) {
                if (!(coins >> i & 1))
                        continue;
                set++;
                for (size_t j = 0; j < n; j++)
                        if (!(coins >> j & 1))
                                pairs += (values[i] > values[j]) - (values[i] < values[j]);
        }
        double unset = (double) n - set;
        return set == 0 || unset == 0 ? -INFINITY : pairs * (double) n / (2 * set * unset);
}

static double p_of_pairs(const Trial *trial) {
        double values[TRIAL_BLOCKS_MAX] = {0}, seen;
        uint64_t real = 0, n_at_least = 0, n_coins = (uint64_t) 1 << trial->n;

        for (size_t i = 0; i < trial->n; i++) {
                values[i] = trial->shares[i] - (trial->arms[i] ? trial->margin : 0);
                real |= (uint64_t) trial->arms[i] << i;
        }
        seen = parting(values, trial->n, real);
        for (uint64_t i = 0; i < n_coins; i++)
                n_at_least += parting(values, trial->n, i) >= seen - 1e-9;
        return (double) n_at_least / (double) n_coins;
}

static void test_p_is_that_of_counted_pairs(void **state) {
        Random random;

        random_init(&random, 4);
        for (size_t i = 0; i < 30; i++) {
                double shares[10];
                for (size_t j = 0; j < 10; j++)
                        shares[j] = floor((i % 2 ? 4 : 400) * random_uniform(&random)) / 400;
                uint64_t arms = 1 + random_next(&random) % 1022;
                Trial trial = trial_of(shares, arms, 10);
                assert_near(trial_p_value(&trial, true), p_of_pairs(&trial), 1e-12);
        }
}

static void test_redrawn_coins_come_near_to_all_coins(void **state) {
        double shares[15];
        Random random;

        random_init(&random, 5);
        for (size_t i = 0; i < 15; i++)
                shares[i] = random_uniform(&random) + (i % 2 ? 0.2 : 0);
        Trial trial = trial_of(shares, 0x2aaa, 15);
        double p = p_of_pairs(&trial);
        assert_near(trial_p_value(&trial, true), p, 4 * sqrt(p * (1 - p) / 20000));
}

static size_t run(Trial *trial, double old, double new, size_t most) {
        Random random;

        /* Coins by turns, and a little noise so that no two tie. */
        random_init(&random, 6);
        trial_init(trial, 0, 0);
        for (size_t i = 1; i <= most; i++) {
                double noise = 1e-4 * random_uniform(&random);
                if (trial_add(trial, i % 2, (i % 2 ? new : old) + noise))
                        return i;
        }
        return 0;
}

static void test_what_is_clear_ends_at_the_first_look_that_can_tell(void **state) {
        Trial trial;

        /* 11 / 2^12 > alpha / 11 > 13 / 2^14. */
        assert_int_equal(run(&trial, 0.01, 0.10, 60), TRIAL_BLOCKS_MIN);
        assert_int_equal(trial.effect, TRIAL_WORSE);
        assert_near(trial.p, 13.0 / 16384, 1e-12);
        assert_int_equal(run(&trial, 0.10, 0.01, 60), TRIAL_BLOCKS_MIN);
        assert_int_equal(trial.effect, TRIAL_BETTER);
}

static void test_fewer_blocks_than_the_least_cannot_tell(void **state) {
        for (size_t n = 2; n < TRIAL_BLOCKS_MIN; n++) {
                Trial trial;
                assert_int_equal(run(&trial, 0.01, 0.10, n), 0);
                trial_end(&trial);
                assert_int_equal(trial.effect, TRIAL_UNDECIDED);
        }
}

static void test_no_difference_is_said_after_twenty_blocks(void **state) {
        Trial trial;

        assert_int_equal(run(&trial, 0.01, 0.01, 60), 20);
        assert_int_equal(trial.effect, TRIAL_NONE);
}

static void test_a_difference_below_the_margin_is_none(void **state) {
        Trial trial;

        assert_true(run(&trial, 0.01, 0.0108, 60) > 0);
        assert_int_equal(trial.effect, TRIAL_NONE);
}

static void test_there_is_room_for_sixty_blocks(void **state) {
        Trial trial;
        Random random;
        bool over = false;

        /* So uneven that nothing can be said. */
        random_init(&random, 7);
        trial_init(&trial, 0, 0);
        for (size_t i = 1; !over; i++) {
                over = trial_add(&trial, i % 2, (i / 2) % 2 * 0.5 * random_uniform(&random));
                assert_int_equal(over, i == TRIAL_BLOCKS_MAX);
        }
        assert_int_equal(trial.effect, TRIAL_UNDECIDED);
        assert_true(trial_add(&trial, true, 1));
        assert_int_equal(trial.n, TRIAL_BLOCKS_MAX);
}

static void test_an_end_between_two_looks_is_a_look(void **state) {
        Trial trial;

        /* Fifteen blocks, the first fourteen of them by no clear coin. */
        trial_init(&trial, 0, 0);
        for (size_t i = 0; i < 14; i++)
                assert_false(
                        trial_add(&trial, i % 2 || i == 0, i % 2 ? 0.1 + 0.001 * i : 0.001 * i));
        double p = trial.p;
        assert_false(trial_add(&trial, true, 0.2));
        assert_near(trial.p, p, 0);
        trial_end(&trial);
        assert_true(trial.p != p);
}

/* --- errors --- */

/* A load that steps by e^N(0, 1) now and then, and stalls that follow it. */
static double next_share(Random *random, double *load) {
        if (random_uniform(random) < 0.1)
                *load = exp(6 * random_uniform(random) - 3);
        return fmin(0.01 * *load * random_uniform(random), 1);
}

static void test_p_is_right_whatever_the_load_does(void **state) {
        enum {
                RUNS = 2000
        };
        unsigned n = 0;
        Random random;

        random_init(&random, 8);
        for (size_t i = 0; i < RUNS; i++) {
                double shares[10], load = 1;
                for (size_t j = 0; j < 10; j++)
                        shares[j] = next_share(&random, &load);
                Trial trial = trial_of(shares, random_next(&random) >> 54, 10);
                trial.margin = 0; /* where the error is largest */
                n += trial_p_value(&trial, true) <= 0.05;
        }
        /* 0.05 and three standard deviations; and not far below it, or the test has no power. */
        assert_true(n <= RUNS * (0.05 + 3 * 0.0049));
        assert_true(n >= RUNS * 0.03);
}

static void test_trials_of_no_change_are_seldom_called_worse_or_better(void **state) {
        enum {
                RUNS = 60
        };
        unsigned n = 0;
        Random random;

        random_init(&random, 10);
        for (size_t i = 0; i < RUNS; i++) {
                double load = 1;
                Trial trial;
                trial_init(&trial, 1e-9, 1e-9);
                while (!trial_add(&trial, random_next(&random) >> 63, next_share(&random, &load)))
                        ;
                n += trial.effect == TRIAL_WORSE || trial.effect == TRIAL_BETTER;
        }
        /* 2 % at most, either way, and three standard deviations. */
        assert_true(n <= RUNS * (0.02 + 3 * 0.0221));
}

static void test_effects_have_names(void **state) {
        assert_string_equal(trial_effect_to_string(TRIAL_WORSE), "worse");
        assert_string_equal(trial_effect_to_string(TRIAL_BETTER), "better");
        assert_string_equal(trial_effect_to_string(TRIAL_NONE), "none");
        assert_string_equal(trial_effect_to_string(TRIAL_UNDECIDED), "undecided");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_difference_is_welch_s),
                cmocka_unit_test(test_an_interval_needs_two_blocks_a_side),
                cmocka_unit_test(test_blocks_that_do_not_vary_have_an_exact_difference),
                cmocka_unit_test(test_p_of_ten_blocks_that_part_wholly),
                cmocka_unit_test(test_p_of_ties),
                cmocka_unit_test(test_p_when_all_coins_fell_alike),
                cmocka_unit_test(test_p_is_that_of_counted_pairs),
                cmocka_unit_test(test_redrawn_coins_come_near_to_all_coins),
                cmocka_unit_test(test_what_is_clear_ends_at_the_first_look_that_can_tell),
                cmocka_unit_test(test_fewer_blocks_than_the_least_cannot_tell),
                cmocka_unit_test(test_no_difference_is_said_after_twenty_blocks),
                cmocka_unit_test(test_a_difference_below_the_margin_is_none),
                cmocka_unit_test(test_there_is_room_for_sixty_blocks),
                cmocka_unit_test(test_an_end_between_two_looks_is_a_look),
                cmocka_unit_test(test_p_is_right_whatever_the_load_does),
                cmocka_unit_test(test_trials_of_no_change_are_seldom_called_worse_or_better),
                cmocka_unit_test(test_effects_have_names),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
