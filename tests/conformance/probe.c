/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/conformance/probe.h"

/* One more than 64 bits hold. */
#define ABOVE_UINT64 "18446744073709551616"

static const struct {
        ProbeKind kind;
        const char *name;
} kind_names[] = {
        {PROBE_MINIMUM, "the minimum"},
        {PROBE_MAXIMUM, "the maximum"},
        {PROBE_BELOW, "below the minimum"},
        {PROBE_ABOVE, "above the maximum"},
        {PROBE_GAP, "in the gap"},
        {PROBE_BESIDE_GAP, "beside the gap"},
        {PROBE_WORD, "a word of it"},
        {PROBE_NEXT, "one more than now"},
        {PROBE_GARBAGE, "garbage"},
        {PROBE_WRONG_TYPE, "of another type"},
        {PROBE_BLANK, "a blank"},
};

const char *probe_kind_to_string(ProbeKind kind) {
        for (size_t i = 0; i < ELEMENTSOF(kind_names); i++)
                if (kind_names[i].kind == kind)
                        return kind_names[i].name;
        return NULL;
}

static void add(Probes *probes, ProbeKind kind, const char *text) {
        Probe *probe = &probes->items[probes->n];

        if (probes->n == PROBES_MAX)
                return;
        probe->kind = kind;
        (void) snprintf(probe->text, sizeof(probe->text), "%s", text);
        probes->n++;
}

/* One up or down the number line; false at the end of 64 bits. */
static bool step(Integer from, bool up, Integer *ret) {
        bool grows = from.magnitude == 0 || up != from.negative;

        if (grows && from.magnitude == UINT64_MAX)
                return false;
        if (from.magnitude == 0)
                *ret = up ? INTEGER_OF(1) : INTEGER_MINUS(1);
        else
                *ret = (Integer){
                        .magnitude = grows ? from.magnitude + 1 : from.magnitude - 1,
                        .negative = from.negative && (grows || from.magnitude > 1),
                };
        return true;
}

/* The number as often as the knob has numbers. */
static void add_number(Probes *probes, ProbeKind kind, Integer integer, size_t n) {
        Value value = {.kind = VALUE_VECTOR, .n = n};
        char text[VALUE_TEXT_MAX];

        for (size_t i = 0; i < n; i++)
                value.integers[i] = integer;
        value_format(&value, text);
        add(probes, kind, text);
}

static void add_beside(Probes *probes, ProbeKind kind, Integer from, bool up, size_t n) {
        Integer integer;

        if (step(from, up, &integer))
                add_number(probes, kind, integer, n);
        else
                add(probes, kind, ABOVE_UINT64);
}

static void add_numbers(const ValueType *type, const Value *live, Probes *probes) {
        size_t n = type->kind == VALUE_VECTOR && live ? live->n : 1;
        Integer next;

        add_number(probes, PROBE_MINIMUM, type->min, n);
        add_number(probes, PROBE_MAXIMUM, type->max, n);
        add_beside(probes, PROBE_BELOW, type->min, false, n);
        add_beside(probes, PROBE_ABOVE, type->max, true, n);
        if (type->gap_last.magnitude > 0) {
                add_number(probes, PROBE_GAP, type->gap_first, n);
                add_number(probes, PROBE_GAP, type->gap_last, n);
                add_beside(probes, PROBE_BESIDE_GAP, type->gap_first, false, n);
                add_beside(probes, PROBE_BESIDE_GAP, type->gap_last, true, n);
        }
        /* Not an end by another name, which would miss what the table says of that end. */
        if (live && type->kind == VALUE_INTEGER && step(live->integers[0], true, &next) &&
            integer_compare(next, type->min) > 0 && integer_compare(next, type->max) < 0)
                add_number(probes, PROBE_NEXT, next, n);
        add(probes, PROBE_WRONG_TYPE, "1.5");
}

void probes_make(const ValueType *type, const Value *live, Probes *ret) {
        Probes probes = {0};

        switch (type->kind) {
        case VALUE_INTEGER:
        case VALUE_VECTOR:
                add_numbers(type, live, &probes);
                break;
        case VALUE_BOOL:
                add(&probes, PROBE_MINIMUM, "0");
                add(&probes, PROBE_MAXIMUM, "1");
                add(&probes, PROBE_BELOW, "-1");
                add(&probes, PROBE_ABOVE, "2");
                add(&probes, PROBE_WRONG_TYPE, "always");
                break;
        case VALUE_CHOICE:
                for (size_t i = 0; type->choices[i]; i++)
                        add(&probes, PROBE_WORD, type->choices[i]);
                add(&probes, PROBE_WRONG_TYPE, "1");
                break;
        case _VALUE_KIND_MAX:
        case _VALUE_KIND_INVALID:
                break;
        }
        add(&probes, PROBE_GARBAGE, "garbage");
        add(&probes, PROBE_BLANK, " ");
        *ret = probes;
}
