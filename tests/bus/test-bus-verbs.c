/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Each method that the daemon says it has is either known to change nothing, or an ordinary user
 * cannot call it unless polkit allows its action. A verb that is added and forgets to ask fails
 * here.
 */

#include <fcntl.h>

#include "tests/bus/house.h"

#define METHODS_MAX 64
#define SIGNATURE_MAX 32

/* Open to everyone. */
static const char *const reading[] = {
        "ListProfiles",
        "GetProfile",
        "Plan",
        "ListEvents",
        "GetReport",
};

/* Which action each of the others asks for. */
static const char *const mutating[][2] = {
        {"Apply", MEMCTL_ACTION_APPLY},
        {"Keep", MEMCTL_ACTION_KEEP},
        {"Revert", MEMCTL_ACTION_REVERT},
        {"StartTrial", MEMCTL_ACTION_TRIAL},
        {"StopTrial", MEMCTL_ACTION_TRIAL},
        {"Release", MEMCTL_ACTION_RELEASE},
        {"ReleaseHold", MEMCTL_ACTION_RELEASE},
        {"Reload", MEMCTL_ACTION_RELOAD},
};

typedef struct Method {
        char name[64];
        char signature[SIGNATURE_MAX];
} Method;

typedef struct Methods {
        Method items[METHODS_MAX];
        size_t n;
} Methods;

static House house;
static Methods methods;

/* What the daemon has */

static void copy_attribute(const char *tag, const char *start, char *to, size_t size) {
        const char *at = strstr(tag, start);

        assert_non_null(at);
        at += strlen(start);
        assert_true(strcspn(at, "\"") < size - strlen(to));
        (void) strncat(to, at, strcspn(at, "\""));
}

static void read_method(const char *tag, const char *end, Method *method) {
        *method = (Method){0};
        copy_attribute(tag, " name=\"", method->name, sizeof(method->name));
        while ((tag = strstr(tag + 1, "<arg ")) && tag < end)
                if (memmem(tag, strcspn(tag, ">"), "direction=\"in\"", 14))
                        copy_attribute(
                                tag, " type=\"", method->signature, sizeof(method->signature));
}

static void read_interface(const char *xml) {
        const char *tag = strstr(xml, "<interface name=\"" MEMCTL_INTERFACE "\">");
        const char *end = tag ? strstr(tag, "</interface>") : NULL;

        assert_non_null(end);
        while ((tag = strstr(tag + 1, "<method ")) && tag < end) {
                const char *close = strstr(tag, "</method>"), *slash = strstr(tag, "/>");
                assert_true(methods.n < METHODS_MAX);
                /* One without arguments closes itself. */
                read_method(tag,
                            slash && slash < tag + strcspn(tag, ">") ? slash : close,
                            &methods.items[methods.n++]);
        }
}

static int house_up(void **state) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *xml;

        house_init(&house);
        house_profile(&house, "redis", "profile: redis\nsummary: R\nsysctl: {vm.swappiness: 1}\n");
        house_start_polkit(&house, "no");
        house_start_daemon(&house);
        house_await_name(&house);
        sd_bus *bus = house_connect_bus(&house);
        assert_true(sd_bus_call_method(bus,
                                       MEMCTL_BUS_NAME,
                                       MEMCTL_OBJECT_PATH,
                                       "org.freedesktop.DBus.Introspectable",
                                       "Introspect",
                                       NULL,
                                       &reply,
                                       NULL) >= 0);
        assert_true(sd_bus_message_read(reply, "s", &xml) >= 0);
        read_interface(xml);
        sd_bus_flush_close_unref(bus);
        return 0;
}

static int house_down(void **state) {
        house_stop_daemon(&house);
        house_done(&house);
        return 0;
}

/* Calling one */

static int append_argument(sd_bus_message *message, const char **signature, bool is_first) {
        const char *at = *signature;

        if (text_starts_with(at, "a{sv}")) {
                *signature += strlen("a{sv}");
                return sd_bus_message_append(message, "a{sv}", 0);
        }
        (*signature)++;
        /* The first is a name; others may be left out. */
        if (*at == 's')
                return sd_bus_message_append(message, "s", is_first ? "redis" : "");
        if (*at == 't')
                return sd_bus_message_append(message, "t", (uint64_t) 0);
        return -EOPNOTSUPP; /* teach this test */
}

/* 0: no error, 1: not authorized, 2: refused for another reason, more: the test is wrong. */
static int call_method(sd_bus *bus, const void *data) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        const Method *method = data;
        const char *signature = method->signature;
        int r = sd_bus_message_new_method_call(
                bus, &message, MEMCTL_BUS_NAME, MEMCTL_OBJECT_PATH, MEMCTL_INTERFACE, method->name);

        while (r >= 0 && *signature)
                r = append_argument(message, &signature, signature == method->signature);
        if (r < 0)
                return 3;
        r = sd_bus_call(bus, message, 20 * USEC_PER_SEC, &error, NULL);
        if (r >= 0)
                return 0;
        return sd_bus_error_has_name(&error, MEMCTL_ERROR_NOT_AUTHORIZED) ? 1 : 2;
}

static int call_as_ordinary(const Method *method) {
        if (geteuid() == 0)
                return house_as_nobody(&house, call_method, method);
        sd_bus *bus = house_connect_bus(&house);
        int r = call_method(bus, method);
        sd_bus_flush_close_unref(bus);
        return r;
}

static bool is_reading(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(reading); i++)
                if (streq(reading[i], name))
                        return true;
        return false;
}

static const char *action_of(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(mutating); i++)
                if (streq(mutating[i][0], name))
                        return mutating[i][1];
        return NULL;
}

static void test_each_method_is_of_one_kind_or_the_other(void **state) {
        for (size_t i = 0; i < methods.n; i++)
                if (is_reading(methods.items[i].name) == !!action_of(methods.items[i].name))
                        fail_msg("%s: does it change something?", methods.items[i].name);
        assert_int_equal(methods.n, ELEMENTSOF(reading) + ELEMENTSOF(mutating));
}

static void test_what_changes_something_asks_polkit_for_its_action(void **state) {
        for (size_t i = 0; i < methods.n; i++) {
                const Method *method = &methods.items[i];
                const char *action = action_of(method->name);
                (void) unlink(house.polkit_log);
                int r = call_as_ordinary(method);
                _cleanup_(freep) char *log = house_polkit_log(&house);
                _cleanup_(freep) char *wanted = text_format(" %s ", action ? action : "");
                if (action && (r != 1 || !strstr(log, wanted)))
                        fail_msg("%s: %d, polkit was asked: %s", method->name, r, log);
                if (!action && (r == 1 || r > 2 || log[0]))
                        fail_msg("%s: %d, polkit was asked: %s", method->name, r, log);
        }
}

static void test_no_property_can_be_written(void **state) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus *peer = house_connect_private(&house);

        assert_true(sd_bus_set_property(peer,
                                        MEMCTL_BUS_NAME,
                                        MEMCTL_OBJECT_PATH,
                                        MEMCTL_INTERFACE,
                                        "State",
                                        &error,
                                        "s",
                                        "idle") < 0);
        assert_string_equal(error.name, SD_BUS_ERROR_PROPERTY_READ_ONLY);
        sd_bus_flush_close_unref(peer);
}

/* The shipped policy */

static void assert_action_needs_admin(const char *policy, const char *action) {
        static const char *const wanted[] = {
                "<allow_any>auth_admin</allow_any>",
                "<allow_inactive>auth_admin</allow_inactive>",
                "<allow_active>auth_admin_keep</allow_active>",
        };
        _cleanup_(freep) char *tag = text_format("<action id=\"%s\">", action);
        const char *at = strstr(policy, tag);

        if (!at)
                fail_msg("%s is not in the policy", action);
        const char *end = strstr(at, "</action>");
        for (size_t i = 0; i < ELEMENTSOF(wanted); i++) {
                const char *found = strstr(at, wanted[i]);
                if (!found || found > end)
                        fail_msg("%s: %s is missing", action, wanted[i]);
        }
}

static void test_each_action_needs_an_administrator_by_default(void **state) {
        _cleanup_(freep) char *path =
                text_format("%s/systemd/org.memctl.policy", getenv("MEMCTL_SOURCE_ROOT"));
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
        _cleanup_(freep) char *policy = NULL;

        assert_true(fd >= 0 && read_all(fd, 65536, &policy, NULL) >= 0);
        for (size_t i = 0; i < ELEMENTSOF(mutating); i++)
                assert_action_needs_admin(policy, mutating[i][1]);
        assert_null(strstr(policy, ">yes<"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_method_is_of_one_kind_or_the_other),
                cmocka_unit_test(test_what_changes_something_asks_polkit_for_its_action),
                cmocka_unit_test(test_no_property_can_be_written),
                cmocka_unit_test(test_each_action_needs_an_administrator_by_default),
        };

        return house_skip() ? 0 : cmocka_run_group_tests(tests, house_up, house_down);
}
