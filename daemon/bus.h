/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * org.memctl.Manager1 on the system bus and on the private socket: decode, authorise, call the
 * manager, encode. Nothing is decided here but who may ask.
 *
 * The private socket serves root (and the daemon's own user) by peer credentials, early in boot and
 * without a bus. The system bus may come late, go, and come back; the daemon does not end with it.
 */

#include "daemon/manager.h"

typedef struct Bus Bus;

/* A person may have to find a password. */
#define BUS_AUTHORIZE_USEC (2 * USEC_PER_MINUTE)

/* How long a system bus that listens but does not answer may hold up the start. */
#define BUS_READY_USEC (5 * USEC_PER_SEC)

typedef void (*BusReadyFn)(void *userdata);

typedef struct BusOptions {
        Manager *manager;        /* borrowed */
        const char *socket_path; /* absolute; an old socket there is replaced, its folder is made */
        bool system_bus; /* join the system bus ($DBUS_SYSTEM_BUS_ADDRESS, else the default) */
        usec_t authorize_usec; /* how long polkit may take; 0: BUS_AUTHORIZE_USEC */
} BusOptions;

/* Before anything is made for it: -ENAMETOOLONG, and said, when no socket can have that path. */
int bus_check_socket_path(const char *path);

/* Listens at once; joins the system bus as soon as there is one. -errno when the socket cannot be
 * made. */
int bus_new(const BusOptions *options, Bus **ret);
/*
 * Calls fn once, now or from the event loop, when whoever may ask finds the daemon: it has its name
 * on the system bus, or there is no bus (as early in boot), or the bus did not answer within
 * BUS_READY_USEC. -errno, and no call will come, when it cannot wait.
 */
int bus_when_ready(Bus *bus, BusReadyFn fn, void *userdata);
/* Sends what is queued, then closes. */
Bus *bus_free(Bus *bus);
DEFINE_CLEANUP(Bus *, bus_free)
