/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a call brings, checked. Each function reads on from where the message stands and sets error
 * to InvalidArgument, naming the argument, what it is and what was expected. Strings are borrowed
 * from the message.
 */

#include "daemon/bus-internal.h"

typedef struct Arguments {
        const char *name;
        const char *reason;
        uint64_t id;
        ApplyOptions options;
        const char *against; /* of a trial: "" is what is in force */
        TrialOptions trial;
} Arguments;

int arguments_read_name(sd_bus_message *call, Arguments *arguments, sd_bus_error *error);
int arguments_read_id(sd_bus_message *call, Arguments *arguments, sd_bus_error *error);
int arguments_read_reason(sd_bus_message *call, Arguments *arguments, sd_bus_error *error);
int arguments_read_options(sd_bus_message *call, Arguments *arguments, sd_bus_error *error);
int arguments_read_trial(sd_bus_message *call, Arguments *arguments, sd_bus_error *error);
