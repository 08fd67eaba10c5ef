/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/judge.h"

/* The kernel itself closes an accounting interval every 2 s (PSI_FREQ, kernel/sched/psi.c):
 * shorter blocks would tell more of its clock than of the stalls. */
#define BLOCK_MIN_USEC (2 * USEC_PER_SEC)

struct Judge {
        const Baseline *baseline;
        const Journal *journal;
        Detect detect;
};

int judge_new(const Baseline *baseline, const Journal *journal, Judge **ret) {
        Judge *judge = calloc(1, sizeof(*judge));

        if (!judge)
                return -ENOMEM;
        judge->baseline = baseline;
        judge->journal = journal;
        *ret = judge;
        return 0;
}

Judge *judge_free(Judge *judge) {
        free(judge);
        return NULL;
}

static int feed(const Sample *sample, void *userdata) {
        Judge *judge = userdata;

        (void) detect_add(&judge->detect, sample->at_usec, sample->stall_usec, sample->valid);
        return 0;
}

void judge_start(Judge *judge) {
        const Journal *journal = judge->journal;
        usec_t start_usec = journal->start.at_usec;
        DetectConfig config;

        judgement_config(journal->regressions,
                         journal->n_regressions,
                         MAX_OF(baseline_interval(judge->baseline), BLOCK_MIN_USEC),
                         &config);
        detect_init(&judge->detect, &config);
        (void) baseline_visit_before(
                judge->baseline, start_usec, journal->baseline_usec, feed, judge);
        if (start_usec > 0)
                (void) feed(&journal->start, judge);
        detect_arm(&judge->detect);
        (void) baseline_visit_since(judge->baseline, start_usec, feed, judge);
}

DetectAlarm judge_add(Judge *judge, const Sample *sample) {
        if (sample)
                (void) feed(sample, judge);
        else
                detect_break(&judge->detect);
        return judge->detect.alarm;
}

const Detect *judge_detect(const Judge *judge) {
        return &judge->detect;
}

size_t judge_baseline_blocks(const Judge *judge) {
        size_t n = 0;

        for (size_t i = 0; i < DETECT_METRICS; i++)
                n = MAX_OF(n, judge->detect.streams[i].n_before);
        return n;
}

/* Reports */

/* Samples on their way into a report. */
typedef struct Walk {
        Report *report;
        usec_t start_usec;
        usec_t gap_usec;
        Sample last;
        Sample first_before, last_before, first_since, last_since;
} Walk;

static double share_of(const Sample *from, const Sample *to, Metric metric) {
        if (!from->valid[metric] || !to->valid[metric] ||
            to->stall_usec[metric] < from->stall_usec[metric])
                return -1;
        double share = (double) (to->stall_usec[metric] - from->stall_usec[metric]) /
                       (double) (to->at_usec - from->at_usec);
        return MIN_OF(share, 1.0);
}

static int add_block(Walk *walk, const Sample *sample) {
        usec_t passed = sample->at_usec - walk->last.at_usec;
        ReportBlock block = {
                .at_sec = ((double) walk->last.at_usec + (double) passed / 2 -
                           (double) walk->start_usec) /
                          USEC_PER_SEC,
                .length_sec = (double) passed / USEC_PER_SEC,
                .arm = -1,
        };

        if (walk->last.at_usec == 0 || passed > walk->gap_usec)
                return 0;
        for (int metric = 0; metric < _METRIC_MAX; metric++)
                block.shares[metric] = share_of(&walk->last, sample, (Metric) metric);
        return report_add_block(walk->report, &block);
}

static int walk_on(const Sample *sample, void *userdata) {
        Walk *walk = userdata;
        bool before = sample->at_usec <= walk->start_usec;
        Sample *first = before ? &walk->first_before : &walk->first_since;
        Sample *last = before ? &walk->last_before : &walk->last_since;

        int r = add_block(walk, sample);
        if (first->at_usec == 0)
                *first = *sample;
        *last = *sample;
        walk->last = *sample;
        return r;
}

int judge_report(const Judge *judge, Report *report) {
        const Journal *journal = judge->journal;
        Walk walk = {
                .report = report,
                .start_usec = journal->start.at_usec,
                .gap_usec = baseline_interval(judge->baseline) * 3 / 2 + BASELINE_ACCURACY_USEC,
        };

        int r = baseline_visit_before(
                judge->baseline, walk.start_usec, journal->baseline_usec, walk_on, &walk);
        if (r >= 0 && walk.start_usec > 0)
                r = walk_on(&journal->start, &walk);
        if (r >= 0)
                r = baseline_visit_since(judge->baseline, walk.start_usec, walk_on, &walk);
        if (r < 0)
                return r;
        judgement_take(report, &judge->detect);
        judgement_take_load(report,
                            walk.first_before.at_usec ? &walk.first_before : NULL,
                            walk.last_before.at_usec ? &walk.last_before : NULL,
                            walk.first_since.at_usec ? &walk.first_since : NULL,
                            walk.last_since.at_usec ? &walk.last_since : NULL);
        judgement_add_gaps(report, &judge->detect);
        return 0;
}
