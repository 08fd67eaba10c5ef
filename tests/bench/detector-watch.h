/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* memctl's own detector on a trace, read as the daemon reads: every 10 s, and every second while a
 * trigger says that there is pressure. */

#include "core/judge/detect.h"
#include "core/judge/trial.h"
#include "tests/bench/detector-trace.h"

typedef struct Watch {
        DetectAlarm alarm;
        Stall stall;   /* whose mean has risen most */
        size_t at_sec; /* after the change */
} Watch;

/* The last n_before seconds are the time before. */
Watch watch_run(const Trace *trace, size_t n_before);

/* After the alarm: the old setting is back, a minute passes, then a trial of at most half an
 * hour. */
typedef struct Settlement {
        TrialEffect effect;
        bool is_harmless; /* the difference's interval excludes harm */
        size_t taken_sec; /* by the trial */
} Settlement;

Settlement watch_settle(const Watch *watch, const Scene *scene, uint64_t seed);

/* Nanoseconds a sample of one metric, and of an arm with an hour before. */
void watch_cost(const Trace *trace, double *ret_sample_nsec, double *ret_arm_nsec);
