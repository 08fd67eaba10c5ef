/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/judge/burst.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/near.h"

static void test_a_burst_ends_with_the_second_quiet_block(void **state) {
        Burst burst = {.above = 0.01};
        double size = 99;

        assert_false(burst_add(&burst, 0, &size));
        assert_false(burst_add(&burst, 0.05, &size));
        assert_false(burst_add(&burst, 0.10, &size));
        assert_false(burst_add(&burst, 0.01, &size)); /* not above: quiet */
        assert_near(size, 99, 0);
        assert_true(burst_add(&burst, 0, &size));
        assert_near(size, 0.15, 1e-12);
        assert_false(burst_add(&burst, 0, &size));
}

static void test_one_quiet_block_is_a_breath(void **state) {
        static const double shares[] = {0.2, 0, 0.3, 0};
        Burst burst = {.above = 0.01};
        double size = 99;

        for (size_t i = 0; i < ELEMENTSOF(shares); i++)
                assert_false(burst_add(&burst, shares[i], &size));
        assert_true(burst_add(&burst, 0, &size));
        assert_near(size, 0.5, 1e-12);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_burst_ends_with_the_second_quiet_block),
                cmocka_unit_test(test_one_quiet_block_is_a_breath),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
