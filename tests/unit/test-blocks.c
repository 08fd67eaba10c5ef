/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/judge/blocks.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/near.h"

#define SEC USEC_PER_SEC

static Blocks begun(void) {
        Blocks blocks;

        blocks_init(&blocks, 10 * SEC);
        BlocksNews news = blocks_add(&blocks, 100 * SEC, 5 * SEC);
        assert_false(news.closed || news.gap);
        assert_near(news.passed_sec, 0, 0);
        return blocks;
}

static size_t kept(const Blocks *blocks) {
        double ring[BLOCKS_MAX];

        return blocks_copy(blocks, ring);
}

static void test_a_block_is_what_was_stalled_of_its_time(void **state) {
        Blocks blocks = begun();
        BlocksNews news = blocks_add(&blocks, 110 * SEC, 6 * SEC);

        assert_true(news.closed);
        assert_near(news.block, 0.1, 1e-12);
        assert_near(news.share, 0.1, 1e-12);
        assert_near(news.passed_sec, 10, 0);
}

static void test_readings_within_a_block_tell_their_own_share(void **state) {
        Blocks blocks = begun();

        /* Nothing for nine seconds, then half a second in the tenth: 5 % of the block. */
        for (usec_t i = 1; i < 10; i++) {
                BlocksNews news = blocks_add(&blocks, (100 + i) * SEC, 5 * SEC);
                assert_false(news.closed);
                assert_near(news.share, 0, 0);
                assert_near(news.passed_sec, 1, 0);
        }
        BlocksNews news = blocks_add(&blocks, 110 * SEC, 5 * SEC + SEC / 2);
        assert_true(news.closed);
        assert_near(news.share, 0.5, 1e-12);
        assert_near(news.block, 0.05, 1e-12);
}

static void test_the_time_that_passed_counts_not_the_time_planned(void **state) {
        Blocks late = begun(), early = begun(), too_early = begun();

        /* 1.4 s of 14 s. */
        BlocksNews news = blocks_add(&late, 114 * SEC, 6 * SEC + 400 * USEC_PER_MSEC);
        assert_true(news.closed && !news.gap);
        assert_near(news.block, 0.1, 1e-12);
        /* A fiftieth of 10 s early is on time. */
        news = blocks_add(&early, 110 * SEC - 200 * USEC_PER_MSEC, 5 * SEC + 980 * USEC_PER_MSEC);
        assert_true(news.closed);
        assert_near(news.block, 0.1, 1e-12);
        news = blocks_add(&too_early, 110 * SEC - 201 * USEC_PER_MSEC, 6 * SEC);
        assert_false(news.closed);
}

static void test_after_a_gap_a_block_begins_anew(void **state) {
        Blocks blocks = begun();

        blocks_keep(&blocks, 0.25);
        BlocksNews news = blocks_add(&blocks, 115 * SEC + 1, 9 * SEC);
        assert_true(news.gap && !news.reset && !news.closed);
        assert_near(news.passed_sec, 0, 0);
        assert_int_equal(blocks.n_gaps, 1);
        news = blocks_add(&blocks, 125 * SEC + 1, 10 * SEC);
        assert_true(news.closed && !news.gap);
        assert_near(news.block, 0.1, 1e-12);

        double ring[BLOCKS_MAX];
        assert_int_equal(blocks_copy(&blocks, ring), 2);
        assert_near(ring[0], 0.25, 0);
        assert_near(ring[1], BLOCKS_GAP, 0);
}

static void test_15_s_are_no_gap(void **state) {
        Blocks blocks = begun();

        assert_true(blocks_add(&blocks, 115 * SEC, 5 * SEC).closed);
        assert_int_equal(blocks.n_gaps, 0);
}

static void test_a_counter_that_began_anew_has_no_past(void **state) {
        Blocks blocks = begun();

        blocks_keep(&blocks, 0.25);
        BlocksNews news = blocks_add(&blocks, 110 * SEC, 4 * SEC);
        assert_true(news.gap && news.reset && !news.closed);
        assert_int_equal(blocks.n_resets, 1);
        assert_int_equal(kept(&blocks), 0);
        news = blocks_add(&blocks, 120 * SEC, 5 * SEC);
        assert_true(news.closed);
        assert_near(news.block, 0.1, 1e-12);
}

static void test_a_clock_that_does_not_advance_is_passed_over(void **state) {
        Blocks blocks = begun();

        BlocksNews news = blocks_add(&blocks, 100 * SEC, 9 * SEC);
        assert_false(news.closed || news.gap || news.passed_sec > 0);
        news = blocks_add(&blocks, 99 * SEC, 9 * SEC);
        assert_false(news.closed || news.gap || news.passed_sec > 0);
        news = blocks_add(&blocks, 110 * SEC, 6 * SEC);
        assert_true(news.closed);
        assert_near(news.block, 0.1, 1e-12);
}

static void test_no_share_is_above_1(void **state) {
        Blocks blocks = begun();
        BlocksNews news = blocks_add(&blocks, 110 * SEC, UINT64_MAX);

        assert_near(news.block, 1, 0);
        assert_near(news.share, 1, 0);
}

static void test_what_cannot_be_read_is_one_gap_however_long(void **state) {
        Blocks blocks = begun();

        blocks_keep(&blocks, 0.25);
        assert_true(blocks_miss(&blocks));
        assert_false(blocks_miss(&blocks));
        assert_int_equal(kept(&blocks), 2);
        /* The next reading only begins, at whatever time. */
        BlocksNews news = blocks_add(&blocks, 50 * SEC, 1 * SEC);
        assert_false(news.closed || news.gap);
        assert_true(blocks_add(&blocks, 60 * SEC, 1 * SEC).closed);
}

static void test_a_block_can_begin_with_the_latest_reading(void **state) {
        Blocks blocks = begun();

        (void) blocks_add(&blocks, 106 * SEC, 9 * SEC);
        blocks_begin(&blocks);
        assert_false(blocks_add(&blocks, 110 * SEC, 9 * SEC).closed);
        BlocksNews news = blocks_add(&blocks, 116 * SEC, 10 * SEC);
        assert_true(news.closed);
        assert_near(news.block, 0.1, 1e-12);
}

static void test_the_ring_keeps_the_newest_oldest_first(void **state) {
        double ring[BLOCKS_MAX];
        Blocks blocks;

        blocks_init(&blocks, 10 * SEC);
        for (size_t i = 0; i < BLOCKS_MAX + 5; i++)
                blocks_keep(&blocks, (double) i);
        assert_int_equal(blocks_copy(&blocks, ring), BLOCKS_MAX);
        assert_near(ring[0], 5, 0);
        assert_near(ring[BLOCKS_MAX - 1], BLOCKS_MAX + 4, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_block_is_what_was_stalled_of_its_time),
                cmocka_unit_test(test_readings_within_a_block_tell_their_own_share),
                cmocka_unit_test(test_the_time_that_passed_counts_not_the_time_planned),
                cmocka_unit_test(test_after_a_gap_a_block_begins_anew),
                cmocka_unit_test(test_15_s_are_no_gap),
                cmocka_unit_test(test_a_counter_that_began_anew_has_no_past),
                cmocka_unit_test(test_a_clock_that_does_not_advance_is_passed_over),
                cmocka_unit_test(test_no_share_is_above_1),
                cmocka_unit_test(test_what_cannot_be_read_is_one_gap_however_long),
                cmocka_unit_test(test_a_block_can_begin_with_the_latest_reading),
                cmocka_unit_test(test_the_ring_keeps_the_newest_oldest_first),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
