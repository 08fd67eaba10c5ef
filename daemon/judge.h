/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The statistical side of a probation: feeds the detector (core/judge/detect.h) from the samples of
 * a scope, and makes the report of what it saw. All it knows follows from the samples and the
 * journal, so a process that was restarted in a probation comes to the same judgement.
 */

#include "core/judgement.h"
#include "daemon/baseline.h"
#include "daemon/journal.h"

typedef struct Judge Judge;

/* All memory it will need is its own from here on. Both are borrowed. */
int judge_new(const Baseline *baseline, const Journal *journal, Judge **ret);
Judge *judge_free(Judge *judge);
DEFINE_CLEANUP(Judge *, judge_free)

/* The writes are done, journal->start says when: compare with the time before it. Samples since,
 * which a process before us took, are judged too. */
void judge_start(Judge *judge);
/* One more; NULL: it could not be read. */
DetectAlarm judge_add(Judge *judge, const Sample *sample);
const Detect *judge_detect(const Judge *judge);
/* Blocks that the time before has, of the metric that has most. */
size_t judge_baseline_blocks(const Judge *judge);

/* Means, evidence, blocks and load as of now: what the journal and the samples tell. -ENOMEM. */
int judge_report(const Judge *judge, Report *report);
