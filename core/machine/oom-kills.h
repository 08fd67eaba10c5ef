/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How many processes the kernel has killed for want of memory: "oom_kill" in proc/vmstat for the
 * whole system, which counts those of every cgroup too, and in memory.events for a cgroup and all
 * below it (__oom_kill_process, mm/oom_kill.c). Both count up, until another cgroup has the name.
 */

#include "core/machine/sample.h"

typedef struct OomKills {
        uint64_t last;   /* the counter as read last; COUNTER_UNKNOWN: not yet */
        uint64_t killed; /* since it was begun */
} OomKills;

#define OOM_KILLS_INIT ((OomKills){.last = COUNTER_UNKNOWN})

/* Counted from the reading now, which may be COUNTER_UNKNOWN. */
void oom_kills_begin(OomKills *kills, uint64_t now);
/*
 * Takes a reading: how many were killed since the last one. A counter that fell began anew, so that
 * all it has are new ones; the first reading says nothing, and one that is not known changes
 * nothing.
 */
uint64_t oom_kills_add(OomKills *kills, uint64_t now);
/* The cgroup was removed: whatever gets its name counts from 0. */
void oom_kills_restart(OomKills *kills);

/*
 * The file, relative to the root; cgroup as in sample_read. The root of all cgroups has none of its
 * own, and is the whole system. On a hybrid hierarchy, where version 1 has the memory controller,
 * it is the memory.oom_control of the cgroup of that name there, which counts no kill below it.
 * buffer holds PATH_MAX bytes; -ENAMETOOLONG.
 */
int oom_kills_path(const Root *root, const char *cgroup, char *buffer, size_t size);
/* The counter in the text of such a file. -ENODATA: this kernel does not count (before 4.13). */
int oom_kills_parse(const char *text, uint64_t *ret);
/* -ENOENT: there is no such file, as in a cgroup without the memory controller. */
int oom_kills_read(const Root *root, const char *cgroup, uint64_t *ret);
