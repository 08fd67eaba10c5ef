/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/arms.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ROWS_MAX 2000
#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-6)

typedef struct Made {
        ArmRow rows[ROWS_MAX];
        size_t n;
} Made;

/*
 * One letter a block: 0 and 1 are the arms, '-' is not known. Rows are interval_usec apart; the new
 * setting stalls 4 % of the time, the old one 1 %, and for a third of the block after a switch it
 * is all of the time. skip_usec: the trace begins so far into it.
 */
static void
make(Made *made, const char *arms, usec_t block_usec, usec_t interval_usec, usec_t skip_usec) {
        usec_t end_usec = strlen(arms) * block_usec, total = 0;

        made->n = 0;
        for (usec_t at_usec = 0; at_usec <= end_usec; at_usec += interval_usec) {
                size_t block = MIN_OF((size_t) (at_usec / block_usec), strlen(arms) - 1);
                if (at_usec > 0) {
                        usec_t before = at_usec - interval_usec;
                        char arm = arms[before / block_usec];
                        bool washout = before % block_usec < block_usec / 3;
                        total += washout ? interval_usec
                                         : interval_usec / 100 * (arm == '1' ? 4 : 1);
                }
                if (at_usec < skip_usec)
                        continue;
                made->rows[made->n] = (ArmRow){.arm = arms[block] == '-' ? -1 : arms[block] - '0'};
                made->rows[made->n].at_usec = 5000000 + at_usec;
                made->rows[made->n].valid = true;
                made->rows[made->n++].stall_usec = total;
        }
}

static void check_blocks(const Made *made, usec_t block_usec, const char *arms, bool exact) {
        _cleanup_(freep) ArmBlock *blocks = NULL;
        size_t n = 0;

        assert_int_equal(arms_cut(made->rows, made->n, block_usec, block_usec / 3, &blocks, &n), 0);
        assert_int_equal(n, strlen(arms));
        for (size_t i = 0; i < n; i++) {
                assert_true(blocks[i].known);
                assert_true(blocks[i].arm == (arms[i] == '1'));
                if (exact)
                        NEAR(blocks[i].share, blocks[i].arm ? 0.04 : 0.01);
        }
}

static void test_blocks_are_found_in_the_runs(void **state) {
        static const usec_t intervals[] = {
                250 * USEC_PER_MSEC, USEC_PER_SEC, 5 * USEC_PER_SEC, 10 * USEC_PER_SEC};
        Made made;

        for (size_t i = 0; i < ELEMENTSOF(intervals); i++) {
                usec_t block_usec = 0;
                make(&made, "1101001110", 30 * USEC_PER_SEC, intervals[i], 0);
                assert_int_equal(arms_find_length(made.rows, made.n, &block_usec), 0);
                assert_true(block_usec == 30 * USEC_PER_SEC);
                check_blocks(&made, block_usec, "1101001110", true);
        }
}

static void test_no_run_need_be_a_single_block(void **state) {
        usec_t block_usec = 0;
        Made made;

        make(&made, "0110001100110000011", 20 * USEC_PER_SEC, USEC_PER_SEC, 0);
        assert_int_equal(arms_find_length(made.rows, made.n, &block_usec), 0);
        assert_true(block_usec == 20 * USEC_PER_SEC);
}

static void test_a_trace_may_begin_amid_a_block(void **state) {
        usec_t block_usec = 0;
        Made made;

        make(&made, "110100", 30 * USEC_PER_SEC, USEC_PER_SEC, 25 * USEC_PER_SEC);
        assert_int_equal(arms_find_length(made.rows, made.n, &block_usec), 0);
        assert_true(block_usec == 30 * USEC_PER_SEC);
        check_blocks(&made, block_usec, "10100", true);
        made.n -= 20; /* and end amid one */
        check_blocks(&made, block_usec, "1010", true);
}

static void test_where_the_arm_is_not_known_no_block_is(void **state) {
        usec_t block_usec = 0;
        Made made;

        make(&made, "010--1010", 30 * USEC_PER_SEC, USEC_PER_SEC, 0);
        assert_int_equal(arms_find_length(made.rows, made.n, &block_usec), 0);
        assert_true(block_usec == 30 * USEC_PER_SEC);
        _cleanup_(freep) ArmBlock *blocks = NULL;
        size_t n = 0;
        assert_int_equal(arms_cut(made.rows, made.n, block_usec, 0, &blocks, &n), 0);
        assert_int_equal(n, 7);
}

static void test_an_arm_that_never_or_wildly_changes_has_no_length(void **state) {
        usec_t block_usec = 99;
        Made made;

        make(&made, "1111", 30 * USEC_PER_SEC, USEC_PER_SEC, 0);
        assert_int_equal(arms_find_length(made.rows, made.n, &block_usec), -ENODATA);
        make(&made, "1110", 30 * USEC_PER_SEC, USEC_PER_SEC, 0);
        assert_int_equal(arms_find_length(made.rows, made.n, &block_usec), -ENODATA);
        make(&made, "----", 30 * USEC_PER_SEC, USEC_PER_SEC, 0);
        assert_int_equal(arms_find_length(made.rows, made.n, &block_usec), -ENODATA);
        assert_int_equal(arms_find_length(made.rows, 0, &block_usec), -ENODATA);

        /* Runs of 97, 137 and 171 rows. */
        make(&made, "0", 600 * USEC_PER_SEC, USEC_PER_SEC, 0);
        for (size_t i = 0; i < made.n; i++)
                made.rows[i].arm = (i >= 10 && i < 107) || (i >= 244 && i < 415);
        assert_int_equal(arms_find_length(made.rows, made.n, &block_usec), -EDOM);
        assert_true(block_usec == 99);
}

static void test_a_gap_or_a_fallen_counter_spoils_its_block_alone(void **state) {
        _cleanup_(freep) ArmBlock *blocks = NULL;
        size_t n = 0;
        Made made;

        make(&made, "010101", 30 * USEC_PER_SEC, USEC_PER_SEC, 0);
        for (size_t i = 45; i < made.n; i++) /* in the second */
                made.rows[i].stall_usec -= made.rows[45].stall_usec - (i > 44);
        made.rows[75].valid = false; /* in the third */
        assert_int_equal(
                arms_cut(made.rows, made.n, 30 * USEC_PER_SEC, 10 * USEC_PER_SEC, &blocks, &n), 0);
        assert_int_equal(n, 6);
        for (size_t i = 0; i < n; i++)
                assert_true(blocks[i].known == (i != 1 && i != 2));
}

static void test_what_leaves_nothing_or_too_much_is_refused(void **state) {
        ArmBlock *blocks = NULL;
        size_t n = 0;
        Made made;

        make(&made, "0101", 30 * USEC_PER_SEC, USEC_PER_SEC, 0);
        assert_int_equal(arms_cut(made.rows, made.n, 30, 30, &blocks, &n), -EINVAL);
        assert_int_equal(arms_cut(made.rows, 1, 30, 10, &blocks, &n), -EINVAL);
        assert_null(blocks);
        /* A trace of a thousand years. */
        made.rows[made.n - 1].at_usec = UINT64_MAX / 4;
        assert_int_equal(arms_cut(made.rows, made.n, USEC_PER_SEC, 10, &blocks, &n), -E2BIG);
        assert_null(blocks);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_blocks_are_found_in_the_runs),
                cmocka_unit_test(test_no_run_need_be_a_single_block),
                cmocka_unit_test(test_a_trace_may_begin_amid_a_block),
                cmocka_unit_test(test_where_the_arm_is_not_known_no_block_is),
                cmocka_unit_test(test_an_arm_that_never_or_wildly_changes_has_no_length),
                cmocka_unit_test(test_a_gap_or_a_fallen_counter_spoils_its_block_alone),
                cmocka_unit_test(test_what_leaves_nothing_or_too_much_is_refused),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
