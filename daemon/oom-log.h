/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the kernel said of kills that were counted. The system journal has it some time later than
 * the counter, and reading it takes as long as the disk takes: another process reads, again and
 * again until it tells of as many as were counted or the time is up, and the event loop never
 * waits.
 */

#include <systemd/sd-event.h>

#include "core/kill-log.h"

typedef struct OomLog OomLog;

/* Each attempt ends after that, whatever the disk does. */
#define OOM_LOG_READING_SEC 10

typedef struct OomLogOptions {
        const Root *root; /* borrowed */
        sd_event *event;
        const char *cgroup; /* as in sample_read */
        usec_t since_usec;  /* realtime */
        uint64_t killed;    /* so many processes are looked for */
        /* kill_log_read, or what stands for it in a test; called in the other process. */
        int (*read)(const Root *root, const char *cgroup, usec_t since_usec, KillLog *ret);
        /* Once, at the end: the objects of oom_event_to_json in an array, oldest first, or NULL,
         * and what is amiss with them, for people, or NULL. Both are taken over. The reading may be
         * freed from within. */
        void (*done)(json_object *events, char *note, void *userdata);
        void *userdata;
} OomLogOptions;

/* -ENOMEM, or what the event loop says; that the log cannot be read is told by done. */
int oom_log_new(const OomLogOptions *options, OomLog **ret);
/* Also ends a reading that is under way. */
OomLog *oom_log_free(OomLog *log);
DEFINE_CLEANUP(OomLog *, oom_log_free)
