/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Names with numbers, one a line, as the kernel prints them in proc/meminfo ("MemFree: 12 kB"),
 * proc/vmstat and a cgroup's memory.stat ("pgfault 12"). Looked up by name: which names there are
 * depends on the kernel, and one that is missing is unknown, not zero.
 */

#include "core/base/root.h"

#define COUNTER_NONE ((int64_t) -1)
/* No kernel counts as far; what claims to be more becomes this, so that sums cannot overflow. */
#define COUNTER_MAX ((int64_t) 1 << 58)

typedef struct Counter {
        const char *name; /* in the text of who has it */
        int64_t value;    /* bytes where the kernel printed kB */
} Counter;

typedef struct Counters {
        char *text; /* cut into the names */
        Counter *items;
        size_t n;
} Counters;

/* Adds "NAME NUMBER" or "NAME: NUMBER kB" of the line that ends at the NUL; the name is cut off in
 * place. Lines that are something else are passed over. -ENOMEM. */
int counters_add_line(Counters *counters, char *line);
/* Takes the text over, also on failure. -ENOMEM. */
int counters_parse(char *text, Counters *ret);
/* -errno of the file. */
int counters_read(const Root *root, const char *path, Counters *ret);
void counters_done(Counters *counters);

/* COUNTER_NONE when there is no such name. */
int64_t counters_get(const Counters *counters, const char *name);
/* The sum of all whose name is pattern, or begins with it when it ends in "*". */
int64_t counters_sum(const Counters *counters, const char *pattern);
/* The same, 0 for what is missing: where a kernel that does not count it has none of it. */
int64_t counters_get_or_0(const Counters *counters, const char *name);

/* The number that a file of proc/sys or sys begins with; COUNTER_NONE when there is none. */
int64_t counter_read(const Root *root, const char *path);
