/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The regression detector: readings of stall counters in, a verdict out. No clock, no I/O, no heap.
 *
 *     detect_init ─▶ detect_add* (the time before) ─▶ detect_arm ─▶ detect_add* ─▶ alarm
 *                                                                        └──────▶ detect_finish
 *
 * Between two readings a counter gives the share of that time that was stalled (blocks.h). Each
 * metric is judged by itself (stream.h): by ranks against the time before, by the seconds lost, and
 * without a time before absolutely. The chance of a false alarm by ranks is at most DETECT_ALPHA
 * for the whole watch, however often one looks, while the blocks before and since are exchangeable:
 * the metrics have shares of it, w_i E_i >= 1 / alpha being a weighted Bonferroni bound.
 */

#include "core/judge/stream.h"

#define DETECT_METRICS 6 /* as many as Metric has (core/machine/sample.h), in that order */
#define DETECT_ALPHA 0.01
#define DETECT_ALPHA_ABSOLUTE 0.005
#define DETECT_BLOCK_USEC (10 * USEC_PER_SEC)
/* A rise of less than this is no regression; the mean may rise by less than this and be kept. */
#define DETECT_MARGIN 0.001
#define DETECT_HARM 0.005
/* memory.some, memory.full, io.some, io.full, cpu.some, cpu.full: what is judged, unless a profile
 * says otherwise. */
#define DETECT_WEIGHTS \
        { 0.3, 0.4, 0, 0.3, 0, 0 }

typedef struct DetectConfig {
        usec_t block_usec;
        double weights[DETECT_METRICS]; /* shares of alpha, sum at most 1; 0: not judged */
        double margins[DETECT_METRICS]; /* a rise that matters; 0: DETECT_MARGIN, and DETECT_HARM
                                           for the mean */
} DetectConfig;

typedef enum DetectAlarm {
        DETECT_QUIET,
        DETECT_REGRESSION, /* by ranks */
        DETECT_BUDGET,     /* the stall budget is spent */
        DETECT_ABSOLUTE,   /* above the tolerance, with no time before to compare with */
} DetectAlarm;

typedef struct Detect {
        DetectConfig config;
        bool armed;
        Blocks blocks[DETECT_METRICS];
        Stream streams[DETECT_METRICS];
        DetectAlarm alarm; /* the first one, which stays */
        size_t alarm_metric;
        double e_value;   /* against chance, all shares taken; 0: of a budget, which has none */
        usec_t told_usec; /* the block length that told; 0: bursts */
} Detect;

typedef enum DetectOutcome {
        DETECT_KEEP,         /* the mean of no metric rose by what would be harm */
        DETECT_INCONCLUSIVE, /* that cannot be said */
} DetectOutcome;

void detect_init(Detect *detect, const DetectConfig *config);
/* Cumulative stalls in microseconds at a time. Readings closer together than a block serve the
 * budget alone. Allocates nothing. QUIET, or the alarm. */
DetectAlarm detect_add(Detect *detect,
                       usec_t at_usec,
                       const usec_t totals[static DETECT_METRICS],
                       const bool valid[static DETECT_METRICS]);
/* Nothing could be read, or what was read is of another time: a gap. */
void detect_break(Detect *detect);
/* The change is made now: what came is the time before. */
void detect_arm(Detect *detect);
/* The watch ends without an alarm. *ret_metric is the metric that decided. */
DetectOutcome detect_finish(const Detect *detect, size_t *ret_metric);

bool detect_is_judged(const Detect *detect, size_t metric);
/* The evidence so far, all shares taken, of the metric that has most. */
double detect_evidence(const Detect *detect, size_t *ret_metric);
Interval detect_before(const Detect *detect, size_t metric);
Interval detect_after(const Detect *detect, size_t metric);
/* The rise of the mean that would be harm: the upper bound of the change must stay below it. */
double detect_harm(const Detect *detect, size_t metric);
const char *detect_alarm_to_string(DetectAlarm alarm);
