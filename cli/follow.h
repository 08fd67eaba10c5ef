/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A probation or a trial followed to its end: events are printed as they come, between them a live
 * line (or, without a terminal, a line every half minute) says how long it still lasts and how
 * pressure does. A daemon that goes away is waited for: a restart adopts the probation.
 */

#include "cli/client.h"

/* As of a shell's command that Ctrl-C ended. */
#define EXIT_CODE_INTERRUPTED 130

typedef struct Follow {
        Client *client; /* owned: a lost one is replaced */
        uint64_t id;
        const char *profile;
        bool is_trial;
        uint64_t last_seq; /* of the events seen */
        bool ended;
        ExitCode verdict;
        char *message;       /* of the last event */
        json_object *events; /* all of them, with --json; else NULL */
        bool drawn;          /* a live line is on the screen */
        usec_t told_usec;    /* when the last plain line was printed */
} Follow;

/* Subscribes; before Apply is called. */
ExitCode follow_init(Follow *follow, Client *client, const char *profile);
void follow_done(Follow *follow);
/* The transaction is known now: handles what has come of it. */
ExitCode follow_begin(Follow *follow, uint64_t id);
/* To the verdict, a lost daemon, or Ctrl-C. */
ExitCode follow_run(Follow *follow);
