/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What to write to a knob to learn whether the kernel agrees with the catalogue about it. */

#include "core/base/value.h"

typedef enum ProbeKind {
        PROBE_MINIMUM = 1 << 0,
        PROBE_MAXIMUM = 1 << 1,
        PROBE_BELOW = 1 << 2, /* the neighbours outside the range, and on both sides of a gap */
        PROBE_ABOVE = 1 << 3,
        PROBE_GAP = 1 << 4,
        PROBE_BESIDE_GAP = 1 << 5,
        PROBE_WORD = 1 << 6,
        PROBE_NEXT = 1 << 7, /* the live number and one: wherever the ends are too dangerous */
        PROBE_GARBAGE = 1 << 8,
        PROBE_WRONG_TYPE = 1 << 9,
        PROBE_BLANK = 1 << 10, /* white space alone */
} ProbeKind;

#define PROBE_ANY (~0u)
#define PROBE_INSIDE (PROBE_MINIMUM | PROBE_MAXIMUM | PROBE_BESIDE_GAP | PROBE_WORD | PROBE_NEXT)
#define PROBE_OUTSIDE (PROBE_BELOW | PROBE_ABOVE | PROBE_GAP)
#define PROBE_NONSENSE (PROBE_GARBAGE | PROBE_WRONG_TYPE | PROBE_BLANK)

typedef struct Probe {
        ProbeKind kind;
        char text[VALUE_TEXT_MAX];
} Probe;

#define PROBES_MAX 32

typedef struct Probes {
        Probe items[PROBES_MAX];
        size_t n;
} Probes;

/* live may be NULL: a trigger has no value. */
void probes_make(const ValueType *type, const Value *live, Probes *ret);
/* "the minimum", "above the maximum", … */
const char *probe_kind_to_string(ProbeKind kind);
