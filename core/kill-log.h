/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the kernel's log tells of the processes that were killed in a scope since an instant. */

#include "core/machine/oom.h"
#include "core/report.h"

/* Of the table of tasks, the largest: a report is no place for ten thousand of them. */
#define KILL_LOG_TASKS_MAX 16

typedef struct KillLog {
        json_object *events; /* of oom_event_to_json, the first REPORT_OOM_EVENTS_MAX; an array */
        uint64_t killed;     /* processes that it tells of, also in events that are left out */
        uint64_t n_left_out; /* events */
} KillLog;

void kill_log_done(KillLog *log);

/* cgroup as in sample_read. The failures are those of kernel_log_read; *ret is untouched then. */
int kill_log_read(const Root *root, const char *cgroup, usec_t since_usec, KillLog *ret);

/*
 * Was the victim in that cgroup, a path as the kernel prints it, or below? In a container (inside)
 * the kernel prints more than the container sees: what ends or goes on like it is taken for it. A
 * dump that does not name the victim's cgroup is of none.
 */
bool kill_log_is_in(const OomEvent *event, const char *path, bool inside);
