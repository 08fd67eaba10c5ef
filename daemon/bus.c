/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/bus.h"

#include <poll.h>
#include <time.h>

#include "daemon/bus-internal.h"
#include "daemon/bus-text.h"
#include "daemon/log.h"

/* How long the end of the daemon may wait for peers to read. */
#define FLUSH_USEC USEC_PER_SEC

/* Connections */

static bool queue_is_too_long(const Connection *connection) {
        uint64_t n = 0;

        if (sd_bus_get_n_queued_write(connection->bus, &n) < 0)
                return false;
        return n > (connection->is_private ? PEER_QUEUE_MAX : BROKER_QUEUE_MAX);
}

static void check_queue(Connection *connection) {
        if (connection->doomed || !queue_is_too_long(connection))
                return;
        log_warning("%s does not read what it asked for and is disconnected.",
                    connection->is_private ? "A client of the private socket" : "The system bus");
        connection_doom(connection);
}

void connection_doom(Connection *connection) {
        if (connection->doomed)
                return;
        connection->doomed = true;
        connection->ready = false;
        sd_bus_close(connection->bus);
        (void) sd_event_source_set_enabled(connection->owner->reaper, SD_EVENT_ONESHOT);
}

void connection_hang_up(Connection *connection, int error) {
        log_warning("A client gets no answer and is disconnected: %s.", strerror(-error));
        connection_doom(connection);
}

static int on_reap(sd_event_source *source, void *userdata) {
        Bus *bus = userdata;

        bus_socket_reap(bus);
        if (bus->broker.doomed)
                bus_system_rejoin(bus);
        return 0;
}

static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        connection_doom(userdata);
        return 0;
}

/* Callers on the bus */

static usec_t clock_usec(clockid_t clock) {
        struct timespec ts;

        (void) clock_gettime(clock, &ts);
        return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

void bus_settle(Bus *bus) {
        if (bus->metered < 0)
                return;
        meter_charge(
                &bus->meter, bus->metered, clock_usec(CLOCK_THREAD_CPUTIME_ID) - bus->metered_usec);
        bus->metered = -1;
}

/* Negative with the error to answer with, when the caller must wait. */
static int admit(Bus *bus, sd_bus_message *call, sd_bus_error *error) {
        const char *sender = sd_bus_message_get_sender(call);
        uint64_t n = 0;

        if (sd_bus_get_n_queued_write(bus->broker.bus, &n) >= 0 && n > BROKER_BUSY)
                return sd_bus_error_set(error,
                                        SD_BUS_ERROR_LIMITS_EXCEEDED,
                                        "the system bus does not read the answers of memctld fast "
                                        "enough; try again later, or as root through the private "
                                        "socket");
        usec_t started_usec = clock_usec(CLOCK_THREAD_CPUTIME_ID);
        int account = meter_admit(&bus->meter, sender ? sender : "", clock_usec(CLOCK_MONOTONIC));
        if (account < 0)
                return sd_bus_error_set(error,
                                        SD_BUS_ERROR_LIMITS_EXCEEDED,
                                        "too many calls over the system bus: they have used the "
                                        "processor time that memctld gives them; ask less often, "
                                        "or as root through the private socket");
        bus->metered = account;
        bus->metered_usec = started_usec;
        return 0;
}

/* Before a call is dispatched: who does not read answers gets no more of them, and who asks for too
 * much gets none for a while. */
static int on_message(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(sd_bus_error_free) sd_bus_error refusal = SD_BUS_ERROR_NULL;
        Connection *connection = userdata;

        bus_settle(connection->owner);
        check_queue(connection);
        if (connection->doomed || connection->is_private ||
            sd_bus_message_is_method_call(message, NULL, NULL) <= 0)
                return connection->doomed;
        if (admit(connection->owner, message, &refusal) >= 0)
                return 0;
        (void) sd_bus_reply_method_error(message, &refusal);
        return 1;
}

int connection_serve(Connection *connection) {
        int r = sd_bus_add_object_vtable(connection->bus,
                                         NULL,
                                         MEMCTL_OBJECT_PATH,
                                         MEMCTL_INTERFACE,
                                         bus_vtable,
                                         connection);
        if (r >= 0)
                r = sd_bus_add_filter(connection->bus, NULL, on_message, connection);
        if (r >= 0)
                r = sd_bus_match_signal_async(connection->bus,
                                              NULL,
                                              "org.freedesktop.DBus.Local",
                                              "/org/freedesktop/DBus/Local",
                                              "org.freedesktop.DBus.Local",
                                              "Disconnected",
                                              on_disconnected,
                                              NULL,
                                              connection);
        return r;
}

/* Signals */

typedef int (*Sender)(sd_bus *bus, const void *data);

static void send_to(Connection *connection, Sender sender, const void *data) {
        if (!connection->ready)
                return;
        int r = sender(connection->bus, data);
        if (r == -ENOTCONN || r == -ECONNRESET || r == -EPIPE) {
                connection_doom(connection); /* it left, and we are the first to see it */
                return;
        }
        if (r < 0)
                log_warning("A signal cannot be sent: %s.", strerror(-r));
        check_queue(connection);
}

static void send_to_all(Bus *bus, Sender sender, const void *data) {
        send_to(&bus->broker, sender, data);
        for (size_t i = 0; i < bus->n_peers; i++)
                send_to(bus->peers[i], sender, data);
}

static int send_changes(sd_bus *bus, const void *data) {
        return sd_bus_emit_properties_changed(bus,
                                              MEMCTL_OBJECT_PATH,
                                              MEMCTL_INTERFACE,
                                              "State",
                                              "Profile",
                                              "Transaction",
                                              "Quarantined",
                                              NULL);
}

static int send_event(sd_bus *bus, const void *data) {
        return sd_bus_emit_signal(bus, MEMCTL_OBJECT_PATH, MEMCTL_INTERFACE, "Event", "s", data);
}

static void on_manager_changed(void *userdata) {
        send_to_all(userdata, send_changes, NULL);
}

static void on_event(const Event *event, void *userdata) {
        _cleanup_(freep) char *line = bus_json_format(event_to_json(event));

        if (line)
                send_to_all(userdata, send_event, line);
}

/* The end */

/* sd_bus_flush() would wait for ever for a peer that does not read. */
static void flush_until(const Connection *connection, usec_t end_usec) {
        uint64_t n = 0;

        while (connection->ready && sd_bus_get_n_queued_write(connection->bus, &n) >= 0 && n > 0) {
                struct pollfd pollfd = {.fd = sd_bus_get_fd(connection->bus), .events = POLLOUT};
                usec_t now = clock_usec(CLOCK_MONOTONIC);

                if (now >= end_usec || poll(&pollfd, 1, (int) ((end_usec - now) / 1000)) <= 0)
                        return;
                if (sd_bus_process(connection->bus, NULL) < 0)
                        return;
        }
}

static void flush_all(Bus *bus) {
        usec_t end_usec = clock_usec(CLOCK_MONOTONIC) + FLUSH_USEC;

        if (bus->broker.bus)
                flush_until(&bus->broker, end_usec);
        for (size_t i = 0; i < bus->n_peers; i++)
                flush_until(bus->peers[i], end_usec);
}

int bus_new(const BusOptions *options, Bus **ret) {
        _cleanup_(bus_freep) Bus *bus = calloc(1, sizeof(*bus));

        if (!bus)
                return -ENOMEM;
        bus->listen_fd = -1;
        bus->broker.owner = bus;
        bus->metered = -1;
        meter_init(&bus->meter, clock_usec(CLOCK_MONOTONIC));
        bus->manager = options->manager;
        bus->event = sd_event_ref(manager_event_loop(options->manager));
        bus->authorize_usec =
                options->authorize_usec > 0 ? options->authorize_usec : BUS_AUTHORIZE_USEC;
        bus->polkit = polkit_new(bus->authorize_usec);
        if (!bus->polkit)
                return -ENOMEM;
        int r = sd_event_add_defer(bus->event, &bus->reaper, on_reap, bus);
        if (r >= 0)
                r = sd_event_source_set_enabled(bus->reaper, SD_EVENT_OFF);
        if (r >= 0)
                r = bus_socket_open(bus, options->socket_path);
        if (r < 0)
                return r;
        if (options->system_bus)
                bus_system_join(bus);
        else
                bus_system_ready(bus);
        manager_set_listener(bus->manager, on_manager_changed, bus);
        events_set_listener(manager_events(bus->manager), on_event, bus);
        *ret = TAKE_PTR(bus);
        return 0;
}

Bus *bus_free(Bus *bus) {
        if (!bus)
                return NULL;
        manager_set_listener(bus->manager, NULL, NULL);
        events_set_listener(manager_events(bus->manager), NULL, NULL);
        flush_all(bus);
        bus_system_leave(bus);
        bus_socket_close(bus);
        bus->polkit = polkit_free(bus->polkit);
        bus->reaper = sd_event_source_disable_unref(bus->reaper);
        bus->event = sd_event_unref(bus->event);
        free(bus);
        return NULL;
}
