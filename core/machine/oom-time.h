/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* When a line was written, out of what stands before its message. */

#include "core/base/util.h"

#define OOM_TIME_MAX 40

typedef struct OomTime {
        usec_t realtime_usec;    /* 0: not known, as where neither year nor zone are told */
        char text[OOM_TIME_MAX]; /* as printed: "Dec  5 22:20:29", or "[123.456789]", seconds since
                                    boot; "" when nothing was */
} OomTime;

/* The prefix is NUL-terminated. */
void oom_time_read(const char *prefix, OomTime *ret);
