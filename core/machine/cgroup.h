/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The cgroups with their memory: what they hold, what they may hold, how often that was not enough
 * (memory_files, mm/memcontrol.c; version 1: mem_cgroup_legacy_files, mm/memcontrol-v1.c), and how
 * much of the time their tasks waited for it. A cgroup counts what those below it hold. Where the
 * memory controller is of version 1, pressure is still in the tree of version 2, if the same path
 * is there.
 */

#include "core/machine/figures.h"
#include "core/machine/pressure.h"

/* Bytes and counts; FIGURE_NONE where not known. */
typedef struct Cgroup {
        char *path; /* "/system.slice/redis.service" */
        int64_t current;
        int64_t max;  /* FIGURE_NONE: no limit */
        int64_t high; /* the same; version 2 alone */
        int64_t swap;
        int64_t hits;     /* how often it ran into max ("max" of memory.events; both failcnt) */
        int64_t oom_kill; /* processes killed in it */
        int64_t refault;  /* pages that came back after they had been taken; near the limit alone */
        PressureLine some;
        PressureLine full;
} Cgroup;

typedef struct Cgroups {
        int version; /* of the memory controller; 0: there is none */
        Cgroup *items;
        size_t n;
} Cgroups;

/*
 * The root is left out: it is the machine. Unless all is set, only those with a limit, and of
 * version 2 only those that ran into it or lost a process once: nobody else can be in trouble, and
 * most of thousands never were. memory.events counts for all below since 5.2, so that whole
 * branches are passed over. Sorted by path. A machine without cgroups gives none. -ENOMEM.
 */
int cgroups_read(const Root *root, bool all, Cgroups *ret);
void cgroups_done(Cgroups *cgroups);
/* Largest first. */
void cgroups_sort(Cgroups *cgroups);
/* Among cgroups as they were read, by path. */
const Cgroup *cgroups_find(const Cgroups *cgroups, const char *path);

/* The lower of max and high; FIGURE_NONE when it has neither. */
int64_t cgroup_limit(const Cgroup *cgroup);
/* So close below its limit that hardly anything can be added without taking something away. */
bool cgroup_is_full(const Cgroup *cgroup);
/* Half full or more. The level moves: who is close at one instant was full at another. */
bool cgroup_is_close(const Cgroup *cgroup);
