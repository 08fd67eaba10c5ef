/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who else sets a knob on this machine: sysctl.d, tmpfiles.d, tuned's active profile, the kernel's
 * command line. They write at boot, or whenever their daemon likes, and a person who wonders why a
 * value changed must know their file and line.
 */

#include "core/machine/facts.h"
#include "core/profile/assignment.h"

typedef enum RivalKind {
        RIVAL_COMMAND_LINE, /* proc/cmdline */
        RIVAL_SYSCTL,       /* sysctl.d(5), and sysctl.conf where a link makes systemd read it */
        RIVAL_TMPFILES,     /* tmpfiles.d(5) */
        RIVAL_TUNED,        /* the profile in etc/tuned/active_profile */
        _RIVAL_KIND_MAX,
} RivalKind;

typedef struct Rival {
        RivalKind kind;
        KnobRef ref;
        char *value;
        char *file;
        unsigned line;
        bool effective; /* the one of its kind that wins: the last */
} Rival;

typedef struct Rivals {
        Rival *items;
        size_t n;
} Rivals;

/* All of them on this machine. What cannot be read is passed over. -ENOMEM. */
int rivals_load(const Root *root, Rivals *ret);
void rivals_done(Rivals *rivals);

/* Those that set the knob, or the other one of its pair, to something else than value, each as
 * "sysctl.d sets vm.swappiness to 60 (/etc/sysctl.d/99-x.conf:3)", with separator between; "" when
 * there are none. NULL without memory; the caller frees. */
char *rivals_format(const Rivals *rivals, KnobRef ref, const Value *value, const char *separator);

/* "sysctl.d", "tuned" */
const char *rival_kind_to_string(RivalKind kind);
