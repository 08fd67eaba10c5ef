/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The kernel's count of OOM kills in a scope, watched. A cgroup's memory.events wakes whoever polls
 * it (cgroup_file_notify, which is heard with EPOLLPRI); proc/vmstat and the files of cgroup
 * version 1 wake nobody, and are read when asked to, and each second when somebody waits for a
 * kill.
 */

#include <systemd/sd-event.h>

#include "core/machine/oom-kills.h"

typedef struct OomWatch OomWatch;

typedef struct OomWatchOptions {
        const Root *root; /* borrowed */
        sd_event *event;
        const char *cgroup; /* as in sample_read */
        OomKills *kills;    /* borrowed: counted here; from a last reading on, if it has one */
        bool eager;         /* a kill is waited for */
        /* It was read, and may have counted; the watch may be freed from within. */
        void (*killed)(void *userdata);
        /* The counter is gone (its cgroup was removed), or is there again. */
        void (*watched)(bool watched, void *userdata);
        void *userdata;
} OomWatchOptions;

/* -ENOENT: there is no such file, as in a cgroup without the memory controller; -ENODATA: this
 * kernel does not count. Where nobody waits for a kill these are no failure: it may come. */
int oom_watch_new(const OomWatchOptions *options, OomWatch **ret);
OomWatch *oom_watch_free(OomWatch *watch);
DEFINE_CLEANUP(OomWatch *, oom_watch_free)

/* Counts from now on. */
void oom_watch_begin(OomWatch *watch);
/* Reads it now: so many more. May call watched, and not killed. */
uint64_t oom_watch_look(OomWatch *watch);
/* There is a counter. */
bool oom_watch_is_watched(const OomWatch *watch);
