/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/judge/absolute.h"

#include "core/base/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/near.h"

static void test_the_wealth_is_what_was_staked_on_more_than_5_percent(void **state) {
        Absolute absolute;

        absolute_arm(&absolute);
        assert_near(absolute.e_value, 1, 0);
        /* x = 1, m = 1/4: 1 + 3/4 of each stake: 1.1875, 1.375, 1.75, 2.5. */
        absolute_add(&absolute, 0.2);
        assert_near(absolute.e_value, 6.8125 / 4, 1e-12);
        /* x = 0: 1 - 1/4 of each: 1.11328125, 1.203125, 1.3125, 1.25. */
        absolute_add(&absolute, 0);
        assert_near(absolute.e_value, 4.87890625 / 4, 1e-12);
        /* x = 1/4: nothing moves. */
        absolute_add(&absolute, 0.05);
        assert_near(absolute.e_value, 4.87890625 / 4, 1e-12);
}

static void test_above_20_percent_worse_is_no_worse(void **state) {
        Absolute a, b;

        absolute_arm(&a);
        absolute_arm(&b);
        absolute_add(&a, 0.2);
        absolute_add(&b, 1);
        assert_near(a.e_value, b.e_value, 0);
}

static void test_the_wealth_stays_a_number(void **state) {
        Absolute absolute;

        absolute_arm(&absolute);
        for (size_t i = 0; i < 10000; i++)
                absolute_add(&absolute, 0);
        assert_true(absolute.e_value > 0 && absolute.e_value < 1e-90);
        for (size_t i = 0; i < 10000; i++)
                absolute_add(&absolute, 1);
        assert_true(absolute.e_value > 1e90 && isfinite(absolute.e_value));
}

/* A quarter of the blocks at 20 %: a mean of just 5 %, as uneven as can be. */
static bool ever_exceeds(Random *random, double least) {
        Absolute absolute;

        absolute_arm(&absolute);
        for (size_t i = 0; i < 360; i++) {
                absolute_add(&absolute, random_uniform(random) < 0.25 ? 0.2 : 0);
                if (absolute.e_value >= least)
                        return true;
        }
        return false;
}

static void test_at_the_tolerance_few_ever_alarm(void **state) {
        enum {
                RUNS = 5000
        };
        unsigned n = 0;
        Random random;

        random_init(&random, 1);
        for (size_t i = 0; i < RUNS; i++)
                n += ever_exceeds(&random, 20);
        /* 0.05 and three standard deviations of 5000 runs. */
        assert_true(n <= RUNS * (0.05 + 3 * 0.0031));
        assert_true(n > 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_wealth_is_what_was_staked_on_more_than_5_percent),
                cmocka_unit_test(test_above_20_percent_worse_is_no_worse),
                cmocka_unit_test(test_the_wealth_stays_a_number),
                cmocka_unit_test(test_at_the_tolerance_few_ever_alarm),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
