/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a D-Bus message holds, as JSON: for the client alone. */

#include <json-c/json.h>
#include <systemd/sd-bus.h>

/* The next value; variants are looked into. -EBADMSG for a type that memctld does not send; the
 * caller puts *ret. */
int client_value_read(sd_bus_message *m, json_object **ret);
