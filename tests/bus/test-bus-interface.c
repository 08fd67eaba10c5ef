/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the methods, properties and signals do. */

#include <json-c/json.h>

#include "tests/bus/house.h"
#include "tests/support/tree.h"

static House house;
static sd_bus *client;

static const char redis[] = "profile: redis\n"
                            "summary: \"Redis \xc3\xa4\"\n"
                            "sysctl:\n"
                            "  vm.swappiness: 1\n"
                            "  vm.page-cluster: 0\n";

static int house_up(void **state) {
        house_init(&house);
        house_profile(&house, "redis", redis);
        house_profile(&house, "broken", "profile: broken\nsysctl: {vm.swapiness: 1}\n");
        house_profile(&house,
                      "elsewhere",
                      "profile: elsewhere\nsummary: Not here\nwhen: {ram: \">= 900TiB\"}\n"
                      "sysctl: {vm.swappiness: 1}\n");
        assert_int_equal(tree_write(house.tree,
                                    "etc/sysctl.d/50-x.conf",
                                    "# theirs\nvm.page-cluster = 5\nvm.swappiness = 1\n"),
                         0);
        house_start_daemon(&house);
        house_await_name(&house);
        client = house_connect_private(&house);
        return 0;
}

static int house_down(void **state) {
        client = sd_bus_flush_close_unref(client);
        house_stop_daemon(&house);
        house_done(&house);
        return 0;
}

/* Reading */

static void assert_property(const char *name, const char *type, const char *expected) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(freep) char *value = NULL;
        uint64_t number;

        if (streq(type, "t")) {
                assert_ok(sd_bus_get_property_trivial(client,
                                                      MEMCTL_BUS_NAME,
                                                      MEMCTL_OBJECT_PATH,
                                                      MEMCTL_INTERFACE,
                                                      name,
                                                      &error,
                                                      't',
                                                      &number),
                          &error);
                value = text_format("%llu", (unsigned long long) number);
        } else {
                assert_ok(sd_bus_get_property_string(client,
                                                     MEMCTL_BUS_NAME,
                                                     MEMCTL_OBJECT_PATH,
                                                     MEMCTL_INTERFACE,
                                                     name,
                                                     &error,
                                                     &value),
                          &error);
        }
        assert_string_equal(value, expected);
}

static uint64_t transaction(void) {
        uint64_t id = 0;

        assert_true(sd_bus_get_property_trivial(client,
                                                MEMCTL_BUS_NAME,
                                                MEMCTL_OBJECT_PATH,
                                                MEMCTL_INTERFACE,
                                                "Transaction",
                                                NULL,
                                                't',
                                                &id) >= 0);
        return id;
}

static void test_properties_of_an_idle_daemon(void **state) {
        assert_property("Version", "s", MEMCTL_VERSION);
        assert_property("State", "s", "idle");
        assert_property("Profile", "s", "");
        assert_property("Transaction", "t", "0");
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *quarantined =
                house_get(client, "Quarantined", "as");
        assert_int_equal(sd_bus_message_enter_container(quarantined, 'a', "s"), 1);
        assert_int_equal(sd_bus_message_at_end(quarantined, false), 1);
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *probation =
                house_get(client, "Probation", "a{sv}");
        assert_int_equal(sd_bus_message_enter_container(probation, 'a', "{sv}"), 1);
        assert_int_equal(sd_bus_message_at_end(probation, false), 1);
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *drift =
                house_get(client, "Drift", "a(sssts)");
        assert_int_equal(sd_bus_message_enter_container(drift, 'a', "(sssts)"), 1);
        assert_int_equal(sd_bus_message_at_end(drift, false), 1);
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *conflicts =
                house_get(client, "Conflicts", "as");
        assert_int_equal(sd_bus_message_enter_container(conflicts, 'a', "s"), 1);
        assert_int_equal(sd_bus_message_at_end(conflicts, false), 1);
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *hold = house_get(client, "Hold", "a{sv}");
        assert_int_equal(sd_bus_message_enter_container(hold, 'a', "{sv}"), 1);
        assert_int_equal(sd_bus_message_at_end(hold, false), 1);
}

static void test_profiles_are_listed_with_their_state(void **state) {
        static const char *const expected[][3] = {
                {"broken", "", "invalid"},
                {"elsewhere", "Not here", "not-applicable"},
                {"redis", "Redis \xc3\xa4", "ok"},
        };
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;

        assert_ok(call(client, &error, &reply, "ListProfiles", NULL), &error);
        assert_int_equal(sd_bus_message_enter_container(reply, 'a', "(ssss)"), 1);
        for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
                const char *name, *file, *summary, *profile_state;
                _cleanup_(freep) char *path =
                        text_format("%s/etc/memctl/profiles/%s.yaml", house.tree, expected[i][0]);
                assert_int_equal(sd_bus_message_read(
                                         reply, "(ssss)", &name, &file, &summary, &profile_state),
                                 1);
                assert_string_equal(name, expected[i][0]);
                assert_string_equal(file, path);
                assert_string_equal(summary, expected[i][1]);
                assert_string_equal(profile_state, expected[i][2]);
        }
        assert_int_equal(sd_bus_message_at_end(reply, false), 1);
}

static void test_a_profile_comes_with_its_text(void **state) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(freep) char *path = text_format("%s/etc/memctl/profiles/redis.yaml", house.tree);
        const char *file, *text;

        assert_ok(call(client, &error, &reply, "GetProfile", "s", "redis"), &error);
        assert_true(sd_bus_message_read(reply, "ss", &file, &text) >= 0);
        assert_string_equal(file, path);
        assert_string_equal(text, redis);
}

static void test_what_is_wrong_with_a_profile_is_located(void **state) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        static const char *const methods[] = {"GetProfile", "Plan"};

        for (size_t i = 0; i < ELEMENTSOF(methods); i++) {
                call(client, &error, NULL, methods[i], "s", "absent");
                assert_error(&error, MEMCTL_ERROR_NO_SUCH_PROFILE, NULL);
        }
        call(client, &error, NULL, "Plan", "s", "broken");
        assert_error(&error, MEMCTL_ERROR_INVALID_PROFILE, NULL);
        assert_non_null(strstr(error.message, "broken.yaml:2:"));
        assert_int_not_equal(error.message[strlen(error.message) - 1], '\n');
        call(client, &error, NULL, "Plan", "s", "elsewhere");
        assert_error(&error, MEMCTL_ERROR_NOT_APPLICABLE, NULL);
}

static void test_a_plan_is_one_line_of_json(void **state) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *text;

        assert_ok(call(client, &error, &reply, "Plan", "s", "redis"), &error);
        assert_true(sd_bus_message_read(reply, "s", &text) >= 0);
        assert_null(strchr(text, '\n'));
        json_object *plan = json_tokener_parse(text);
        assert_non_null(plan);
        json_object_put(plan);
        assert_property("State", "s", "idle");
}

/* Changing */

typedef struct Heard {
        unsigned n_changes;
        unsigned n_events;
        char state[32];
        char event[4096];
} Heard;

static int on_changes(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Heard *heard = userdata;
        const char *interface, *key, *text;

        heard->n_changes++;
        assert_true(sd_bus_message_read(message, "s", &interface) >= 0);
        assert_string_equal(interface, MEMCTL_INTERFACE);
        assert_int_equal(sd_bus_message_enter_container(message, 'a', "{sv}"), 1);
        while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
                assert_true(sd_bus_message_read(message, "s", &key) >= 0);
                if (streq(key, "State")) {
                        assert_true(sd_bus_message_read(message, "v", "s", &text) >= 0);
                        (void) snprintf(heard->state, sizeof(heard->state), "%s", text);
                } else {
                        assert_true(sd_bus_message_skip(message, "v") >= 0);
                }
                assert_true(sd_bus_message_exit_container(message) >= 0);
        }
        return 0;
}

static int on_event(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Heard *heard = userdata;
        const char *text;

        heard->n_events++;
        assert_true(sd_bus_message_read(message, "s", &text) >= 0);
        (void) snprintf(heard->event, sizeof(heard->event), "%s", text);
        return 0;
}

static void listen(sd_bus *bus, Heard *heard) {
        assert_true(sd_bus_match_signal(bus,
                                        NULL,
                                        NULL,
                                        MEMCTL_OBJECT_PATH,
                                        "org.freedesktop.DBus.Properties",
                                        "PropertiesChanged",
                                        on_changes,
                                        heard) >= 0);
        assert_true(sd_bus_match_signal(bus,
                                        NULL,
                                        NULL,
                                        MEMCTL_OBJECT_PATH,
                                        MEMCTL_INTERFACE,
                                        "Event",
                                        on_event,
                                        heard) >= 0);
}

static void await(sd_bus *bus, const Heard *heard, const char *wanted_state, const char *type) {
        _cleanup_(freep) char *wanted = text_format("\"type\":\"%s\"", type);

        for (;;) {
                while (sd_bus_process(bus, NULL) > 0)
                        ;
                if (streq(heard->state, wanted_state) && strstr(heard->event, wanted))
                        return;
                if (sd_bus_wait(bus, 20 * USEC_PER_SEC) <= 0)
                        fail_msg("heard %s and %s, not %s and %s",
                                 heard->state,
                                 heard->event,
                                 wanted_state,
                                 type);
        }
}

static void test_apply_keep_and_revert_are_heard_by_all(void **state) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        sd_bus *bus = house_connect_bus(&house), *peer = house_connect_private(&house);
        Heard there = {0}, here = {0};
        uint64_t id;

        listen(bus, &there);
        listen(peer, &here);
        /* A reply on the peer: it is accepted, and misses nothing from now on. */
        assert_ok(call(peer, &error, NULL, "ListEvents", "t", UINT64_MAX), &error);
        assert_ok(call(client, &error, &reply, "Apply", "sa{sv}", "redis", 0), &error);
        assert_true(sd_bus_message_read(reply, "t", &id) >= 0);
        assert_true(id > 0);
        assert_int_equal(transaction(), id);
        await(bus, &there, "probation", "applied");
        await(peer, &here, "probation", "applied");
        assert_property("Profile", "s", "redis");

        assert_ok(call(client, &error, NULL, "Keep", "t", id), &error);
        await(bus, &there, "kept", "kept");
        await(peer, &here, "kept", "kept");
        assert_property("State", "s", "kept");
        call(client, &error, NULL, "Keep", "t", (uint64_t) 0);
        assert_error(&error, MEMCTL_ERROR_NOTHING, NULL);

        assert_ok(call(client, &error, NULL, "Revert", "ts", id, "enough \xc3\xa4"), &error);
        await(bus, &there, "reverted", "reverted");
        await(peer, &here, "reverted", "reverted");
        assert_non_null(strstr(here.event, "enough \xc3\xa4"));
        call(client, &error, NULL, "Revert", "ts", (uint64_t) 0, "");
        assert_error(&error, MEMCTL_ERROR_NOTHING, NULL);
        sd_bus_flush_close_unref(bus);
        sd_bus_flush_close_unref(peer);
}

static void test_drift_names_knob_and_both_values(void **state) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(freep) char *path = text_format("%s/proc/sys/vm/swappiness", house.tree);
        const char *knob, *set, *live, *writers;
        uint64_t since;

        assert_ok(call(client, &error, NULL, "Apply", "sa{sv}", "redis", 0), &error);
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        (void) fputs("77\n", file);
        (void) fclose(file);
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *drift =
                house_get(client, "Drift", "a(sssts)");
        assert_int_equal(sd_bus_message_enter_container(drift, 'a', "(sssts)"), 1);
        assert_int_equal(
                sd_bus_message_read(drift, "(sssts)", &knob, &set, &live, &since, &writers), 1);
        assert_string_equal(knob, "vm.swappiness");
        assert_string_equal(set, "1");
        assert_string_equal(live, "77");
        assert_int_equal(since, 0); /* nobody has looked before */
        assert_string_equal(writers, "");
        assert_int_equal(sd_bus_message_at_end(drift, false), 1);
        assert_ok(call(client, &error, NULL, "Revert", "ts", (uint64_t) 0, ""), &error);
}

/* One who sets the same value is none. */
static void test_conflicts_name_who_else_sets_a_knob_and_where(void **state) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *text;

        assert_ok(call(client, &error, NULL, "Apply", "sa{sv}", "redis", 0), &error);
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *conflicts =
                house_get(client, "Conflicts", "as");
        assert_int_equal(sd_bus_message_enter_container(conflicts, 'a', "s"), 1);
        assert_int_equal(sd_bus_message_read(conflicts, "s", &text), 1);
        _cleanup_(freep) char *expected = text_format(
                "sysctl.d sets vm.page-cluster to 5 (%s/etc/sysctl.d/50-x.conf:2)", house.tree);
        assert_string_equal(text, expected);
        assert_int_equal(sd_bus_message_at_end(conflicts, false), 1);
        assert_ok(call(client, &error, NULL, "Revert", "ts", (uint64_t) 0, ""), &error);
}

static void test_events_are_listed_from_any_number_on(void **state) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *all = NULL, *rest = NULL;
        const char *text;
        size_t n = 0;

        assert_ok(call(client, &error, NULL, "Reload", NULL), &error);
        assert_ok(call(client, &error, &all, "ListEvents", "t", (uint64_t) 0), &error);
        assert_int_equal(sd_bus_message_enter_container(all, 'a', "s"), 1);
        while (sd_bus_message_read(all, "s", &text) > 0) {
                _cleanup_(freep) char *start = text_format("{\"seq\":%zu,", ++n);
                assert_true(text_starts_with(text, start));
                assert_null(strchr(text, '\n'));
        }
        assert_true(n >= 2);
        assert_ok(call(client, &error, &rest, "ListEvents", "t", (uint64_t) n - 1), &error);
        assert_int_equal(sd_bus_message_enter_container(rest, 'a', "s"), 1);
        assert_int_equal(sd_bus_message_read(rest, "s", &text), 1);
        assert_non_null(strstr(text, "\"type\":\"reloaded\""));
        assert_int_equal(sd_bus_message_at_end(rest, false), 1);
}

static void test_release_and_reload_say_what_is_wrong(void **state) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(freep) char *folder = text_format("%s/etc/memctl", house.tree);
        _cleanup_(freep) char *path = text_format("%s/memctld.conf", folder);

        call(client, &error, NULL, "Release", "s", "redis");
        assert_error(&error, MEMCTL_ERROR_NOTHING, NULL);
        call(client, &error, NULL, "ReleaseHold", NULL);
        assert_error(&error, MEMCTL_ERROR_NOTHING, NULL);
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        (void) fputs("[Daemon]\nLogLevel=loud\n", file);
        (void) fclose(file);
        call(client, &error, NULL, "Reload", NULL);
        assert_error(&error, MEMCTL_ERROR_FAILED, NULL);
        assert_non_null(strstr(error.message, "memctld.conf:2:10: error: LogLevel= is \"loud\""));
        assert_int_equal(unlink(path), 0);
        assert_ok(call(client, &error, NULL, "Reload", NULL), &error);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_properties_of_an_idle_daemon),
                cmocka_unit_test(test_profiles_are_listed_with_their_state),
                cmocka_unit_test(test_a_profile_comes_with_its_text),
                cmocka_unit_test(test_what_is_wrong_with_a_profile_is_located),
                cmocka_unit_test(test_a_plan_is_one_line_of_json),
                cmocka_unit_test(test_apply_keep_and_revert_are_heard_by_all),
                cmocka_unit_test(test_drift_names_knob_and_both_values),
                cmocka_unit_test(test_conflicts_name_who_else_sets_a_knob_and_where),
                cmocka_unit_test(test_events_are_listed_from_any_number_on),
                cmocka_unit_test(test_release_and_reload_say_what_is_wrong),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        if (house_skip())
                return 0;
        return cmocka_run_group_tests_name("bus-interface", tests, house_up, house_down);
}
