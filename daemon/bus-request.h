/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A call that changes something, from its arguments to its answer. A peer of the private socket was
 * admitted when it connected. On the bus the broker is asked who the caller is; root passes, for
 * others polkit decides. Both answers come later, and neither is waited for: the daemon has a
 * machine to watch.
 */

#include "daemon/bus-arguments.h"

typedef struct Verb {
        const char *name;
        const char *action; /* for polkit */
        int (*decode)(sd_bus_message *call, Arguments *arguments, sd_bus_error *error);
        /* Calls the manager and fills the reply. */
        int (*carry_out)(Manager *manager,
                         const Arguments *arguments,
                         const char *by,
                         sd_bus_message *reply,
                         Refusal *refusal);
} Verb;

/* Returns what a method returns. Arguments are checked before anyone is asked. */
int request_start(Connection *connection,
                  sd_bus_message *call,
                  const Verb *verb,
                  sd_bus_error *error);
