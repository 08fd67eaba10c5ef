/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "daemon/bus-internal.h"
#include "daemon/log.h"

#define DEFAULT_ADDRESS "unix:path=/run/dbus/system_bus_socket"
#define RETRY_MIN_USEC USEC_PER_SEC
#define RETRY_MAX_USEC USEC_PER_MINUTE

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata) {
        Bus *bus = userdata;

        bus->retry = sd_event_source_disable_unref(bus->retry);
        bus_system_join(bus);
        return 0;
}

void bus_system_ready(Bus *bus) {
        BusReadyFn fn = bus->on_ready;

        bus->is_ready = true;
        bus->impatience = sd_event_source_disable_unref(bus->impatience);
        bus->on_ready = NULL;
        if (fn)
                fn(bus->on_ready_userdata);
}

static int on_impatience(sd_event_source *source, uint64_t usec, void *userdata) {
        log_warning("The system bus does not answer yet; until it does, the private socket works.");
        bus_system_ready(userdata);
        return 0;
}

int bus_when_ready(Bus *bus, BusReadyFn fn, void *userdata) {
        int r = 0;

        if (!bus->is_ready)
                r = sd_event_add_time_relative(bus->event,
                                               &bus->impatience,
                                               CLOCK_MONOTONIC,
                                               BUS_READY_USEC,
                                               0,
                                               on_impatience,
                                               bus);
        if (r < 0)
                return r;
        bus->on_ready = fn;
        bus->on_ready_userdata = userdata;
        if (bus->is_ready)
                bus_system_ready(bus);
        return 0;
}

static void join_later(Bus *bus) {
        bus->retry_usec =
                bus->retry_usec == 0 ? RETRY_MIN_USEC : MIN_OF(bus->retry_usec * 2, RETRY_MAX_USEC);
        bus->retry = sd_event_source_disable_unref(bus->retry);
        int r = sd_event_add_time_relative(bus->event,
                                           &bus->retry,
                                           CLOCK_MONOTONIC,
                                           bus->retry_usec,
                                           bus->retry_usec / 4,
                                           on_retry,
                                           bus);
        if (r < 0)
                log_error("The system bus is not joined again: %s.", strerror(-r));
}

static void forget_connection(Bus *bus) {
        bus_requests_drop(bus);
        bus->broker.bus = sd_bus_close_unref(bus->broker.bus);
        bus->broker.ready = false;
        bus->broker.doomed = false;
}

void bus_system_rejoin(Bus *bus) {
        if (bus->is_joined)
                log_info("The system bus is gone; it is joined again when it is back.");
        bus->is_joined = false;
        forget_connection(bus);
        join_later(bus);
        bus_system_ready(bus);
}

void bus_system_leave(Bus *bus) {
        bus->retry = sd_event_source_disable_unref(bus->retry);
        bus->impatience = sd_event_source_disable_unref(bus->impatience);
        forget_connection(bus);
}

/* Said once, not at each attempt. */
static void report_name(Bus *bus, const sd_bus_error *error) {
        if (bus->name_is_taken)
                return;
        bus->name_is_taken = true;
        if (!error)
                log_error("Another program owns %s on the system bus; the private socket works.",
                          MEMCTL_BUS_NAME);
        else
                log_error("The system bus does not give the name %s: %s; the private socket works. "
                          "Is the D-Bus policy installed?",
                          MEMCTL_BUS_NAME,
                          error->message);
}

static int on_name(sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        Bus *bus = userdata;
        uint32_t answer = 0;

        if (bus->broker.doomed)
                return 0;
        if (sd_bus_message_is_method_error(reply, NULL) ||
            sd_bus_message_read(reply, "u", &answer) < 0 || (answer != 1 && answer != 4)) {
                /* sd-bus itself says NoReply when the connection has ended meanwhile. */
                if (!sd_bus_message_is_method_error(reply, SD_BUS_ERROR_NO_REPLY))
                        report_name(bus, sd_bus_message_get_error(reply));
                connection_doom(&bus->broker);
                return 0;
        }
        log_info("The system bus is joined as %s.", MEMCTL_BUS_NAME);
        bus->broker.ready = true;
        bus->is_joined = true;
        bus->name_is_taken = false;
        bus->retry_usec = 0;
        bus_system_ready(bus);
        return 0;
}

static int on_connected(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Bus *bus = userdata;
        int r = sd_bus_request_name_async(bus->broker.bus, NULL, MEMCTL_BUS_NAME, 0, on_name, bus);

        if (r < 0)
                connection_doom(&bus->broker);
        return 0;
}

/* With watch, a bus that is not there yet is awaited with inotify. */
static int start_connection(Bus *bus, bool watch) {
        const char *address = secure_getenv("DBUS_SYSTEM_BUS_ADDRESS");
        sd_bus *broker;
        int r = sd_bus_new(&bus->broker.bus);

        if (r < 0)
                return r;
        broker = bus->broker.bus;
        r = sd_bus_set_address(broker, address && address[0] ? address : DEFAULT_ADDRESS);
        if (r >= 0)
                r = sd_bus_set_bus_client(broker, true);
        if (r >= 0)
                r = sd_bus_set_watch_bind(broker, watch);
        if (r >= 0)
                r = sd_bus_set_connected_signal(broker, true);
        if (r >= 0)
                r = sd_bus_negotiate_fds(broker, false);
        if (r >= 0)
                r = sd_bus_set_close_on_exit(broker, false);
        if (r >= 0)
                r = connection_serve(&bus->broker);
        if (r >= 0)
                r = sd_bus_match_signal_async(broker,
                                              NULL,
                                              "org.freedesktop.DBus.Local",
                                              "/org/freedesktop/DBus/Local",
                                              "org.freedesktop.DBus.Local",
                                              "Connected",
                                              on_connected,
                                              NULL,
                                              bus);
        if (r >= 0)
                r = sd_bus_start(broker);
        if (r >= 0)
                r = sd_bus_attach_event(broker, bus->event, PRIORITY_BROKER);
        return r;
}

void bus_system_join(Bus *bus) {
        int r = start_connection(bus, false);

        if (r == -ENOENT || r == -ECONNREFUSED) {
                forget_connection(bus);
                r = start_connection(bus, true);
                bus_system_ready(bus);
        }
        if (r >= 0)
                return;
        log_warning("The system bus cannot be joined: %s.", strerror(-r));
        bus_system_rejoin(bus);
}
