/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/near.h"

static void test_the_numbers_are_those_of_the_reference(void **state) {
        /* Of the authors' xoshiro256starstar.c, begun with 1, 2, 3, 4. */
        static const uint64_t expected[] = {
                11520,
                0,
                1509978240,
                1215971899390074240,
        };
        Random random = {{1, 2, 3, 4}};

        for (size_t i = 0; i < ELEMENTSOF(expected); i++)
                assert_true(random_next(&random) == expected[i]);
}

static void test_a_seed_is_spread_by_splitmix64(void **state) {
        /* Of Vigna's splitmix64.c, begun with 1234567. */
        static const uint64_t expected[] = {
                6457827717110365317u,
                3203168211198807973u,
                9817491932198370423u,
                4593380528125082431u,
        };
        Random random;

        random_init(&random, 1234567);
        for (size_t i = 0; i < ELEMENTSOF(expected); i++)
                assert_true(random.state[i] == expected[i]);
}

static void test_uniform_numbers_lie_between_0_and_1_evenly(void **state) {
        enum {
                N = 100000
        };
        double sum = 0, squares = 0;
        Random random;

        random_init(&random, 0);
        for (size_t i = 0; i < N; i++) {
                double x = random_uniform(&random);
                assert_true(x > 0 && x < 1);
                sum += x;
                squares += x * x;
        }
        /* Mean 1/2, mean square 1/3; their errors are 0.0009. */
        assert_near(sum / N, 0.5, 0.004);
        assert_near(squares / N, 1.0 / 3, 0.004);
}

static void test_one_seed_gives_one_sequence_and_another_another(void **state) {
        Random a, b, c;

        random_init(&a, 7);
        random_init(&b, 7);
        random_init(&c, 8);
        uint64_t first = random_next(&a);
        assert_true(first == random_next(&b));
        assert_true(first != random_next(&c));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_numbers_are_those_of_the_reference),
                cmocka_unit_test(test_a_seed_is_spread_by_splitmix64),
                cmocka_unit_test(test_uniform_numbers_lie_between_0_and_1_evenly),
                cmocka_unit_test(test_one_seed_gives_one_sequence_and_another_another),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
