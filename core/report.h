/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a probation or a trial came to, with all that it was judged by: the plan, the pressure
 * before and since, block by block, the evidence, and what happened to the load. The daemon keeps
 * one a transaction in the state folder; "memctl report" shows it, "memctl replay" makes one of a
 * trace.
 *
 * In JSON, shares are in percent of time, times in seconds after the change (negative: before it).
 */

#include <json-c/json.h>

#include "core/machine/sample.h"

/* Why a change was taken back, or would have been. */
typedef enum ReportReason {
        REPORT_REASON_NONE,
        REPORT_REASON_LIMIT,      /* a hard limit was exceeded */
        REPORT_REASON_BUDGET,     /* the stall budget was spent */
        REPORT_REASON_REGRESSION, /* by ranks, or absolutely where there was no time before */
        REPORT_REASON_OOM,        /* the kernel killed as many processes as are too many */
        _REPORT_REASON_MAX,
        _REPORT_REASON_INVALID = -EINVAL,
} ReportReason;

typedef enum ReportVerdict {
        REPORT_VERDICT_NONE, /* still watched, or ended by a person */
        REPORT_VERDICT_REVERT,
        REPORT_VERDICT_KEEP,
        REPORT_VERDICT_INCONCLUSIVE,
        _REPORT_VERDICT_MAX,
        _REPORT_VERDICT_INVALID = -EINVAL,
} ReportVerdict;

/* "revert", "keep", "inconclusive"; NULL for NONE. */
const char *report_verdict_to_string(ReportVerdict verdict);
/* "limit", "budget", "regression", "oom"; NULL for NONE. */
const char *report_reason_to_string(ReportReason reason);
ReportVerdict report_verdict_from_string(const char *name);
ReportReason report_reason_from_string(const char *name);

/* A mean share of time with its 95 % interval. */
typedef struct ReportMean {
        bool known;
        double mean; /* 0..1 */
        double low;  /* negative: the interval is not known */
        double high;
} ReportMean;

typedef struct ReportMetric {
        Metric metric;
        ReportMean before;
        ReportMean since;
        double harm; /* the rise of the mean that would be harm */
} ReportMetric;

/* One block of time: what was stalled of it. */
typedef struct ReportBlock {
        double at_sec; /* its middle, after the change */
        double length_sec;
        double shares[_METRIC_MAX]; /* 0..1; negative: not known */
        int arm;                    /* of a trial: 0 old, 1 new; -1: no trial */
} ReportBlock;

/* A rate before and since, for what goes with a verdict. */
typedef struct ReportRate {
        const char *name; /* borrowed: a constant, "pgscan_direct" or "work", or of names below */
        double before;    /* a second; negative: not known */
        double since;
} ReportRate;

#define REPORT_RATES_MAX 24

/* A hard limit that was armed: more of a window stalled would have ended it. */
typedef struct ReportLimit {
        Metric metric;
        double share; /* 0..1 */
        double window_sec;
} ReportLimit;

#define REPORT_LIMITS_MAX 16

/* Bounds on what is taken from outside. */
#define REPORT_BLOCKS_MAX 100000
#define REPORT_STEPS_MAX 1000
#define REPORT_TEXT_MAX 4096 /* bytes in one text */

typedef struct ReportStep {
        char *knob;
        char *old;
        char *new;
        char *origin; /* "redis.yaml:12", or NULL */
} ReportStep;

typedef struct ReportTrial {
        bool known;    /* it is the report of a trial */
        char *against; /* the profile of the old setting; NULL: what was in force */
        char *effect;  /* "worse", "better", "none", "undecided"; NULL: voided */
        Metric metric;
        ReportMean old;
        ReportMean new;
        double points; /* new - old, 0..1 */
        double low;
        double high;
        double p;
        size_t n_blocks;
        double block_sec;
        double washout_sec;
} ReportTrial;

/* More accounts of the kernel's than that are not kept: the first ones tell. */
#define REPORT_OOM_EVENTS_MAX 8

/* What the kernel's OOM killer did since the change. */
typedef struct ReportOom {
        uint64_t killed;     /* processes */
        uint64_t limit;      /* so many end it; 0: none */
        json_object *events; /* an array of the objects of oom_event_to_json; or NULL */
        char *note;          /* what is amiss with them, for people; or NULL */
} ReportOom;

typedef struct Report {
        uint64_t id;
        char *profile;        /* or the trace's file */
        char *scope;          /* "system", a unit or a cgroup */
        char *state;          /* "probation", "kept", "reverted", "trial", "replay" */
        usec_t realtime_usec; /* of the change; 0: not known */
        double ended_sec;     /* negative: not yet */
        ReportVerdict verdict;
        ReportReason reason;
        Metric metric;      /* that decided, or _METRIC_INVALID */
        double verdict_sec; /* when; negative: none */
        double e_value;     /* against chance: 1 : this; 0: no such evidence */
        double told_sec;    /* length of the blocks that told; 0: bursts, or none */
        double lost_sec; /* seconds of stall beyond what was usual, of the metric; negative: none */
        double allowed_sec; /* the budget of them */
        char *sentence;     /* the verdict for people; or NULL */
        char *load;         /* what happened to the load, for people; or NULL */
        bool load_changed;
        char *drifted; /* knobs that were not as set all the time: "vm.swappiness, …"; or NULL */
        ReportMetric metrics[_METRIC_MAX]; /* those that were judged */
        size_t n_metrics;
        ReportRate rates[REPORT_RATES_MAX];
        size_t n_rates;
        char *names[REPORT_RATES_MAX]; /* of rates that were read from JSON */
        ReportLimit limits[REPORT_LIMITS_MAX];
        size_t n_limits;
        ReportStep *steps;
        size_t n_steps;
        ReportBlock *blocks;
        size_t n_blocks;
        ReportTrial trial;
        ReportOom oom;
} Report;

Report *report_new(void);
Report *report_free(Report *report);
DEFINE_CLEANUP(Report *, report_free)

/* Adds one. -ENOMEM; -E2BIG: there are as many as may be. */
int report_add_block(Report *report, const ReportBlock *block);
int report_add_step(
        Report *report, const char *knob, const char *old, const char *new, const char *origin);

/* Takes over what the kernel's log tells of its kills: events (may be NULL) and a note (may be
 * NULL). */
void report_set_oom(Report *report, json_object *events, char *note);

/* NULL without memory. */
json_object *report_to_json(const Report *report);
/* -EBADMSG when it is no report; -ENOMEM. A member that is not known is passed over, and what
 * concerns a metric that is not known. */
int report_from_json(json_object *object, Report **ret);
