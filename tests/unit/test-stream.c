/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/judge/stream.h"

#include "core/base/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/near.h"

static double sum_of_shares(const Stream *stream) {
        double sum = stream->burst_share;

        for (size_t i = 0; i < STREAM_SCALES; i++)
                sum += stream->scales[i].share;
        return sum;
}

static void test_each_block_length_has_half_the_share_of_the_shorter(void **state) {
        double before[BLOCKS_MAX] = {0};
        Stream stream;

        /* Nothing varies, so nothing hangs together: all six take part. 1 + 1/2 + ... + 1/32. */
        stream_arm(&stream, before, BLOCKS_MAX, 10, 0.001);
        for (unsigned i = 0; i < STREAM_SCALES; i++) {
                assert_near(stream.scales[i].share, 32.0 / 63 / (1u << i), 1e-12);
                assert_int_equal(stream.scales[i].exceed.n, BLOCKS_MAX >> i);
        }
        assert_near(stream.burst_share, 0, 0);
}

static void test_blocks_are_cut_newest_first_and_not_across_gaps(void **state) {
        /* In pairs from the end: 0.8 0.7 | 0.6 0.5 | 0.4 is left | gap | 0.3 0.2 | 0.1 is left. */
        static const double before[] = {0.1, 0.2, 0.3, BLOCKS_GAP, 0.4, 0.5, 0.6, 0.7, 0.8};
        Stream stream;

        stream_arm(&stream, before, ELEMENTSOF(before), 10, 0.001);
        assert_int_equal(stream.n_before, 8);
        assert_int_equal(stream.scales[0].exceed.n, 8);
        assert_int_equal(stream.scales[1].exceed.n, 3);
        assert_near(stream.scales[1].exceed.levels[0].threshold, 0.75, 1e-12);
        assert_near(stream.scales[1].exceed.levels[1].threshold, 0.55, 1e-12);
        assert_int_equal(stream.scales[2].exceed.n_levels, 0);
        assert_near(stream.before.scales[0].mean, 3.6 / 8, 1e-12);
}

static void test_with_few_blocks_the_longest_length_alone_takes_part(void **state) {
        static const double before[6] = {0};
        Stream stream;
        unsigned length;

        /* 1 / sqrt(6) = 0.41 passes, 1 / sqrt(3) = 0.58 does not. */
        stream_arm(&stream, before, 6, 10, 0.001);
        assert_near(stream.scales[0].share, 1, 1e-12);
        stream_arm(&stream, before, 4, 10, 0.001);
        assert_near(stream.scales[0].share, 1, 1e-12);
        stream_arm(&stream, before, 3, 10, 0.001);
        assert_near(stream.scales[0].share, 1, 1e-12);
        assert_near(stream_evidence(&stream, &length), 1, 1e-12);
        assert_int_equal(length, 1);
}

/* Bursts of eight blocks in 40: what hangs together at 10 s. */
static void fill_bursts(double *blocks, size_t n, double height) {
        for (size_t i = 0; i < n; i++)
                blocks[i] = i % 40 < 8 ? height : 0;
}

static void test_where_blocks_hang_together_bursts_take_part(void **state) {
        double before[BLOCKS_MAX];
        Stream stream;

        fill_bursts(before, BLOCKS_MAX, 0.05);
        stream_arm(&stream, before, BLOCKS_MAX, 10, 0.001);
        assert_near(stream.scales[0].share, 0, 0);
        assert_true(stream.burst_share > 0);
        assert_near(sum_of_shares(&stream), 1, 1e-12);
        assert_int_equal(stream.bursts.n, 9);
        assert_near(stream.bursts.levels[0].threshold, 8 * 0.05, 1e-9);

        /* All as before: no evidence. Three times as high: bursts tell. */
        unsigned length;
        for (size_t i = 0; i < BLOCKS_MAX; i++)
                stream_add(&stream, before[i]);
        assert_true(stream_evidence(&stream, &length) < 2);
        fill_bursts(before, BLOCKS_MAX, 0.15);
        for (size_t i = 0; i < BLOCKS_MAX; i++)
                stream_add(&stream, before[i]);
        assert_true(stream_evidence(&stream, &length) > 10);
        assert_int_equal(length, 0);
}

static void test_shares_of_alpha_sum_up_to_1(void **state) {
        double before[BLOCKS_MAX];
        Random random;
        Stream stream;

        random_init(&random, 3);
        for (size_t n = 3; n <= BLOCKS_MAX; n += 7) {
                for (size_t i = 0; i < n; i++)
                        before[i] = i % 5 < 2 ? random_uniform(&random) : 0;
                stream_arm(&stream, before, n, 10, 0.001);
                assert_near(sum_of_shares(&stream), 1, 1e-9);
        }
}

static void test_a_gap_breaks_blocks_under_way(void **state) {
        static const double before[40] = {0};
        Stream stream;

        stream_arm(&stream, before, 40, 10, 0.001);
        stream_add(&stream, 0.5);
        assert_int_equal(stream.scales[1].n_partial, 1);
        stream_break(&stream);
        assert_int_equal(stream.scales[1].n_partial, 0);
        assert_near(stream.burst.size, 0, 0);
        stream_add(&stream, 0);
        assert_int_equal(stream.scales[1].exceed.t, 0);
        stream_add(&stream, 0);
        assert_int_equal(stream.scales[1].exceed.t, 1);
        assert_int_equal(stream.scales[1].exceed.levels[0].n_exceeded, 0);
        assert_int_equal(average_count(&stream.after), 3);
}

static void test_without_a_time_before_it_is_judged_absolutely(void **state) {
        static const double before[] = {0, BLOCKS_GAP, 0};
        Stream stream;
        unsigned length;

        stream_arm(&stream, before, 3, 10, 0.001);
        assert_false(stream_has_before(&stream));
        stream_add(&stream, 0.2);
        assert_near(stream_evidence(&stream, &length), 6.8125 / 4, 1e-12);
        assert_int_equal(length, 1);
}

static void test_one_block_of_nothing_but_stalls_is_no_evidence(void **state) {
        double before[BLOCKS_MAX] = {0};
        unsigned length;

        /* 0.4, the largest share of alpha that a metric has: 1:100 needs 250. */
        for (size_t n = 3; n <= BLOCKS_MAX; n++) {
                Stream stream;
                stream_arm(&stream, before, n, 10, 0.001);
                double most = 0;
                for (size_t i = 0; i < 70; i++) {
                        stream_add(&stream, i == 7 ? 1 : 0);
                        most = fmax(most, stream_evidence(&stream, &length));
                }
                assert_true(most < 2);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_block_length_has_half_the_share_of_the_shorter),
                cmocka_unit_test(test_blocks_are_cut_newest_first_and_not_across_gaps),
                cmocka_unit_test(test_with_few_blocks_the_longest_length_alone_takes_part),
                cmocka_unit_test(test_where_blocks_hang_together_bursts_take_part),
                cmocka_unit_test(test_shares_of_alpha_sum_up_to_1),
                cmocka_unit_test(test_a_gap_breaks_blocks_under_way),
                cmocka_unit_test(test_without_a_time_before_it_is_judged_absolutely),
                cmocka_unit_test(test_one_block_of_nothing_but_stalls_is_no_evidence),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
