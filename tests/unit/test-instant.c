/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/instant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

/* Berlin: Fri 2026-11-27 20:00:00.5 CET */
#define NOW ((usec_t) 1795806000500000)
#define SEC USEC_PER_SEC

static void use_zone(const char *zone) {
        assert_int_equal(setenv("TZ", zone, 1), 0);
        tzset();
}

static int init(void **state) {
        use_zone("CET-1CEST,M3.5.0,M10.5.0/3"); /* as Europe/Berlin, without its file */
        return 0;
}

static void assert_instant(const char *text, usec_t want) {
        usec_t usec = 0;

        if (parse_instant(text, NOW, &usec) < 0)
                fail_msg("\"%s\" was refused", text);
        if (usec != want)
                fail_msg("\"%s\" is %llu", text, (unsigned long long) usec);
}

static void test_dates_are_local(void **state) {
        assert_instant("2026-11-27 20:00", 1795806000 * SEC);
        assert_instant("2026-11-27 20:00:07", 1795806007 * SEC);
        assert_instant("2026-11-27T20:00:07.25", 1795806007 * SEC + 250000);
        assert_instant("2026-11-27", 1795734000 * SEC);
        assert_instant("Fri 2026-11-27 20:00:00 CET", 1795806000 * SEC);
        assert_instant("Friday, 2026-11-27", 1795734000 * SEC);
        assert_instant("2026-07-01 12:00", 1782900000 * SEC); /* in summer */
        use_zone("UTC");
        assert_instant("2026-11-27 19:00", 1795806000 * SEC);
}

static void test_a_zone_behind_it_counts(void **state) {
        assert_instant("2026-11-27 19:00 UTC", 1795806000 * SEC);
        assert_instant("2026-11-27T19:00:00Z", 1795806000 * SEC);
        assert_instant("2026-11-27T20:00:00+01:00", 1795806000 * SEC);
        assert_instant("2026-11-27 14:30 -0430", 1795806000 * SEC);
        assert_instant("2026-10-25 02:30 CEST",
                       1792888200 * SEC); /* the hour that is there twice */
        assert_instant("2026-10-25 02:30 CET", 1792891800 * SEC);
}

static void test_parts_of_a_date_are_of_today(void **state) {
        assert_instant("20:00", 1795806000 * SEC);
        assert_instant("08:30:05", 1795764605 * SEC);
        assert_instant("today", 1795734000 * SEC);
        assert_instant("yesterday", 1795647600 * SEC);
        assert_instant("tomorrow", 1795820400 * SEC);
        assert_instant("yesterday 20:00", 1795719600 * SEC);
        assert_instant("now", NOW);
}

static void test_a_day_is_not_always_24_hours(void **state) {
        usec_t usec = 0;

        /* Noon of the day on which the clocks went back. */
        assert_int_equal(parse_instant("yesterday", (usec_t) 1793012400 * SEC, &usec), 0);
        assert_int_equal(usec, 1792879200 * SEC);
}

static void test_spans_count_from_now(void **state) {
        assert_instant("-1h", NOW - USEC_PER_HOUR);
        assert_instant("1h ago", NOW - USEC_PER_HOUR);
        assert_instant("1 hour ago", NOW - USEC_PER_HOUR);
        assert_instant("2 hours 30min ago", NOW - 150 * USEC_PER_MINUTE);
        assert_instant("-1h30m", NOW - 90 * USEC_PER_MINUTE);
        assert_instant("3 days ago", NOW - 3 * USEC_PER_DAY);
        assert_instant("-2weeks", NOW - 14 * USEC_PER_DAY);
        assert_instant("+5s", NOW + 5 * SEC);
        assert_instant("-500ms", NOW - 500000);
        assert_instant("-1month", NOW - 2629800 * SEC);
        assert_instant("-900 years", 0); /* before all time */
}

static void test_seconds_since_1970(void **state) {
        assert_instant("@1795806000", 1795806000 * SEC);
        assert_instant("@1795806000.5", NOW);
}

static void test_nonsense_is_refused(void **state) {
        static const char *const wrong[] = {
                "",
                "soon",
                "1",
                "1h",
                "h ago",
                "1h agone",
                "-1 parsec",
                "2026-02-30",
                "2026-13-01",
                "2026-2-3",
                "2026-02-3020:00",
                "2026-11-27 25:00",
                "2026-11-27 20:60",
                "2026-11-27 20",
                "2026-11-27 20:00 XYZ",
                "2026-11-27 20:00 +1",
                "20:00 tomorrow",
                "20",
                "@",
                "@-1",
                "@99999999999999999",
                "@1795809600.",
                "-99999999999999999999h",
                "-999999999999999999years",
                "+9999999999h",
                "yesterdays",
                "1960-01-01",
        };

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                usec_t usec = 7;
                if (parse_instant(wrong[i], NOW, &usec) != -EINVAL || usec != 7)
                        fail_msg("\"%s\" was taken for %llu", wrong[i], (unsigned long long) usec);
        }
}

static void test_what_is_printed_can_be_read(void **state) {
        char text[64];

        format_instant(NOW, text);
        assert_string_equal(text, "Fri 2026-11-27 20:00:00 CET");
        assert_instant(text, NOW - 500000);
        format_instant_utc(NOW, text);
        assert_string_equal(text, "2026-11-27T19:00:00.500000Z");
        assert_instant(text, NOW);
        format_instant(USEC_INFINITY, text);
        assert_string_equal(text, "-");
        format_instant_utc(USEC_INFINITY, text);
        assert_string_equal(text, "-");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_dates_are_local, init),
                cmocka_unit_test_setup(test_a_zone_behind_it_counts, init),
                cmocka_unit_test_setup(test_parts_of_a_date_are_of_today, init),
                cmocka_unit_test_setup(test_a_day_is_not_always_24_hours, init),
                cmocka_unit_test_setup(test_spans_count_from_now, init),
                cmocka_unit_test_setup(test_seconds_since_1970, init),
                cmocka_unit_test_setup(test_nonsense_is_refused, init),
                cmocka_unit_test_setup(test_what_is_printed_can_be_read, init),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
