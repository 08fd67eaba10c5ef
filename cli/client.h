/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The connection to memctld; the only user of sd-bus here. Whatever fails has been printed, and
 * the exit code that goes with it is returned, unless the client was told to be quiet.
 */

#include <json-c/json.h>

#include "core/event.h"
#include "core/protocol.h"

typedef struct Client Client;

/* Root tries the private socket, then the system bus; --host goes through ssh; with --root it is
 * that tree's private socket and nothing else. EXIT_CODE_NO_DAEMON when none answers. */
ExitCode client_open(Client **ret);
Client *client_close(Client *client);
DEFINE_CLEANUP(Client *, client_close)

/* Whether failures are printed: not while a lost connection is being tried again. */
void client_set_quiet(bool quiet);

typedef void (*ClientEventFn)(const Event *event, void *userdata);
/* From now on every Event signal calls back, from within client_process. */
ExitCode client_subscribe(Client *client, ClientEventFn on_event, void *userdata);
/* Handles what has arrived, after waiting at most that long for something (0: not at all).
 * -EINTR: a signal came. Other errors: the connection is lost. */
int client_process(Client *client, usec_t timeout_usec);

ExitCode client_apply(Client *client,
                      const char *name,
                      usec_t confirm_within_usec,
                      usec_t probation_usec,
                      uint64_t *ret_id);
/* 0 and "": as memctld thinks. */
ExitCode client_start_trial(Client *client,
                            const char *name,
                            const char *against,
                            const char *metric,
                            usec_t duration_usec,
                            usec_t block_usec,
                            usec_t washout_usec,
                            uint64_t *ret_id);
ExitCode client_stop_trial(Client *client, uint64_t id);
ExitCode client_keep(Client *client, uint64_t id);
ExitCode client_revert(Client *client, uint64_t id, const char *reason);
ExitCode client_release(Client *client, const char *name);
ExitCode client_release_hold(Client *client);
ExitCode client_reload(Client *client);
/* The plan's JSON text. */
ExitCode client_plan(Client *client, const char *name, char **ret);
/* The JSON text of a probation's or a trial's report; id 0: the latest. */
ExitCode client_report(Client *client, uint64_t id, char **ret);
/* All properties as a JSON object, under their D-Bus names. */
ExitCode client_properties(Client *client, json_object **ret);
/* Calls back for each event after since, oldest first. */
ExitCode client_list_events(Client *client, uint64_t since, ClientEventFn on_event, void *userdata);
