/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/quantity.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_durations_are_read_with_their_units(void **state) {
        static const struct {
                const char *text;
                usec_t usec;
        } cases[] = {
                {"0s", 0},
                {"7us", 7},
                {"500ms", 500 * USEC_PER_MSEC},
                {"10s", 10 * USEC_PER_SEC},
                {"10 s", 10 * USEC_PER_SEC},
                {"1.5s", 1500 * USEC_PER_MSEC},
                {"0.000001s", 1},
                {"30min", 30 * USEC_PER_MINUTE},
                {"5m", 5 * USEC_PER_MINUTE},
                {"1h 30min", 90 * USEC_PER_MINUTE},
                {"1h30min", 90 * USEC_PER_MINUTE},
                {"2d", 2 * USEC_PER_DAY},
                {"0.5h", 30 * USEC_PER_MINUTE},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                usec_t usec = 99;
                assert_int_equal(parse_duration(cases[i].text, &usec), 0);
                assert_true(usec == cases[i].usec);
        }
}

static void test_durations_without_a_unit_or_with_another_are_refused(void **state) {
        static const char *const refused[] = {
                "",
                "10",
                " 10s",
                "-10s",
                "s",
                "10 parsecs",
                "10S",
                "1,5s",
                "1.s",
                ".5s",
                "10s 5",
                "0.5us",
                "1.0000001s",
                "1e3s",
                "0x10s",
                "10s;",
                "infinity",
        };
        usec_t usec = 99;

        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                assert_int_equal(parse_duration(refused[i], &usec), -EINVAL);
        assert_int_equal(parse_duration("99999999999999999999s", &usec), -ERANGE);
        assert_int_equal(parse_duration("18446744073710s", &usec), -ERANGE);
        assert_int_equal(parse_duration("18446744073709551615us", &usec), -ERANGE);
        assert_int_equal(parse_duration("18446744073709551614us 1us", &usec), -ERANGE);
        assert_true(usec == 99);
}

static void test_sizes_are_read_as_binary_multiples(void **state) {
        static const struct {
                const char *text;
                uint64_t bytes;
        } cases[] = {
                {"0", 0},
                {"4096", 4096},
                {"1B", 1},
                {"64K", 64ull << 10},
                {"64KB", 64ull << 10},
                {"64KiB", 64ull << 10},
                {"1.5GiB", 3ull << 29},
                {"2T", 2ull << 40},
                {"20000000000000", 20000000000000},
                {"18446744073709551615", UINT64_MAX},
                {"16777215TiB", 16777215ull << 40},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint64_t bytes = 99;
                assert_int_equal(parse_size(cases[i].text, &bytes), 0);
                assert_true(bytes == cases[i].bytes);
        }
}

static void test_sizes_that_are_none_are_refused(void **state) {
        static const char *const refused[] = {
                "",
                "-1",
                "GiB",
                "1 GiB 1",
                "1GiB1",
                "0.3B",
                "1.3KiB",
                "64gib",
                "1e9",
                "10%",
                "1PiB",
        };
        uint64_t bytes = 99;

        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                assert_int_equal(parse_size(refused[i], &bytes), -EINVAL);
        assert_int_equal(parse_size("16777216TiB", &bytes), -ERANGE);
        assert_int_equal(parse_size("18446744073709551616", &bytes), -ERANGE);
        assert_true(bytes == 99);
}

static void test_shares_need_a_percent_sign(void **state) {
        static const char *const refused[] = {
                "", "10", "%", "-1%", "1%%", "0.001%", "10 %x", "1/2"};
        unsigned share = 99;
        uint64_t ratio = 99;

        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                assert_int_equal(parse_share(refused[i], &share), -EINVAL);
        assert_int_equal(parse_share("100.01%", &share), -ERANGE);
        assert_int_equal(share, 99);
        assert_int_equal(parse_share("0.25 %", &share), 0);
        assert_int_equal(share, 25);
        assert_int_equal(parse_share("100%", &share), 0);
        assert_int_equal(share, 10000);
        assert_int_equal(parse_ratio("150%", &ratio), 0);
        assert_true(ratio == 15000);
        assert_int_equal(parse_ratio("18446744073709551615%", &ratio), -ERANGE);
}

static void test_durations_are_printed_short(void **state) {
        static const struct {
                usec_t usec;
                const char *text;
        } cases[] = {
                {0, "0s"},
                {7, "7us"},
                {11878, "11ms"},
                {40 * USEC_PER_MSEC, "40ms"},
                {USEC_PER_SEC, "1s"},
                {2550 * USEC_PER_MSEC, "2.5s"},
                {60 * USEC_PER_SEC, "1min"},
                {60 * USEC_PER_SEC + 500 * USEC_PER_MSEC, "1min"},
                {61 * USEC_PER_SEC + 900 * USEC_PER_MSEC, "1min 1s"},
                {65 * USEC_PER_MINUTE, "1h 5min"},
                {USEC_PER_DAY + USEC_PER_SEC, "1d 1s"},
                {USEC_INFINITY, "forever"},
                {USEC_INFINITY - 1, "213503982d 8h 1min 49s"},
        };
        char text[64];

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                format_duration(cases[i].usec, text);
                assert_string_equal(text, cases[i].text);
        }
}

static void test_printed_durations_are_read_back(void **state) {
        static const usec_t cases[] = {
                0,
                1,
                999 * USEC_PER_MSEC,
                1500 * USEC_PER_MSEC,
                59 * USEC_PER_SEC,
                3 * USEC_PER_HOUR,
                USEC_PER_DAY,
        };
        char text[64];

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                usec_t usec = 99;
                format_duration(cases[i], text);
                assert_int_equal(parse_duration(text, &usec), 0);
                assert_true(usec == cases[i]);
        }
}

static void test_sizes_are_printed_with_a_tenth_where_it_tells(void **state) {
        static const struct {
                uint64_t bytes;
                const char *text;
        } cases[] = {
                {0, "0 B"},
                {1023, "1023 B"},
                {1024, "1 KiB"},
                {67584ull << 10, "66 MiB"},
                {3ull << 29, "1.5 GiB"},
                {(100ull << 30) + (1ull << 29), "100 GiB"},
                {UINT64_MAX, "15.9 EiB"},
        };
        char text[32];

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                format_size(cases[i].bytes, text);
                assert_string_equal(text, cases[i].text);
        }
}

static void test_shares_are_printed_as_precisely_as_needed(void **state) {
        static const struct {
                unsigned permyriad;
                const char *text;
        } cases[] = {
                {0, "0 %"},
                {5, "0.05 %"},
                {10, "0.1 %"},
                {123, "1.23 %"},
                {1055, "10.5 %"},
                {4300, "43 %"},
                {10000, "100 %"},
                {UINT32_MAX, "42949672.9 %"},
        };
        char text[16];

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                format_share(cases[i].permyriad, text);
                assert_string_equal(text, cases[i].text);
        }
}

static void test_a_share_of_something_is_bounded(void **state) {
        assert_int_equal(share_of(1, 3), 3333);
        assert_int_equal(share_of(3, 3), 10000);
        assert_int_equal(share_of(9, 3), 30000);
        assert_int_equal(share_of(5, 0), 0);
        assert_int_equal(share_of(UINT64_MAX, UINT64_MAX), 10000);
        assert_int_equal(share_of(UINT64_MAX, 1), UINT32_MAX);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_durations_are_read_with_their_units),
                cmocka_unit_test(test_durations_without_a_unit_or_with_another_are_refused),
                cmocka_unit_test(test_sizes_are_read_as_binary_multiples),
                cmocka_unit_test(test_sizes_that_are_none_are_refused),
                cmocka_unit_test(test_shares_need_a_percent_sign),
                cmocka_unit_test(test_durations_are_printed_short),
                cmocka_unit_test(test_printed_durations_are_read_back),
                cmocka_unit_test(test_sizes_are_printed_with_a_tenth_where_it_tells),
                cmocka_unit_test(test_shares_are_printed_as_precisely_as_needed),
                cmocka_unit_test(test_a_share_of_something_is_bounded),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
