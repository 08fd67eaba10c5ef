/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The kernel's sentences in a dump: who asked, which constraint, who was killed. */

#include "core/machine/oom.h"

/* Is it the first line of an OOM? */
bool oom_words_is_invoked(const char *message);
/* "hog invoked oom-killer: gfp_mask=..., order=0"; 1 when it was that, 0 when not, -ENOMEM. */
int oom_words_take_invoked(OomEvent *event, const char *message);
/* Is it a message that an allocation failed? */
bool oom_words_is_failure(const char *message);
/* "cat: page allocation failure: order:5, mode:...", and its relatives; the same results. */
int oom_words_take_failure(OomEvent *event, const char *message);
/* "oom-kill:constraint=CONSTRAINT_NONE,nodemask=..." */
int oom_words_take_summary(OomEvent *event, const char *message);
/* "Task in /a killed as a result of limit of /b", "Memory cgroup stats for /b:" */
int oom_words_take_memcg(OomEvent *event, const char *message);
/* "CPU: 0 PID: 54 Comm: rb_consumer ...": the invoker's number, when it is of the invoker. */
bool oom_words_take_cpu(OomEvent *event, const char *message);
/* "6.12.3-amd64 ..." at text; false, and nothing read, when it is no version. */
bool oom_words_read_release(const char *text, char ret[static OOM_RELEASE_MAX]);
/* "Killed process 123 (hog) total-vm:..." at text; false when it is something else. */
bool oom_words_read_process(const char *text, OomProcess *ret);
