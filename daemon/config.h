/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * memctld.conf and its drop-ins, as systemd reads such files: the main file is the first of
 * etc/memctl, run/memctl, usr/lib/memctl; then memctld.conf.d/NAME.conf of all three folders,
 * sorted by NAME, a NAME in an earlier folder masks the same NAME in a later one. The only user of
 * libinih.
 */

#include "core/base/problem.h"
#include "core/base/root.h"
#include "core/profile/profile.h"

typedef struct Config {
        usec_t probation_usec;     /* [Probation] Default=: for profiles that say none; 30min */
        bool revert_on_stop;       /* [Daemon] RevertOnStop=: a kept profile too is reverted; no */
        bool apply_at_boot;        /* [Daemon] ApplyAtBoot=: a kept profile comes back; yes */
        usec_t sample_usec;        /* [Daemon] SampleInterval=: baseline samples, 1s to 1min; 10s */
        DriftPolicy drift;         /* [Daemon] Drift=: for values that say none; report */
        usec_t drift_usec;         /* [Daemon] DriftInterval=: how often, 0: never; 1min */
        usec_t boot_guard_usec;    /* [Daemon] BootGuard=: 0: off; 10min */
        unsigned reverts_per_hour; /* [Daemon] RevertsPerHour=: 0 to 100, 0: any; 3 */
        int log_level; /* [Daemon] LogLevel=: debug, info, notice, warning, err; LOG_INFO */
} Config;

Config config_default(void);

/*
 * Reads all files over the defaults. file replaces the main file and its search (memctld --config;
 * then no drop-ins), NULL for the search. No file at all is fine. Every problem is located;
 * unknown section and key names are errors with the nearest name. -EINVAL with an error among the
 * problems: *ret untouched.
 */
int config_load(const Root *root, const char *file, Problems *problems, Config *ret);
