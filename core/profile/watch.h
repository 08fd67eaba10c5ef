/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How a profile is watched: reading it. The types are declared in profile.h. */

#include "core/profile/profile.h"
#include "core/profile/reader.h"

/* The kernel's own bounds on a PSI window (WINDOW_MIN_US, WINDOW_MAX_US in kernel/sched/psi.c). */
#define WATCH_WINDOW_MIN (500 * USEC_PER_MSEC)
#define WATCH_WINDOW_MAX (10 * USEC_PER_SEC)
#define WATCH_TIME_MIN USEC_PER_SEC
#define WATCH_TIME_MAX (7 * USEC_PER_DAY)

/* Reads "watch: {…}". */
void watch_read(Reader *reader, const Node *node, Watch *watch);

/* What parent and child say together: what the later one sets replaces the earlier. -ENOMEM. */
int watch_merge(Watch *watch, const Watch *later);
/* True when stalls of the whole system count, where cpu.full is always 0. */
bool watch_is_system(const Watch *watch);
