/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A knob of the profile in force whose live value is no longer what was set: somebody else wrote
 * it, or the kernel itself. What is no drift is the knob's own rule:
 *
 * - of a coupled pair the member that was set must be in force, and the other one 0;
 * - a value that may only be raised (or lowered) may be higher (or lower) than what was set;
 * - ksm.pages_to_scan is the advisor's while ksm.advisor_mode is scan-time, and no write to it
 * would be taken then (mm/ksm.c).
 */

#include "core/machine/facts.h"
#include "core/profile/merge.h"
#include "core/profile/rival.h"

typedef struct Drift {
        KnobRef ref;
        Value set;
        Value live;
        bool paired;
        KnobRef partner;    /* when paired */
        Value partner_live; /* when paired: not 0 while it is in force in the knob's place */
} Drift;

/*
 * All that a profile holds, as steps: what it changed and what was so already. Those of kept lie
 * below those of pending; each may be NULL. *ret NULL when both are. -ENOMEM.
 */
int drift_watched(const Plan *kept, const Plan *pending, Plan **ret);

/* True when the step's knob drifts; else *ret is untouched. Allocates nothing. */
bool drift_look(const Root *root, const Step *step, Drift *ret);
bool drift_equal(const Drift *a, const Drift *b);

/* "60"; of a pair "0, since vm.dirty_ratio is 20". */
#define DRIFT_TEXT_MAX (2 * VALUE_TEXT_MAX + KNOB_NAME_MAX + 16)
void drift_format_live(const Drift *drift, char buffer[static DRIFT_TEXT_MAX]);

/*
 * Who makes it something else, as far as is known: the kernel, where the value is one that it works
 * out itself, else those whose files set the knob. "" when nobody is known; NULL without memory;
 * the caller frees.
 */
char *
drift_find_writers(const Root *root, const Facts *facts, const Rivals *rivals, const Drift *drift);
