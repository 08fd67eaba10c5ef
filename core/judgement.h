/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Between a profile's "watch:" and the detector, and between the detector and a report: what is
 * judged, and what the verdict is in figures and in words.
 */

#include "core/judge/detect.h"
#include "core/judge/trial.h"
#include "core/profile/profile.h"
#include "core/report.h"

/* The metrics named share alpha in the proportions of DETECT_WEIGHTS. */
void judgement_config(const WatchRegression *regressions,
                      size_t n_regressions,
                      usec_t block_usec,
                      DetectConfig *ret);

ReportMean report_mean(Interval interval);
/* The means of every judged metric. detect is armed. */
void judgement_take_means(Report *report, const Detect *detect);
/* The same, and of an alarm its evidence. */
void judgement_take(Report *report, const Detect *detect);
/* The watch is over, without an alarm: keep or inconclusive, and by which metric. */
void judgement_finish(Report *report, const Detect *detect);

/*
 * Rates before and since from samples at the ends of both times, and whether the work done changed:
 * report->rates, load, load_changed.
 */
void judgement_take_load(Report *report,
                         const Sample *before_begin,
                         const Sample *before_end,
                         const Sample *since_begin,
                         const Sample *since_end);

/* Behind the load: gaps in the samples and counters that began anew, which were left out. */
void judgement_add_gaps(Report *report, const Detect *detect);

/* What a trial found: report->trial, and a sentence. -ENOMEM. */
int judgement_take_trial(
        Report *report, const Trial *trial, Metric metric, double block_sec, double washout_sec);

/*
 * "memory.some went from 0.48 % (95 %: 0.41-0.56) to 1.9 % (1.6-2.2) of time stalled, seen 3min
 * after the change; evidence 1:140 against chance". Of a report with a verdict by the detector. The
 * caller frees; NULL without memory.
 */
char *judgement_sentence(const Report *report);
