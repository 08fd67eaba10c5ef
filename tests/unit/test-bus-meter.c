/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/bus-meter.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define START (1000 * USEC_PER_SEC)

static bool admits(Meter *meter, const char *sender, usec_t now) {
        return meter_admit(meter, sender, now) >= 0;
}

/* How much a sender gets that asks all the time for calls of one cost. */
static usec_t served(Meter *meter, const char *sender, usec_t *now, usec_t cost, usec_t during) {
        usec_t sum = 0;

        for (usec_t end = *now + during; *now < end; *now += 10) {
                int account = meter_admit(meter, sender, *now);
                if (account < 0)
                        continue;
                meter_charge(meter, account, cost);
                sum += cost;
                *now += cost;
        }
        return sum;
}

static void test_who_asks_now_and_then_is_always_answered(void **state) {
        Meter meter;

        meter_init(&meter, START);
        for (usec_t now = START; now < START + USEC_PER_MINUTE; now += USEC_PER_SEC) {
                int account = meter_admit(&meter, ":1.1", now);
                assert_true(account >= 0);
                meter_charge(&meter, account, 50 * USEC_PER_MSEC);
        }
}

static void test_one_sender_gets_its_share_and_no_more(void **state) {
        Meter meter;
        usec_t now = START;

        meter_init(&meter, START);
        usec_t sum = served(&meter, ":1.1", &now, 300, USEC_PER_MINUTE);
        assert_in_range(sum, 6 * USEC_PER_SEC, 7 * USEC_PER_SEC);
        /* Another one is not held up by it. */
        assert_true(admits(&meter, ":1.2", now));
}

static void test_all_together_get_their_share_and_no_more(void **state) {
        char sender[32];
        usec_t sum = 0;
        Meter meter;

        meter_init(&meter, START);
        for (usec_t i = 0; i < 60000; i++) {
                (void) snprintf(sender, sizeof(sender), ":1.%lu", (unsigned long) i);
                int account = meter_admit(&meter, sender, START + i * USEC_PER_MSEC);
                if (account < 0)
                        continue;
                meter_charge(&meter, account, 900);
                sum += 900;
        }
        assert_in_range(sum, 15 * USEC_PER_SEC, 17 * USEC_PER_SEC);
}

static void test_a_call_that_costs_much_is_a_debt_that_ends(void **state) {
        Meter meter;

        meter_init(&meter, START);
        int account = meter_admit(&meter, ":1.1", START);
        meter_charge(&meter, account, USEC_INFINITY / 2);
        assert_false(admits(&meter, ":1.2", START + 3 * USEC_PER_SEC));
        assert_false(admits(&meter, ":1.1", START + 4 * USEC_PER_SEC));
        assert_true(admits(&meter, ":1.2", START + 5 * USEC_PER_SEC));
        assert_true(admits(&meter, ":1.1", START + 6 * USEC_PER_SEC));
}

static void test_little_time_between_calls_is_not_lost(void **state) {
        usec_t now = START;
        Meter meter;

        meter_init(&meter, START);
        meter_charge(&meter, meter_admit(&meter, ":1.1", now), USEC_PER_SEC);
        while (!admits(&meter, ":1.1", now))
                now++;
        assert_in_range(now - START, 5 * USEC_PER_SEC, 5 * USEC_PER_SEC + 100);
}

static void test_a_long_name_and_a_clock_that_stands_are_survived(void **state) {
        Meter meter;
        char name[256];

        memset(name, 'a', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        meter_init(&meter, START);
        int account = meter_admit(&meter, name, START);
        assert_true(account >= 0);
        assert_int_equal(meter_admit(&meter, name, START - 1), account);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_who_asks_now_and_then_is_always_answered),
                cmocka_unit_test(test_one_sender_gets_its_share_and_no_more),
                cmocka_unit_test(test_all_together_get_their_share_and_no_more),
                cmocka_unit_test(test_a_call_that_costs_much_is_a_debt_that_ends),
                cmocka_unit_test(test_little_time_between_calls_is_not_lost),
                cmocka_unit_test(test_a_long_name_and_a_clock_that_stands_are_survived),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
