/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the bus-*.c files share. */

#include <inttypes.h>
#include <sys/types.h>

#include <systemd/sd-bus.h>

#include "core/protocol.h"
#include "daemon/bus-meter.h"
#include "daemon/bus.h"
#include "daemon/polkit.h"
#include "daemon/priority.h"

/*
 * sd-bus would give a peer that does not read 8 MiB of socket buffer, and queue 384 Ki messages of
 * any size behind it. Here a peer gets a smaller buffer, and with this many messages waiting behind
 * it is closed. The broker serves everyone, so it has more patience.
 */
#define PEER_BUFFER_BYTES (256 * 1024)
#define PEER_QUEUE_MAX 32
#define BROKER_QUEUE_MAX 1024
/* An answer may have a megabyte. With this many messages waiting behind the buffer, calls over the
 * bus get an error instead, so that what waits stays small. */
#define BROKER_BUSY 4

/* One peer on the private socket, or the broker. */
typedef struct Connection {
        Bus *owner;
        sd_bus *bus;
        bool is_private;
        bool ready;  /* signals may be sent; before, they would only pile up */
        bool doomed; /* closed; freed when the event loop is back at its top */
        uid_t uid;   /* of the peer; unused for the broker */
} Connection;

/* A verb that waits for its caller's authorisation. */
typedef struct Request Request;

struct Bus {
        Manager *manager; /* borrowed */
        sd_event *event;
        sd_event_source *reaper;

        /* bus-socket.c */
        char *socket_path;
        dev_t socket_dev;
        ino_t socket_ino;
        int listen_fd;
        sd_event_source *listener;
        sd_event_source *pause; /* no descriptor was free: accept again when it ends */
        bool was_full;
        Connection *peers[MEMCTL_CLIENTS_MAX];
        size_t n_peers;

        /* bus-system.c */
        Connection broker;
        sd_event_source *retry;
        usec_t retry_usec;
        BusReadyFn on_ready; /* and NULL from then on */
        void *on_ready_userdata;
        sd_event_source *impatience; /* ends the wait for a bus that does not answer */
        bool is_ready;               /* nobody need wait for the bus any more */
        bool is_joined;              /* the name is ours; that it is lost is worth a word */
        bool name_is_taken;          /* said already */
        Meter meter;                 /* of its callers */
        int metered;                 /* whose call is being answered; negative: nobody's */
        usec_t metered_usec;         /* the processor time of ours when that began */

        /* bus-request.c */
        Polkit *polkit;
        usec_t authorize_usec;
        Request *requests;
};

/* bus.c */

/* Adds the object and closes the connection when its peer goes or does not read. */
int connection_serve(Connection *connection);
/* Closes it now and frees it later, so that it may be called from its own callbacks. */
void connection_doom(Connection *connection);
/* What the last call over the bus has cost is taken off its sender's account. */
void bus_settle(Bus *bus);
/* It could not be answered, and sd-bus does not try again (bus_maybe_reply_error()): rather than
 * wait for ever, it shall see the end. */
void connection_hang_up(Connection *connection, int error);

/* bus-socket.c */

int bus_socket_open(Bus *bus, const char *path);
void bus_socket_reap(Bus *bus);
void bus_socket_close(Bus *bus);

/* bus-system.c */

/* Never fails for good: it tries again later. */
void bus_system_join(Bus *bus);
/* The connection is gone: forget it and join again after a while. */
void bus_system_rejoin(Bus *bus);
void bus_system_leave(Bus *bus);
/* Joined, or there is nothing to wait for. */
void bus_system_ready(Bus *bus);

/* bus-verbs.c */

int method_apply(sd_bus_message *call, void *userdata, sd_bus_error *error);
int method_keep(sd_bus_message *call, void *userdata, sd_bus_error *error);
int method_revert(sd_bus_message *call, void *userdata, sd_bus_error *error);
int method_start_trial(sd_bus_message *call, void *userdata, sd_bus_error *error);
int method_stop_trial(sd_bus_message *call, void *userdata, sd_bus_error *error);
int method_release(sd_bus_message *call, void *userdata, sd_bus_error *error);
int method_release_hold(sd_bus_message *call, void *userdata, sd_bus_error *error);
int method_reload(sd_bus_message *call, void *userdata, sd_bus_error *error);

/* bus-request.c */

/* Forgets all that wait: their connection is gone. */
void bus_requests_drop(Bus *bus);

/* bus-methods.c */

extern const sd_bus_vtable bus_vtable[];

/* bus-properties.c */

/* clang-format off */
int property_get_version(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error);
int property_get_state(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error);
int property_get_profile(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error);
int property_get_transaction(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error);
int property_get_quarantined(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error);
int property_get_damaged(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error);
int property_get_probation(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error);
int property_get_trial(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error);
int property_get_drift(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error);
int property_get_conflicts(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error);
int property_get_hold(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error);
/* clang-format on */
