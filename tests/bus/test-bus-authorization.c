/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who may change something, and what the others are told. */

#include <sys/stat.h>

#include "tests/bus/callers.h"

static const char *const mutating[][3] = {
        {"Apply", "sa{sv}", "apply"},
        {"Keep", "t", "keep"},
        {"Revert", "ts", "revert"},
        {"Release", "s", "release"},
        {"ReleaseHold", NULL, "release"},
        {"Reload", NULL, "reload"},
        {"StartTrial", "sssttt", "trial"},
        {"StopTrial", "t", "trial"},
};

static int expect_all_refused(sd_bus *bus, const void *data) {
        const char *format = data;
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(mutating) && r == 0; i++) {
                char text[256];
                (void) snprintf(text, sizeof(text), "%s", format);
                char *at = strchr(text, '@');
                if (at)
                        (void) snprintf(at,
                                        sizeof(text) - (size_t) (at - text),
                                        "%s%s",
                                        mutating[i][2],
                                        strchr(format, '@') + 1);
                r = expect(bus,
                           &(Expected){.method = mutating[i][0],
                                       .types = mutating[i][1],
                                       .error = MEMCTL_ERROR_NOT_AUTHORIZED,
                                       .text = text});
        }
        return r;
}

/* The newest event must hold the text. */
static void assert_told(const House *house, const char *wanted) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *text = "", *last = "";
        sd_bus *peer = house_connect_private(house);

        assert_ok(call(peer, &error, &reply, "ListEvents", "t", (uint64_t) 0), &error);
        assert_int_equal(sd_bus_message_enter_container(reply, 'a', "s"), 1);
        while (sd_bus_message_read(reply, "s", &text) > 0)
                last = text;
        if (!strstr(last, wanted))
                fail_msg("%s does not hold %s", last, wanted);
        sd_bus_flush_close_unref(peer);
}

static int read_everything(sd_bus *bus, const void *data) {
        static const char *const names[] = {"ListProfiles", "GetProfile", "Plan", "ListEvents"};
        static const char *const types[] = {NULL, "s", "s", "t"};
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(names) && r == 0; i++)
                r = expect(bus, &(Expected){.method = names[i], .types = types[i]});
        if (r == 0 && sd_bus_call_method(bus,
                                         MEMCTL_BUS_NAME,
                                         MEMCTL_OBJECT_PATH,
                                         "org.freedesktop.DBus.Properties",
                                         "GetAll",
                                         NULL,
                                         &reply,
                                         "s",
                                         MEMCTL_INTERFACE) < 0)
                r = 1;
        return r;
}

static void test_everyone_may_read(void **state) {
        House *house = *state;

        begin(house, "no");
        assert_int_equal(as_ordinary(house, read_everything, NULL), 0);
        _cleanup_(freep) char *log = house_polkit_log(house);
        assert_string_equal(log, "");
}

static void test_root_passes_on_the_bus_without_polkit(void **state) {
        House *house = *state;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        begin(house, NULL);
        sd_bus *bus = house_connect_bus(house);
        assert_ok(call(bus, &error, NULL, "Apply", "sa{sv}", "redis", 0), &error);
        assert_told(house, "\"by\":\"root through the bus\"");
        assert_ok(call(bus, &error, NULL, "Revert", "ts", (uint64_t) 0, ""), &error);
        assert_ok(call(bus, &error, NULL, "Reload", NULL), &error);
        call(bus, &error, NULL, "Keep", "t", (uint64_t) 0);
        assert_error(&error, MEMCTL_ERROR_NOTHING, NULL);
        call(bus, &error, NULL, "Release", "s", "redis");
        assert_error(&error, MEMCTL_ERROR_NOTHING, NULL);
        call(bus, &error, NULL, "Apply", "sa{sv}", "Bad name", 0);
        assert_error(&error, MEMCTL_ERROR_INVALID_ARGUMENT, NULL);
        sd_bus_flush_close_unref(bus);
}

static void test_whoever_reached_the_private_socket_passes(void **state) {
        House *house = *state;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(freep) char *by = geteuid() == 0
                                            ? strdup("\"by\":\"root through the private socket\"")
                                            : text_format("\"by\":\"uid %u", geteuid());

        begin(house, "no");
        sd_bus *peer = house_connect_private(house);
        assert_ok(call(peer, &error, NULL, "Apply", "sa{sv}", "redis", 0), &error);
        assert_told(house, by);
        sd_bus_flush_close_unref(peer);
}

static void test_without_polkit_only_root_may(void **state) {
        House *house = *state;

        begin(house, NULL);
        assert_int_equal(as_ordinary(house,
                                     expect_all_refused,
                                     "only root may @: polkit, which could allow it to others, "
                                     "does not run here"),
                         0);
        assert_state(house, "idle");
}

static void test_polkit_says_no(void **state) {
        House *house = *state;

        begin(house, "no");
        for (size_t i = 0; i < ELEMENTSOF(mutating); i++) {
                _cleanup_(freep) char *wanted =
                        text_format("polkit does not allow org.memctl.%s to uid %u; only root may "
                                    "%s",
                                    mutating[i][2],
                                    ordinary_uid(),
                                    mutating[i][2]);
                const Expected expected = {.method = mutating[i][0],
                                           .types = mutating[i][1],
                                           .error = MEMCTL_ERROR_NOT_AUTHORIZED,
                                           .text = wanted};
                assert_int_equal(as_ordinary(house, expect, &expected), 0);
        }
        assert_state(house, "idle");
}

static void test_polkit_says_yes_to_each_verb(void **state) {
        House *house = *state;
        _cleanup_(freep) char *by = geteuid() == 0
                                            ? strdup("\"by\":\"uid 65534 (alice) through the bus\"")
                                            : text_format("\"by\":\"uid %u", geteuid());

        begin(house, "yes");
        const Expected apply = {.method = "Apply", .types = "sa{sv}"};
        assert_int_equal(as_ordinary(house, expect, &apply), 0);
        assert_told(house, by);
        const Expected keep = {.method = "Keep", .types = "t"};
        assert_int_equal(as_ordinary(house, expect, &keep), 0);
        const Expected revert = {.method = "Revert", .types = "ts"};
        assert_int_equal(as_ordinary(house, expect, &revert), 0);
        const Expected reload = {.method = "Reload"};
        assert_int_equal(as_ordinary(house, expect, &reload), 0);
        const Expected release = {.method = "Release", .types = "s", .error = MEMCTL_ERROR_NOTHING};
        assert_int_equal(as_ordinary(house, expect, &release), 0);
        const Expected stop = {.method = "StopTrial", .types = "t", .error = MEMCTL_ERROR_NOTHING};
        assert_int_equal(as_ordinary(house, expect, &stop), 0);
        _cleanup_(freep) char *log = house_polkit_log(house);
        for (size_t i = 0; i < ELEMENTSOF(mutating); i++) {
                _cleanup_(freep) char *action = text_format(" org.memctl.%s 0 ", mutating[i][2]);
                assert_non_null(strstr(log, action));
        }
        assert_non_null(strstr(log, "check system-bus-name name=:1."));
}

static void test_each_verb_has_an_action_of_its_own(void **state) {
        House *house = *state;

        begin(house, MEMCTL_ACTION_RELOAD);
        const Expected reload = {.method = "Reload"};
        assert_int_equal(as_ordinary(house, expect, &reload), 0);
        const Expected apply = {
                .method = "Apply", .types = "sa{sv}", .error = MEMCTL_ERROR_NOT_AUTHORIZED};
        assert_int_equal(as_ordinary(house, expect, &apply), 0);
        assert_state(house, "idle");
}

static void test_a_person_is_asked_only_when_the_caller_allows(void **state) {
        House *house = *state;

        begin(house, "challenge");
        const Expected silent = {
                .method = "Apply",
                .types = "sa{sv}",
                .error = MEMCTL_ERROR_NOT_AUTHORIZED,
                .text = "org.memctl.apply needs authentication, and the caller does not allow to "
                        "ask for it; allow interactive authorization or call as root",
        };
        assert_int_equal(as_ordinary(house, expect, &silent), 0);
        const Expected asking = {.method = "Apply", .types = "sa{sv}", .interactive = true};
        assert_int_equal(as_ordinary(house, expect, &asking), 0);
        assert_state(house, "probation");
}

static void test_a_late_yes_counts(void **state) {
        House *house = *state;

        begin(house, "late");
        const Expected apply = {.method = "Apply", .types = "sa{sv}"};
        assert_int_equal(as_ordinary(house, expect, &apply), 0);
        assert_state(house, "probation");
}

static void test_an_error_of_polkit_is_a_no(void **state) {
        House *house = *state;

        begin(house, "error");
        const Expected apply = {
                .method = "Apply",
                .types = "sa{sv}",
                .error = MEMCTL_ERROR_NOT_AUTHORIZED,
                .text = "polkit could not decide on org.memctl.apply, the journal of memctld says "
                        "why; nothing is changed",
        };
        assert_int_equal(as_ordinary(house, expect, &apply), 0);
        assert_state(house, "idle");
}

static int connect_private(sd_bus *bus, const void *data) {
        const House *house = data;
        sd_bus *peer = NULL;
        int r = house_try_private(house, &peer);

        if (r >= 0)
                r = sd_bus_call_method(peer,
                                       MEMCTL_BUS_NAME,
                                       MEMCTL_OBJECT_PATH,
                                       "org.freedesktop.DBus.Peer",
                                       "Ping",
                                       NULL,
                                       NULL,
                                       NULL);
        sd_bus_close_unref(peer);
        return r >= 0 ? 100 : -r;
}

static void test_the_private_socket_turns_other_users_away(void **state) {
        House *house = *state;
        _cleanup_(freep) char *folder = text_format("%s/run/memctl", house->tree);
        _cleanup_(freep) char *run = text_format("%s/run", house->tree);
        struct stat st;

        begin(house, NULL);
        assert_int_equal(stat(house->socket, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_int_equal(house_as_nobody(house, connect_private, house), EACCES);
        /* Were the file open to all, the daemon would still look at who comes. */
        assert_int_equal(chmod(run, 0755), 0);
        assert_int_equal(chmod(folder, 0755), 0);
        assert_int_equal(chmod(house->socket, 0666), 0);
        int r = house_as_nobody(house, connect_private, house);
        assert_true(r == ECONNRESET || r == ENOTCONN || r == EPIPE);
        assert_state(house, "idle");
}

int main(void) {
        /* Those that need two users come last. */
        const struct CMUnitTest tests[] = {
                IN_HOUSE(test_everyone_may_read),
                IN_HOUSE(test_whoever_reached_the_private_socket_passes),
                IN_HOUSE(test_without_polkit_only_root_may),
                IN_HOUSE(test_polkit_says_no),
                IN_HOUSE(test_polkit_says_yes_to_each_verb),
                IN_HOUSE(test_each_verb_has_an_action_of_its_own),
                IN_HOUSE(test_a_person_is_asked_only_when_the_caller_allows),
                IN_HOUSE(test_a_late_yes_counts),
                IN_HOUSE(test_an_error_of_polkit_is_a_no),
                IN_HOUSE(test_root_passes_on_the_bus_without_polkit),
                IN_HOUSE(test_the_private_socket_turns_other_users_away),
        };
        size_t n = ELEMENTSOF(tests) - (geteuid() == 0 ? 0 : 2);

        cmocka_set_message_output(CM_OUTPUT_TAP);
        if (house_skip())
                return 0;
        return _cmocka_run_group_tests("bus-authorization", tests, n, NULL, NULL);
}
