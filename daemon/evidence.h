/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a probation was judged by, for people and programs: the fields of an event, a sentence, a
 * report. */

#include "daemon/probation.h"

/* All that is known: the verdict (NULL: none, it is still watched or a person ends it), its
 * evidence, the blocks, the load, the plan. NULL without memory. */
Report *evidence_report(const Probation *probation, const Verdict *verdict);

/* What the pressure was and is: "io.some-before", "io.some-since", for a limit "io.some-last"; and
 * the detector's, from the report (may be NULL). */
void evidence_add(Probation *probation, const Verdict *verdict, const Report *report, Event *event);

/* "io.some: 43 % of the last 9.3s was stalled, above the limit of 5% over 2s; 0.1 % before the
 * change"; the caller frees. */
char *evidence_explain(Probation *probation, const Verdict *verdict, const Report *report);

/* The first of them that is so: a name for the state in a report. */
#define EVIDENCE_STATE_PROBATION "probation"
#define EVIDENCE_STATE_KEPT "kept"
#define EVIDENCE_STATE_REVERTED "reverted"
