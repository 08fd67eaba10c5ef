/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A hard limit, watched by the kernel: a PSI trigger wakes us (EPOLLPRI) when more than a share of
 * a window was stalled; until then nobody polls anything (kernel/sched/psi.c, psi_trigger_create).
 *
 * Without CAP_SYS_RESOURCE the kernel takes only windows that are a multiple of 2 s, and before
 * 6.4 none below 500 ms. The next larger window it takes is used, with the same share.
 */

#include <systemd/sd-event.h>

#include "core/base/root.h"
#include "core/profile/profile.h"

typedef struct Trigger Trigger;

typedef enum TriggerNews {
        TRIGGER_EXCEEDED, /* the limit was exceeded; at most once a window */
        TRIGGER_GONE,     /* its cgroup was removed or PSI was turned off: it watches no more */
} TriggerNews;

typedef void (*TriggerCallback)(Trigger *trigger, TriggerNews news, void *userdata);

/*
 * cgroup as in sample_read: NULL is the whole system. -ENOENT without PSI or without the cgroup;
 * -EOPNOTSUPP on a recorded tree; otherwise what the kernel said.
 */
int trigger_new(const Root *root,
                const char *cgroup,
                const WatchLimit *limit,
                sd_event *event,
                TriggerCallback callback,
                void *userdata,
                Trigger **ret);
Trigger *trigger_free(Trigger *trigger);
DEFINE_CLEANUP(Trigger *, trigger_free)

/* The limit in force: its window may be larger than the one asked for. */
const WatchLimit *trigger_limit(const Trigger *trigger);

/* The windows to try for one asked for: itself, then the multiple of 2 s that is not smaller; 0
 * ends. */
#define TRIGGER_WINDOWS 3
void trigger_windows(usec_t asked_usec, usec_t ret_windows[static TRIGGER_WINDOWS]);

/* What is written to the pressure file for a window, "some 200000 2000000". */
#define TRIGGER_SPEC_MAX 64
void trigger_spec(const WatchLimit *limit, usec_t window_usec, char ret[static TRIGGER_SPEC_MAX]);
