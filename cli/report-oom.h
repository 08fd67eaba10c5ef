/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a report tells of the kernel's OOM kills, in words. The objects of the kernel's account may
 * come from anywhere: what is not of its type is not there. */

#include "core/report.h"

/* "2 processes since the change, 3 are the limit"; NULL when there were none, or without memory. */
char *report_oom_killed(const Report *report);
size_t report_oom_count(const Report *report);
json_object *report_oom_at(const Report *report, size_t i);
/* "postgres (4711), 1.2 GiB"; whom the kernel killed, or who asked in vain. */
char *report_oom_victim(json_object *event);
/* The cgroup at whose limit it happened; NULL: of the whole system. Borrowed. */
const char *report_oom_cgroup(json_object *event);
/* The diagnosis in a sentence; "" when there is none. Borrowed. */
const char *report_oom_why(json_object *event);
