/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each bad argument gets one message that names it, and nothing changes. */

#include "tests/bus/house.h"

static House house;
static sd_bus *client;

static int house_up(void **state) {
        house_init(&house);
        house_profile(&house, "redis", "profile: redis\nsummary: R\nsysctl: {vm.swappiness: 1}\n");
        house_start_daemon(&house);
        client = house_connect_private(&house);
        return 0;
}

static int house_down(void **state) {
        client = sd_bus_flush_close_unref(client);
        house_stop_daemon(&house);
        house_done(&house);
        return 0;
}

static void assert_nothing_happened(void) {
        _cleanup_(freep) char *daemon_state = NULL;

        assert_true(sd_bus_get_property_string(client,
                                               MEMCTL_BUS_NAME,
                                               MEMCTL_OBJECT_PATH,
                                               MEMCTL_INTERFACE,
                                               "State",
                                               NULL,
                                               &daemon_state) >= 0);
        assert_string_equal(daemon_state, "idle");
}

#define NAME_RULE                                                                               \
        "expected a profile name: a-z or 0-9 first, then also \".\", \"_\" and \"-\", at most " \
        "63 bytes"

static void assert_name_refused(const char *name, const char *quoted) {
        static const char *const methods[] = {"GetProfile", "Plan", "Release", "Apply"};
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(freep) char *text = text_format("name is \"%s\"; " NAME_RULE, quoted);

        for (size_t i = 0; i < ELEMENTSOF(methods); i++) {
                bool has_options = streq(methods[i], "Apply");
                call(client, &error, NULL, methods[i], has_options ? "sa{sv}" : "s", name, 0);
                assert_error(&error, MEMCTL_ERROR_INVALID_ARGUMENT, text);
        }
        assert_nothing_happened();
}

static void test_a_name_that_no_profile_can_have(void **state) {
        char long_name[65];

        memset(long_name, 'x', 64);
        long_name[64] = '\0';
        assert_name_refused("", "");
        assert_name_refused("Redis", "Redis");
        assert_name_refused("../../etc/passwd", "../../etc/passwd");
        assert_name_refused("redis.yaml/", "redis.yaml/");
        assert_name_refused("a b", "a b");
        assert_name_refused(long_name, long_name);
}

static void test_a_name_is_shown_harmless_and_cut(void **state) {
        char name[301], shown[80];

        assert_name_refused("re\n\033[31mdis", "re??[31mdis");
        memset(name, 'X', 300);
        name[300] = '\0';
        memset(shown, 'X', 76);
        memcpy(shown + 76, "...", 4);
        assert_name_refused(name, shown);
        /* The cut goes through the two bytes of an a umlaut. */
        memcpy(name + 75, "\xc3\xa4", 2);
        memcpy(shown + 75, "?", 1);
        assert_name_refused(name, shown);
}

static void test_a_reason_too_long(void **state) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        char reason[MEMCTL_REASON_MAX + 2];

        memset(reason, 'x', sizeof(reason));
        reason[MEMCTL_REASON_MAX + 1] = '\0';
        call(client, &error, NULL, "Revert", "ts", (uint64_t) 0, reason);
        assert_error(&error,
                     MEMCTL_ERROR_INVALID_ARGUMENT,
                     "reason is 257 bytes long; expected at most 256");
        reason[MEMCTL_REASON_MAX] = '\0';
        call(client, &error, NULL, "Revert", "ts", (uint64_t) 0, reason);
        assert_error(&error, MEMCTL_ERROR_NOTHING, NULL);
}

static void test_a_reason_with_control_characters(void **state) {
        static const char *const reasons[] = {"two\nlines", "a\033[31m", "abc\x7f", "abc\xc2\x85"};
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        static const unsigned at[] = {4, 2, 4, 4};

        for (size_t i = 0; i < ELEMENTSOF(reasons); i++) {
                _cleanup_(freep) char *text =
                        text_format("reason has a control character at byte %u; expected one line "
                                    "of text",
                                    at[i]);
                call(client, &error, NULL, "Revert", "ts", (uint64_t) 0, reasons[i]);
                assert_error(&error, MEMCTL_ERROR_INVALID_ARGUMENT, text);
        }
}

static void assert_option_refused(const char *text, const char *key, const char *type, ...) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        va_list ap;

        assert_true(sd_bus_message_new_method_call(client,
                                                   &message,
                                                   MEMCTL_BUS_NAME,
                                                   MEMCTL_OBJECT_PATH,
                                                   MEMCTL_INTERFACE,
                                                   "Apply") >= 0);
        assert_true(sd_bus_message_append(message, "s", "redis") >= 0);
        assert_true(sd_bus_message_open_container(message, 'a', "{sv}") >= 0);
        assert_true(sd_bus_message_open_container(message, 'e', "sv") >= 0);
        assert_true(sd_bus_message_append(message, "s", key) >= 0);
        assert_true(sd_bus_message_open_container(message, 'v', type) >= 0);
        va_start(ap, type);
        assert_true(sd_bus_message_appendv(message, type, ap) >= 0);
        va_end(ap);
        for (int i = 0; i < 3; i++)
                assert_true(sd_bus_message_close_container(message) >= 0);
        assert_true(sd_bus_call(client, message, 0, &error, NULL) < 0);
        assert_error(&error, MEMCTL_ERROR_INVALID_ARGUMENT, text);
        assert_nothing_happened();
}

static void test_an_option_that_does_not_exist(void **state) {
        assert_option_refused("options has the unknown key \"confirm-witin\"; expected "
                              "\"confirm-within\" or \"probation\"; did you mean "
                              "\"confirm-within\"?",
                              "confirm-witin",
                              "t",
                              USEC_PER_MINUTE);
        assert_option_refused("options has the unknown key \"\"; expected \"confirm-within\" or "
                              "\"probation\"",
                              "",
                              "s",
                              "");
        assert_option_refused("options has the unknown key \"x?\"; expected \"confirm-within\" or "
                              "\"probation\"",
                              "x\n",
                              "(sas)",
                              "",
                              0);
}

static void test_an_option_of_the_wrong_type(void **state) {
        assert_option_refused(
                "option \"probation\" has the type \"s\"; expected \"t\", microseconds",
                "probation",
                "s",
                "10min");
        assert_option_refused(
                "option \"confirm-within\" has the type \"u\"; expected \"t\", microseconds",
                "confirm-within",
                "u",
                (uint32_t) 60);
        assert_option_refused(
                "option \"probation\" has the type \"a(tt)\"; expected \"t\", microseconds",
                "probation",
                "a(tt)",
                0);
}

static void test_a_time_out_of_bounds(void **state) {
        assert_option_refused(
                "option \"probation\" is 999999 microseconds; expected a time from 1s to 7d",
                "probation",
                "t",
                (uint64_t) 999999);
        assert_option_refused(
                "option \"probation\" is 0 microseconds; expected a time from 1s to 7d",
                "probation",
                "t",
                (uint64_t) 0);
        assert_option_refused("option \"confirm-within\" is 18446744073709551615 microseconds; "
                              "expected a time from 1s to 7d",
                              "confirm-within",
                              "t",
                              UINT64_MAX);
}

static void test_an_option_given_twice(void **state) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        call(client,
             &error,
             NULL,
             "Apply",
             "sa{sv}",
             "redis",
             2,
             "probation",
             "t",
             USEC_PER_MINUTE,
             "probation",
             "t",
             USEC_PER_HOUR);
        assert_error(&error,
                     MEMCTL_ERROR_INVALID_ARGUMENT,
                     "option \"probation\" is given twice; expected it once");
        assert_nothing_happened();
}

static void test_options_that_exclude_each_other(void **state) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        call(client,
             &error,
             NULL,
             "Apply",
             "sa{sv}",
             "redis",
             2,
             "probation",
             "t",
             USEC_PER_MINUTE,
             "confirm-within",
             "t",
             USEC_PER_HOUR);
        assert_error(&error,
                     MEMCTL_ERROR_INVALID_ARGUMENT,
                     "options has both \"confirm-within\" and \"probation\"; expected one: what "
                     "waits for Keep is watched until then");
        assert_nothing_happened();
}

static void test_arguments_of_the_wrong_type_or_number(void **state) {
        static const char invalid[] = "org.freedesktop.DBus.Error.InvalidArgs";
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        call(client, &error, NULL, "Apply", "s", "redis");
        assert_error(&error, invalid, NULL);
        call(client, &error, NULL, "Keep", "s", "1");
        assert_error(&error, invalid, NULL);
        call(client, &error, NULL, "Keep", "u", 1);
        assert_error(&error, invalid, NULL);
        call(client, &error, NULL, "Reload", "s", "now");
        assert_error(&error, invalid, NULL);
        call(client, &error, NULL, "ListEvents", NULL);
        assert_error(&error, invalid, NULL);
        call(client, &error, NULL, "Explode", NULL);
        assert_error(&error, "org.freedesktop.DBus.Error.UnknownMethod", NULL);
}

static void test_properties_cannot_be_set(void **state) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        assert_true(sd_bus_set_property(client,
                                        MEMCTL_BUS_NAME,
                                        MEMCTL_OBJECT_PATH,
                                        MEMCTL_INTERFACE,
                                        "State",
                                        &error,
                                        "s",
                                        "kept") < 0);
        assert_error(&error, "org.freedesktop.DBus.Error.PropertyReadOnly", NULL);
        assert_nothing_happened();
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_name_that_no_profile_can_have),
                cmocka_unit_test(test_a_name_is_shown_harmless_and_cut),
                cmocka_unit_test(test_a_reason_too_long),
                cmocka_unit_test(test_a_reason_with_control_characters),
                cmocka_unit_test(test_an_option_that_does_not_exist),
                cmocka_unit_test(test_an_option_of_the_wrong_type),
                cmocka_unit_test(test_a_time_out_of_bounds),
                cmocka_unit_test(test_an_option_given_twice),
                cmocka_unit_test(test_options_that_exclude_each_other),
                cmocka_unit_test(test_arguments_of_the_wrong_type_or_number),
                cmocka_unit_test(test_properties_cannot_be_set),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        if (house_skip())
                return 0;
        return cmocka_run_group_tests_name("bus-arguments", tests, house_up, house_down);
}
