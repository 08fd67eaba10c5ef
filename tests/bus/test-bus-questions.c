/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Questions to polkit that are not answered. */

#include "tests/bus/callers.h"

static bool polkit_was_told(const House *house, const char *line) {
        _cleanup_(freep) char *log = house_polkit_log(house);
        return strstr(log, line) != NULL;
}

static void test_polkit_never_answers(void **state) {
        House *house = *state;

        house_start_polkit(house, "never");
        house_start_hasty_daemon(house);
        house_await_name(house);
        const Expected apply = {
                .method = "Apply",
                .types = "sa{sv}",
                .error = MEMCTL_ERROR_NOT_AUTHORIZED,
                .text = "polkit gave no answer on org.memctl.apply; nothing is changed",
        };
        assert_int_equal(as_ordinary(house, expect, &apply), 0);
        assert_state(house, "idle");
        /* polkit may hear of it after the caller. */
        for (int i = 0; !polkit_was_told(house, "cancel memctl-1\n"); i++) {
                assert_true(i < 500);
                (void) usleep(20000);
        }
}

static int ask_and_leave(sd_bus *bus, const void *data) {
        const unsigned *n = data;

        for (unsigned i = 0; i < *n; i++)
                if (sd_bus_call_method_async(bus,
                                             NULL,
                                             MEMCTL_BUS_NAME,
                                             MEMCTL_OBJECT_PATH,
                                             MEMCTL_INTERFACE,
                                             "Reload",
                                             NULL,
                                             NULL,
                                             NULL) < 0)
                        return 1;
        return sd_bus_flush(bus) < 0;
}

/* The daemon asks the broker who a caller is, before it asks polkit; that has a limit of its own.
 */
static void wait_until_identified(sd_bus *bus) {
        for (unsigned i = 0; i < 1000; i++) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
                (void) sd_bus_call_method(bus,
                                          MEMCTL_BUS_NAME,
                                          MEMCTL_OBJECT_PATH,
                                          MEMCTL_INTERFACE,
                                          "Reload",
                                          &error,
                                          NULL,
                                          NULL);
                if (!error.message || !text_starts_with(error.message, "too many calls wait"))
                        return;
                (void) usleep(10 * USEC_PER_MSEC);
        }
}

/* Nine questions of one user, none answered: the ninth is refused, and root is not held up. */
static int ask_too_often(sd_bus *bus, const void *data) {
        const unsigned n = 8;

        if (ask_and_leave(bus, &n) != 0)
                return 1;
        wait_until_identified(bus);
        return expect(bus,
                      &(Expected){.method = "Reload",
                                  .error = MEMCTL_ERROR_TOO_MANY,
                                  .text = "too many authorizations are under way; try again when "
                                          "they are answered"});
}

static void test_one_user_cannot_use_up_all_questions(void **state) {
        House *house = *state;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        begin(house, "never");
        assert_int_equal(as_ordinary(house, ask_too_often, NULL), 0);
        sd_bus *peer = house_connect_private(house);
        assert_ok(call(peer, &error, NULL, "Reload", NULL), &error);
        sd_bus_flush_close_unref(peer);
        if (geteuid() != 0)
                return;
        sd_bus *bus = house_connect_bus(house);
        assert_ok(call(bus, &error, NULL, "Reload", NULL), &error);
        sd_bus_flush_close_unref(bus);
}

static void test_a_caller_that_left_and_a_polkit_that_died_are_survived(void **state) {
        House *house = *state;
        const unsigned n = 3;

        begin(house, "late");
        assert_int_equal(as_ordinary(house, ask_and_leave, &n), 0);
        house_set_answer(house, "never");
        assert_int_equal(as_ordinary(house, ask_and_leave, &n), 0);
        house_stop_polkit(house);
        const Expected apply = {
                .method = "Apply", .types = "sa{sv}", .error = MEMCTL_ERROR_NOT_AUTHORIZED};
        assert_int_equal(as_ordinary(house, expect, &apply), 0);
        assert_state(house, "idle");
}

static void test_questions_end_with_the_bus(void **state) {
        House *house = *state;
        const unsigned n = 3;

        begin(house, "never");
        assert_int_equal(as_ordinary(house, ask_and_leave, &n), 0);
        house_stop_bus(house);
        assert_state(house, "idle");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_HOUSE(test_polkit_never_answers),
                IN_HOUSE(test_one_user_cannot_use_up_all_questions),
                IN_HOUSE(test_a_caller_that_left_and_a_polkit_that_died_are_survived),
                IN_HOUSE(test_questions_end_with_the_bus),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        if (house_skip())
                return 0;
        return cmocka_run_group_tests_name("bus-questions", tests, NULL, NULL);
}
