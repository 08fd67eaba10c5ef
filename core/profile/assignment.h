/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What another manager's files set: sysctl.d, tmpfiles.d, tuned. One assignment is one line of such
 * a file; what is no knob of the catalogue, or cannot be worked out, is left out with the reason.
 */

#include "core/profile/profile.h"

typedef struct Assignment {
        KnobRef ref;
        char *value; /* as the file has it, without quotes and modifiers */
        Only only;
        char *file;
        unsigned line;
} Assignment;

typedef struct LeftOut {
        char *what; /* "kernel.numa_balancing = 0" */
        char *reason;
        char *file;
        unsigned line;
} LeftOut;

typedef struct Assignments {
        Assignment *items; /* in the order in which they would be written */
        size_t n;
        LeftOut *left_out;
        size_t n_left_out;
        bool failed; /* memory was short */
} Assignments;

void assignments_done(Assignments *assignments);

/* Where a line stands. */
typedef struct Origin {
        const char *file;
        unsigned line;
} Origin;

/* Takes the place of an earlier one of the same knob, or of its partner. */
void assignments_put(
        Assignments *assignments, KnobRef ref, const char *value, Only only, Origin origin);
void assignments_leave_out(Assignments *assignments,
                           const char *what,
                           Origin origin,
                           const char *format,
                           ...) _printf_(4, 5);
/* By a sysctl's name ("vm.swappiness", "vm/swappiness"), or an absolute path below /sys or /proc:
 * put, or left out when it is no knob. */
void assignments_put_name(
        Assignments *assignments, const char *name, const char *value, Only only, Origin origin);

/* Calls back for each line of a text, which may be changed. */
typedef void (*LineFn)(Assignments *assignments, char *line, Origin origin);
void assignments_each_line(Assignments *assignments, const char *file, const char *text, LineFn fn);
