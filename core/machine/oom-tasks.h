/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The table of tasks in a dump. Its columns changed with the kernel, so that the header decides. */

#include "core/machine/oom.h"

/* "[ pid ]   uid  tgid total_vm ..."; true when it was that line. */
bool oom_tasks_take_header(OomEvent *event, const char *message);
/* "[ 1234]     0  1234 ..."; 1 when it was a row, 0 when not, -ENOMEM. */
int oom_tasks_take_row(OomEvent *event, const char *message);
/* The row of a process; NULL when it is not in the table. */
const OomTask *oom_tasks_find(const OomEvent *event, int64_t pid);
/* Up to n rows with the most memory, pages and swap together, largest first; how many they are. */
size_t oom_tasks_largest(const OomEvent *event, const OomTask *ret[], size_t n);
