/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/oom-time.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SEC USEC_PER_SEC
#define MAY_27 ((usec_t) 1716804672) /* 2024-05-27 10:11:12 UTC */

static void assert_time(const char *prefix, const char *text, usec_t usec) {
        OomTime time = {.realtime_usec = 7};

        oom_time_read(prefix, &time);
        assert_string_equal(time.text, text);
        assert_int_equal(time.realtime_usec, usec);
}

static void test_dates_with_a_zone_are_known(void **state) {
        assert_time("2024-05-27T10:11:12+00:00 host kernel: ",
                    "2024-05-27T10:11:12+00:00",
                    MAY_27 * SEC);
        assert_time("2024-05-27T12:11:12.25+02:00 host kernel: [ 1.5] ",
                    "2024-05-27T12:11:12.25+02:00",
                    MAY_27 * SEC + 250000);
        assert_time("2024-05-27T12:11:12,250000+0200 host kernel: ",
                    "2024-05-27T12:11:12,250000+0200",
                    MAY_27 * SEC + 250000);
        assert_time("<4>1 2024-05-27T10:11:12Z host kernel - - - ",
                    "2024-05-27T10:11:12Z",
                    MAY_27 * SEC);
        assert_time("Mon 2024-05-27 10:11:12 UTC host kernel: ",
                    "2024-05-27 10:11:12 UTC",
                    MAY_27 * SEC);
        assert_time("1716804672.250000 host kernel: ", "1716804672.250000", MAY_27 * SEC + 250000);
}

static void test_dates_without_one_are_as_printed(void **state) {
        assert_time("Dec  5 22:20:29 host kernel: [ 1.5] ", "Dec  5 22:20:29", 0);
        assert_time("Dec 05 22:20:29 host kernel: ", "Dec 05 22:20:29", 0);
        assert_time("[Thu Dec  7 00:05:14 2017] ", "Thu Dec  7 00:05:14 2017", 0);
        assert_time("Mon 2024-05-27 10:11:12 CEST host kernel: ", "2024-05-27 10:11:12", 0);
        assert_time("2024-05-27 10:11:12 host kernel: ", "2024-05-27 10:11:12", 0);
}

static void test_seconds_since_boot(void **state) {
        assert_time("[  123.456789] ", "[123.456789]", 0);
        assert_time("<4>[ 0.5][ T12] ", "[0.5]", 0);
        assert_time("host kernel: [    1.500000] ", "[1.500000]", 0);
        assert_time("4,1234,5678901,-;", "[5.678901]", 0);
        assert_time("4,19685343,241227987463,-,caller=T12845;", "[241227.987463]", 0);
}

static void test_nothing_is_no_time(void **state) {
        assert_time("", "", 0);
        assert_time("host kernel: ", "", 0);
        assert_time("[ T12] ", "", 0);
        assert_time("[12:13] ", "", 0);
        assert_time("2024-05-27T", "", 0);
        assert_time("2024-99-27T10:11:12Z host kernel: ", "2024-99-27T10:11:12Z", 0);
        assert_time("12024-05-27T10:11:12Z", "", 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_dates_with_a_zone_are_known),
                cmocka_unit_test(test_dates_without_one_are_as_printed),
                cmocka_unit_test(test_seconds_since_boot),
                cmocka_unit_test(test_nothing_is_no_time),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
