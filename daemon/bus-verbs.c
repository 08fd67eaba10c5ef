/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The methods that change something: what each reads, and which function of the manager it is. */

#include "daemon/bus-request.h"

static int decode_apply(sd_bus_message *call, Arguments *arguments, sd_bus_error *error) {
        int r = arguments_read_name(call, arguments, error);
        return r < 0 ? r : arguments_read_options(call, arguments, error);
}

static int carry_out_apply(Manager *manager,
                           const Arguments *arguments,
                           const char *by,
                           sd_bus_message *reply,
                           Refusal *refusal) {
        uint64_t id = 0;
        int r = manager_apply(manager, arguments->name, &arguments->options, by, &id, refusal);
        return r < 0 ? r : sd_bus_message_append(reply, "t", id);
}

int method_apply(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        static const Verb verb = {"apply", MEMCTL_ACTION_APPLY, decode_apply, carry_out_apply};
        return request_start(userdata, call, &verb, error);
}

static int carry_out_keep(Manager *manager,
                          const Arguments *arguments,
                          const char *by,
                          sd_bus_message *reply,
                          Refusal *refusal) {
        return manager_keep(manager, arguments->id, by, refusal);
}

int method_keep(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        static const Verb verb = {"keep", MEMCTL_ACTION_KEEP, arguments_read_id, carry_out_keep};
        return request_start(userdata, call, &verb, error);
}

static int decode_revert(sd_bus_message *call, Arguments *arguments, sd_bus_error *error) {
        int r = arguments_read_id(call, arguments, error);
        return r < 0 ? r : arguments_read_reason(call, arguments, error);
}

static int carry_out_revert(Manager *manager,
                            const Arguments *arguments,
                            const char *by,
                            sd_bus_message *reply,
                            Refusal *refusal) {
        return manager_revert(manager, arguments->id, arguments->reason, by, refusal);
}

int method_revert(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        static const Verb verb = {"revert", MEMCTL_ACTION_REVERT, decode_revert, carry_out_revert};
        return request_start(userdata, call, &verb, error);
}

static int decode_start_trial(sd_bus_message *call, Arguments *arguments, sd_bus_error *error) {
        int r = arguments_read_name(call, arguments, error);
        return r < 0 ? r : arguments_read_trial(call, arguments, error);
}

static int carry_out_start_trial(Manager *manager,
                                 const Arguments *arguments,
                                 const char *by,
                                 sd_bus_message *reply,
                                 Refusal *refusal) {
        uint64_t id = 0;
        int r = manager_start_trial(
                manager, arguments->name, arguments->against, &arguments->trial, by, &id, refusal);
        return r < 0 ? r : sd_bus_message_append(reply, "t", id);
}

int method_start_trial(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        static const Verb verb = {
                "trial", MEMCTL_ACTION_TRIAL, decode_start_trial, carry_out_start_trial};
        return request_start(userdata, call, &verb, error);
}

static int carry_out_stop_trial(Manager *manager,
                                const Arguments *arguments,
                                const char *by,
                                sd_bus_message *reply,
                                Refusal *refusal) {
        return manager_stop_trial(manager, arguments->id, by, refusal);
}

int method_stop_trial(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        static const Verb verb = {
                "trial", MEMCTL_ACTION_TRIAL, arguments_read_id, carry_out_stop_trial};
        return request_start(userdata, call, &verb, error);
}

static int carry_out_release(Manager *manager,
                             const Arguments *arguments,
                             const char *by,
                             sd_bus_message *reply,
                             Refusal *refusal) {
        return manager_release(manager, arguments->name, by, refusal);
}

int method_release(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        static const Verb verb = {
                "release", MEMCTL_ACTION_RELEASE, arguments_read_name, carry_out_release};
        return request_start(userdata, call, &verb, error);
}

static int decode_nothing(sd_bus_message *call, Arguments *arguments, sd_bus_error *error) {
        return 0;
}

static int carry_out_release_hold(Manager *manager,
                                  const Arguments *arguments,
                                  const char *by,
                                  sd_bus_message *reply,
                                  Refusal *refusal) {
        return manager_release_hold(manager, by, refusal);
}

int method_release_hold(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        static const Verb verb = {
                "release", MEMCTL_ACTION_RELEASE, decode_nothing, carry_out_release_hold};
        return request_start(userdata, call, &verb, error);
}

static int carry_out_reload(Manager *manager,
                            const Arguments *arguments,
                            const char *by,
                            sd_bus_message *reply,
                            Refusal *refusal) {
        return manager_reload(manager, by, refusal);
}

int method_reload(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        static const Verb verb = {"reload", MEMCTL_ACTION_RELOAD, decode_nothing, carry_out_reload};
        return request_start(userdata, call, &verb, error);
}
