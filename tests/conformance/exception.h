/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where a probe is not written, or the kernel's answer is another than the catalogue's range says,
 * each with the reason. Nothing is left out of the test without a line in this table.
 */

#include "tests/conformance/machine.h"
#include "tests/conformance/probe.h"

typedef enum Outcome {
        OUTCOME_CATALOGUE, /* taken inside the range and reading back as written; refused outside */
        OUTCOME_UNWRITTEN, /* too dangerous */
        OUTCOME_TAKEN,     /* reads back as "reads", or as written */
        OUTCOME_AT_MOST,   /* taken; reads back as written or less */
        OUTCOME_NEAR,      /* taken; reads back as written, give or take a tick of the clock */
        OUTCOME_EITHER,    /* taken or refused, as this build has it; the live value is taken */
        OUTCOME_IGNORED,   /* the write succeeds and changes nothing */
        OUTCOME_REFUSED,
} Outcome;

typedef struct Exception {
        const char *knob; /* as the catalogue spells it */
        unsigned kinds;   /* of ProbeKind */
        unsigned since;   /* KERNEL_VERSION_OF; 0 is open */
        unsigned until;
        Outcome outcome;
        const char *reads;                                  /* for OUTCOME_TAKEN; or NULL */
        bool (*holds)(const Machine *machine, KnobRef ref); /* NULL: always */
        const char *reason;
} Exception;

/* NULL: the catalogue alone decides. */
const Exception *exception_find(const Machine *machine, KnobRef ref, ProbeKind kind);

/*
 * The catalogue's range is the widest that any architecture and build has. Narrows it to what this
 * machine's kernel must have and returns the reason, or NULL.
 */
const char *exception_narrow(const Machine *machine, KnobRef ref, ValueType *type);

/* Whether a write to one may change what the other reads. */
bool exception_may_move(const Machine *machine, KnobRef written, KnobRef moved);

/* The table itself; NULL after the last. */
const Exception *exception_at(size_t i);
