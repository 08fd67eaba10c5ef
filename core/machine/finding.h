/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is wrong with the machine's memory, in plain words: what was seen and what follows from it,
 * the knob that matters and what to look at next. Rules are pure functions of one inspection, or of
 * two where they ask what happens now. They would rather be silent than raise an alarm over a
 * machine that is well: memory in use is no finding, memory that somebody waits for is one.
 */

#include "core/machine/inspection.h"

typedef enum FindingSeverity {
        FINDING_NOTE,    /* worth knowing, nothing to do at once */
        FINDING_WARNING, /* it costs time, or will soon */
        FINDING_BAD,     /* programs wait, fail or are killed now */
        _FINDING_SEVERITY_MAX,
} FindingSeverity;

typedef struct Finding {
        FindingSeverity severity;
        const char *id; /* a constant: "cgroup-thrashing" */
        char *text;
        const char *knob;    /* one of the catalogue, or NULL */
        const char *chapter; /* of the guide, that explains what happens there */
        char *next;          /* what to do or to look at, or NULL */
} Finding;

typedef struct Findings {
        Finding *items; /* the worst first */
        size_t n;
        size_t n_bad;
        size_t n_warnings;
        bool failed; /* memory was short: some are missing */
} Findings;

/* Runs every rule. before may be NULL: then nothing is said about what happens now. */
void findings_judge(const Inspection *before, const Inspection *now, Findings *ret);
void findings_done(Findings *findings);
const char *finding_severity_to_string(FindingSeverity severity);
