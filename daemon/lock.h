/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The memory of the daemon stays in memory. A machine that thrashes takes pages away from everyone,
 * those of programs and libraries first: who has to take the harmful change back must not wait for
 * its own code to come from the disk.
 *
 * What is there when the daemon is ready is read in and locked whole (MCL_CURRENT): code that has
 * not run yet, such as that of reverting, too. What comes later is locked when it is first touched
 * (MCL_FUTURE | MCL_ONFAULT), so that a mapping costs no more than what is used of it.
 */

#include <systemd/sd-event.h>

#include "core/base/util.h"

/* Before anything is allocated. What a caller makes us hold for a moment (a message may have 128
 * MiB) goes back to the kernel; left alone, malloc learns from the first large block that is freed
 * to keep such ones. */
void lock_bound_heap(void);

/* After all has started: what it needs of stack and heap is touched first. -errno: nothing is
 * locked, or what comes later is not. */
int lock_memory(void);

/* The event loop asks for memory when more of its sources wait at once than ever before, and ends
 * when there is none. So that this is not in the middle of thrashing: has room for LOCK_SOURCES
 * from now on. Turns the loop once. -errno. */
#define LOCK_SOURCES 256
int lock_reserve_loop(sd_event *event);
