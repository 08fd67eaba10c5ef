/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Names with numbers, one a line, as the kernel prints them in proc/meminfo ("MemFree: 12 kB"),
 * proc/vmstat and a cgroup's memory.stat ("pgfault 12"). Looked up by name: which names there are
 * depends on the kernel, and one that is missing is unknown, not zero.
 */

#include "core/base/root.h"

#define FIGURE_NONE ((int64_t) -1)
/* No kernel counts as far; what claims to be more becomes this, so that sums cannot overflow. */
#define FIGURE_MAX ((int64_t) 1 << 58)

typedef struct Figure {
        const char *name; /* in the text of who has it */
        int64_t value;    /* bytes where the kernel printed kB */
} Figure;

typedef struct Figures {
        char *text; /* cut into the names */
        Figure *items;
        size_t n;
} Figures;

/* Adds "NAME NUMBER" or "NAME: NUMBER kB" of the line that ends at the NUL; the name is cut off in
 * place. Lines that are something else are passed over. -ENOMEM. */
int figures_add_line(Figures *counters, char *line);
/* Takes the text over, also on failure. -ENOMEM. */
int figures_parse(char *text, Figures *ret);
/* -errno of the file. */
int figures_read(const Root *root, const char *path, Figures *ret);
void figures_done(Figures *counters);

/* FIGURE_NONE when there is no such name. */
int64_t figures_get(const Figures *counters, const char *name);
/* The sum of all whose name is pattern, or begins with it when it ends in "*". */
int64_t figures_sum(const Figures *counters, const char *pattern);
/* The same, 0 for what is missing: where a kernel that does not count it has none of it. */
int64_t figures_get_or_0(const Figures *counters, const char *name);

/* The number that a file of proc/sys or sys begins with; FIGURE_NONE when there is none. */
int64_t figure_read(const Root *root, const char *path);
