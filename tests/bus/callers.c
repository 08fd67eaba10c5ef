/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bus/callers.h"

#include "tests/support/tree.h"

#define NOBODY 65534

int callers_init(void **state) {
        House *house = calloc(1, sizeof(*house));

        assert_non_null(house);
        house_init(house);
        house_profile(house, "redis", "profile: redis\nsummary: R\nsysctl: {vm.swappiness: 1}\n");
        assert_int_equal(tree_write(house->tree,
                                    "etc/passwd",
                                    "root:x:0:0::/:/bin/sh\nalice:x:65534:65534::/:/bin/sh\n"),
                         0);
        *state = house;
        return 0;
}

int callers_done(void **state) {
        House *house = *state;

        house_stop_daemon(house);
        house_done(house);
        free(house);
        return 0;
}

void begin(House *house, const char *polkit_answer) {
        if (polkit_answer)
                house_start_polkit(house, polkit_answer);
        house_start_daemon(house);
        house_await_name(house);
}

int as_ordinary(const House *house,
                int (*function)(sd_bus *bus, const void *data),
                const void *data) {
        if (geteuid() == 0)
                return house_as_nobody(house, function, data);
        sd_bus *bus = house_connect_bus(house);
        int r = function(bus, data);
        sd_bus_flush_close_unref(bus);
        return r;
}

uid_t ordinary_uid(void) {
        return geteuid() == 0 ? NOBODY : geteuid();
}

static int append_arguments(sd_bus_message *message, const char *types) {
        if (!types)
                return 0;
        if (streq(types, "sa{sv}"))
                return sd_bus_message_append(message, types, "redis", 0);
        if (streq(types, "sssttt"))
                return sd_bus_message_append(
                        message, types, "redis", "", "", (uint64_t) 0, (uint64_t) 0, (uint64_t) 0);
        if (streq(types, "ts"))
                return sd_bus_message_append(message, types, (uint64_t) 0, "");
        if (streq(types, "t"))
                return sd_bus_message_append(message, types, (uint64_t) 0);
        return sd_bus_message_append(message, types, "redis");
}

int expect(sd_bus *bus, const void *data) {
        const Expected *expected = data;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;

        int r = sd_bus_message_new_method_call(bus,
                                               &message,
                                               MEMCTL_BUS_NAME,
                                               MEMCTL_OBJECT_PATH,
                                               MEMCTL_INTERFACE,
                                               expected->method);
        if (r >= 0)
                r = append_arguments(message, expected->types);
        if (r >= 0)
                r = sd_bus_message_set_allow_interactive_authorization(message,
                                                                       expected->interactive);
        if (r >= 0)
                r = sd_bus_call(bus, message, 20 * USEC_PER_SEC, &error, NULL);
        if (r >= 0 && !expected->error)
                return 0;
        if (r < 0 && expected->error && error.name && streq(error.name, expected->error) &&
            (!expected->text || streq(error.message, expected->text)))
                return 0;
        (void) fprintf(stderr,
                       "%s gives %s: %s\nexpected was %s: %s\n",
                       expected->method,
                       error.name ? error.name : strerror(-r),
                       error.message ? error.message : "",
                       expected->error ? expected->error : "no error",
                       expected->text ? expected->text : "(any)");
        return 1;
}

void assert_state(const House *house, const char *expected) {
        _cleanup_(freep) char *value = NULL;
        sd_bus *peer = house_connect_private(house);

        assert_true(sd_bus_get_property_string(peer,
                                               MEMCTL_BUS_NAME,
                                               MEMCTL_OBJECT_PATH,
                                               MEMCTL_INTERFACE,
                                               "State",
                                               NULL,
                                               &value) >= 0);
        assert_string_equal(value, expected);
        sd_bus_flush_close_unref(peer);
}
