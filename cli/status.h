/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the daemon says is so now: its properties in C. */

#include "cli/client.h"
#include "core/machine/sample.h"

/* Shares of time stalled, 1/10000; -1 where not known. */
typedef struct Shares {
        int permyriad[_METRIC_MAX];
} Shares;

typedef struct Status {
        json_object *properties; /* owns every text below */
        const char *version;
        const char *state;
        const char *profile; /* "" when none is in force */
        uint64_t transaction;
        bool on_probation;
        bool confirm;      /* Keep is needed */
        usec_t left_usec;  /* of the probation */
        usec_t since_usec; /* since the apply */
        Shares now;
        Shares before;
        uint64_t oom_kills;       /* since the apply */
        json_object *limits;      /* array of text */
        json_object *regressions; /* metrics judged against the time before; array of text */
        const char *on_regression;
        uint64_t baseline_blocks; /* of that time; 0: there is none */
        double evidence;          /* of a regression, 1 : this against chance */
        bool on_trial;
        const char *against; /* "": what was in force */
        const char *metric;
        uint64_t block; /* under way, from 1 */
        uint64_t n_blocks;
        usec_t block_usec;
        json_object *drift;     /* array of [knob, set, live, since-usec, writers] */
        json_object *conflicts; /* who else sets knobs in force; array of text */
        json_object *reverts;   /* that led to a hold; array of text, NULL when nothing is held */
        usec_t hold_left_usec;
        json_object *quarantined;
        json_object *damaged; /* names of files */
} Status;

ExitCode status_load(Client *client, Status *ret);
void status_done(Status *status);
/* The text of an array's item; "" when there is none. */
const char *status_item(json_object *array, size_t i);
