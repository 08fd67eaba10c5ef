/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the interface says of itself, and what docs/dbus.md says of it. */

#include <fcntl.h>

#include "tests/bus/house.h"

static House house;
static sd_bus *client;

static int house_up(void **state) {
        house_init(&house);
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

/* As the headings of docs/dbus.md spell them; core/protocol.h says what they mean. */
static const char *const members[] = {
        "Version s (constant)",
        "State s (signalled)",
        "Profile s (signalled)",
        "Transaction t (signalled)",
        "Quarantined as (signalled)",
        "Damaged as (not signalled)",
        "Probation a{sv} (not signalled)",
        "Trial a{sv} (not signalled)",
        "Drift a(sssts) (not signalled)",
        "Conflicts as (not signalled)",
        "Hold a{sv} (not signalled)",
        "ListProfiles() → a(ssss) profiles",
        "GetProfile(s name) → s file, s text",
        "Plan(s name) → s plan",
        "Apply(s name, a{sv} options) → t id",
        "Keep(t id)",
        "Revert(t id, s reason)",
        "StartTrial(s name, s against, s metric, t duration, t block, t washout) → t id",
        "StopTrial(t id)",
        "ListEvents(t since) → as events",
        "GetReport(t id) → s report",
        "Release(s name)",
        "ReleaseHold()",
        "Reload()",
        "Event(s event)",
};

static char *attribute(const char *tag, const char *name) {
        _cleanup_(freep) char *start = text_format(" %s=\"", name);
        const char *value = strstr(tag, start);
        const char *end = strchr(tag, '>');

        assert_non_null(end);
        if (!value || value > end)
                return NULL;
        value += strlen(start);
        return strndup(value, strcspn(value, "\""));
}

/* "s name, a{sv} options" of one direction; of all when direction is NULL. */
static void print_arguments(FILE *out, const char *tag, const char *end, const char *direction) {
        const char *separator = "";

        while ((tag = strstr(tag, "<arg ")) && tag < end) {
                _cleanup_(freep) char *type = attribute(tag, "type");
                _cleanup_(freep) char *name = attribute(tag, "name");
                _cleanup_(freep) char *has = attribute(tag, "direction");
                tag++;
                if (direction && !streq(has, direction))
                        continue;
                (void) fprintf(out, "%s%s %s", separator, type, name);
                separator = ", ";
        }
}

static void print_member(FILE *out, const char *tag) {
        _cleanup_(freep) char *name = attribute(tag, "name");
        bool is_method = text_starts_with(tag, "<method ");
        const char *end = strstr(tag, is_method ? "</method>" : "</signal>");

        if (text_starts_with(tag, "<property ")) {
                _cleanup_(freep) char *type = attribute(tag, "type");
                const char *note = strstr(tag, "EmitsChangedSignal\" value=\"");
                end = strstr(tag, "</property>");
                /* "true" is what D-Bus takes for granted. */
                (void) fprintf(out,
                               "%s %s (%s)",
                               name,
                               type,
                               !note || note > end                      ? "signalled"
                               : strstr(note, "\"const\"") == note + 26 ? "constant"
                                                                        : "not signalled");
                return;
        }
        (void) fprintf(out, "%s(", name);
        print_arguments(out, tag, end, is_method ? "in" : NULL);
        (void) fputs(")", out);
        if (is_method && memmem(tag, (size_t) (end - tag), "\"out\"", 5)) {
                (void) fputs(" → ", out);
                print_arguments(out, tag, end, "out");
        }
}

/* One member a line, in no order. */
static char *introspect(sd_bus *bus) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *xml;
        char *text = NULL;
        size_t size;

        assert_true(sd_bus_call_method(bus,
                                       MEMCTL_BUS_NAME,
                                       MEMCTL_OBJECT_PATH,
                                       "org.freedesktop.DBus.Introspectable",
                                       "Introspect",
                                       NULL,
                                       &reply,
                                       NULL) >= 0);
        assert_true(sd_bus_message_read(reply, "s", &xml) >= 0);
        const char *p = strstr(xml, "<interface name=\"" MEMCTL_INTERFACE "\">");
        assert_non_null(p);
        const char *end = strstr(p, "</interface>");
        FILE *out = open_memstream(&text, &size);
        while ((p = strchr(p + 1, '<')) && p < end)
                if (text_starts_with(p, "<method ") || text_starts_with(p, "<property ") ||
                    text_starts_with(p, "<signal ")) {
                        print_member(out, p);
                        (void) fputc('\n', out);
                }
        (void) fclose(out);
        return text;
}

static size_t count_lines_with(const char *text, const char *prefix) {
        size_t n = 0;

        for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n')
                n += text_starts_with(p, prefix);
        return n;
}

static void assert_has_line(const char *text, const char *prefix, const char *line) {
        _cleanup_(freep) char *wanted = text_format("\n%s%s\n", prefix, line);
        _cleanup_(freep) char *padded = text_format("\n%s", text);

        if (!strstr(padded, wanted))
                fail_msg("\"%s%s\" is missing", prefix, line);
}

static void test_the_interface_is_what_the_protocol_says(void **state) {
        _cleanup_(freep) char *seen = introspect(client);

        for (size_t i = 0; i < ELEMENTSOF(members); i++)
                assert_has_line(seen, "", members[i]);
        assert_int_equal(count_lines_with(seen, ""), ELEMENTSOF(members));
}

static void test_the_system_bus_shows_the_same_interface(void **state) {
        sd_bus *bus = house_connect_bus(&house);
        _cleanup_(freep) char *there = introspect(bus);
        _cleanup_(freep) char *here = introspect(client);

        assert_string_equal(there, here);
        sd_bus_flush_close_unref(bus);
}

static void test_the_reference_describes_each_member_and_no_other(void **state) {
        _cleanup_(freep) char *path = text_format("%s/docs/dbus.md", getenv("MEMCTL_SOURCE_ROOT"));
        _cleanup_(freep) char *text = NULL;
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

        assert_int_equal(read_all(fd, 1024 * 1024, &text, NULL), 0);
        for (size_t i = 0; i < ELEMENTSOF(members); i++)
                assert_has_line(text, "### ", members[i]);
        assert_int_equal(count_lines_with(text, "### "), ELEMENTSOF(members));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_interface_is_what_the_protocol_says),
                cmocka_unit_test(test_the_system_bus_shows_the_same_interface),
                cmocka_unit_test(test_the_reference_describes_each_member_and_no_other),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        if (house_skip())
                return 0;
        return cmocka_run_group_tests_name("bus-introspection", tests, house_up, house_down);
}
