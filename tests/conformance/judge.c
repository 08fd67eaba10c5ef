/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/conformance/judge.h"

#include "core/machine/live.h"
#include "tests/conformance/exception.h"
#include "tests/conformance/tap.h"

/* One write and what came of it. */
typedef struct Answer {
        ssize_t n; /* bytes taken, or -errno */
        bool taken;
        Value before, after;
        int readable; /* of after: 0 or -errno */
} Answer;

/* What the catalogue alone makes of a text in the form that memctl writes. */
static bool catalogue_takes(const ValueType *type, const char *text, Value *ret) {
        _cleanup_(freep) char *why = NULL;
        char canonical[VALUE_TEXT_MAX];

        if (value_parse(type, text, ret, &why) < 0)
                return false;
        value_format(ret, canonical);
        return streq(canonical, text);
}

/* Not longer in force than it takes to read it back. */
static Answer ask(const Machine *machine, const KeptKnob *knob, const Probe *probe) {
        Answer answer = {.before = knob->value};

        answer.n = kernel_write(machine->root, knob->path, probe->text);
        answer.taken = answer.n == (ssize_t) strlen(probe->text) + 1;
        answer.readable = live_read(machine->root, knob->ref, &answer.after);
        return answer;
}

static void fail_answer(const Probe *probe, const Answer *answer, const char *expected) {
        char after[VALUE_TEXT_MAX] = "nothing";

        if (answer->readable >= 0)
                value_format(&answer->after, after);
        if (answer->n < 0)
                tap_fail("\"%s\" (%s): the kernel said %s, reads \"%s\"; %s",
                         probe->text,
                         probe_kind_to_string(probe->kind),
                         strerrorname_np((int) -answer->n),
                         after,
                         expected);
        else
                tap_fail("\"%s\" (%s): the kernel took %zd bytes, reads \"%s\"; %s",
                         probe->text,
                         probe_kind_to_string(probe->kind),
                         answer->n,
                         after,
                         expected);
}

static bool reads_as(const Answer *answer, const ValueType *type, const char *text) {
        Value value;

        if (answer->readable < 0 || value_parse_kernel(type, text, &value) < 0)
                return false;
        /* "0" stands for as many as a vector has. */
        for (size_t i = 1; value.kind == VALUE_VECTOR && value.n == 1 && i < answer->after.n; i++)
                if (integer_compare(answer->after.integers[i], value.integers[0]) != 0)
                        return false;
        if (value.kind == VALUE_VECTOR && value.n == 1)
                return integer_compare(answer->after.integers[0], value.integers[0]) == 0;
        return value_equal(&answer->after, &value);
}

/* One tick of the slowest clock that kernels are built with, in ms. */
#define TICK_MSEC 10

/* Not more than was written, or not further from it than a tick. */
static bool reads_near(const Answer *answer, Outcome outcome, const Value *wanted) {
        if (answer->readable < 0)
                return false;
        uint64_t reads = answer->after.integers[0].magnitude;
        uint64_t wrote = wanted->integers[0].magnitude;
        if (outcome == OUTCOME_AT_MOST)
                return reads <= wrote;
        return (reads > wrote ? reads - wrote : wrote - reads) <= TICK_MSEC;
}

static void expect_taken(const ValueType *type,
                         const Probe *probe,
                         const Answer *answer,
                         const Exception *exception) {
        Outcome outcome = exception ? exception->outcome : OUTCOME_CATALOGUE;
        Value wanted = {0};
        bool reads;

        if (outcome == OUTCOME_AT_MOST || outcome == OUTCOME_NEAR)
                reads = value_parse_kernel(type, probe->text, &wanted) >= 0 &&
                        reads_near(answer, outcome, &wanted);
        else
                reads = reads_as(answer,
                                 type,
                                 exception && exception->reads ? exception->reads : probe->text);
        if (!answer->taken)
                fail_answer(probe, answer, "expected: taken");
        else if (!reads)
                fail_answer(probe,
                            answer,
                            exception && exception->reads ? "expected: taken, reading as the table "
                                                            "of exceptions says"
                                                          : "expected: taken, reading the same");
}

static void expect_unchanged(const Probe *probe, const Answer *answer, bool taken) {
        if (answer->taken != taken || (!taken && answer->n >= 0))
                fail_answer(probe, answer, taken ? "expected: ignored" : "expected: refused");
        else if (answer->readable < 0 || !value_equal(&answer->after, &answer->before))
                fail_answer(probe, answer, "expected: no change");
}

/* Writing one member of a pair zeroes the other, which was not zero when this one was. */
static void expect_pair(const Machine *machine, const KeptKnob *knob, const Answer *answer) {
        const KeptKnob *partner = kept_partner(&machine->kept, knob);
        Value value;

        if (!partner || !answer->taken || value_equal(&answer->before, &answer->after))
                return;
        if (live_read(machine->root, partner->ref, &value) < 0 || !value_is_zero(&value))
                tap_fail("%s is not zero although this one was written", partner->ref.knob->name);
}

static void judge_answer(const Machine *machine,
                         const ValueType *type,
                         const Probe *probe,
                         const Answer *answer,
                         const Exception *exception) {
        Value wanted;
        Outcome outcome = exception ? exception->outcome : OUTCOME_CATALOGUE;

        switch (outcome) {
        case OUTCOME_CATALOGUE:
                if (catalogue_takes(type, probe->text, &wanted))
                        expect_taken(type, probe, answer, NULL);
                else
                        expect_unchanged(probe, answer, false);
                break;
        case OUTCOME_TAKEN:
        case OUTCOME_AT_MOST:
        case OUTCOME_NEAR:
                expect_taken(type, probe, answer, exception);
                break;
        case OUTCOME_EITHER:
                if (answer->n >= 0 || streq(probe->text, answer->before.word))
                        expect_taken(type, probe, answer, NULL);
                else
                        expect_unchanged(probe, answer, false);
                break;
        case OUTCOME_IGNORED:
                expect_unchanged(probe, answer, true);
                break;
        case OUTCOME_REFUSED:
                expect_unchanged(probe, answer, false);
                break;
        case OUTCOME_UNWRITTEN:
                break;
        }
}

static void note_exception(const Probe *probe, const Exception *exception, const Exception *last) {
        if (exception->outcome == OUTCOME_UNWRITTEN)
                tap_note("NOT WRITTEN: \"%s\" (%s): %s",
                         probe->text,
                         probe_kind_to_string(probe->kind),
                         exception->reason);
        else if (exception != last)
                tap_note("%s", exception->reason);
}

/* Everything that changed although nobody wrote it must be what the catalogue or the table says. */
static void judge_others(const Machine *machine, const KeptKnob *written) {
        char name[KNOB_NAME_MAX], before[KEPT_TEXT_MAX], now[KEPT_TEXT_MAX];

        for (size_t i = 0; i < machine->kept.n; i++) {
                const KeptKnob *other = &machine->kept.knobs[i];
                if (other == written || !kept_differs(machine->root, other) ||
                    exception_may_move(machine, written->ref, other->ref))
                        continue;
                knob_ref_name(other->ref, name);
                memcpy(before, other->text, sizeof(before));
                if (root_read_into(machine->root, other->path, now, sizeof(now)) < 0)
                        (void) snprintf(now, sizeof(now), "nothing");
                tap_fail("%s changed with it, from \"%s\" to \"%s\"",
                         name,
                         text_strip(before),
                         text_strip(now));
        }
}

static void judge_probes(const Machine *machine, const KeptKnob *knob, const ValueType *type) {
        const Exception *last = NULL;
        Probes probes;

        probes_make(type, &knob->value, &probes);
        for (size_t i = 0; i < probes.n; i++) {
                const Probe *probe = &probes.items[i];
                const Exception *exception = exception_find(machine, knob->ref, probe->kind);
                if (exception)
                        note_exception(probe, exception, last);
                last = exception ? exception : last;
                if (exception && exception->outcome == OUTCOME_UNWRITTEN)
                        continue;
                Answer answer = ask(machine, knob, probe);
                expect_pair(machine, knob, &answer);
                /* What another value would hide again; this takes a while. */
                if (machine->spare)
                        judge_others(machine, knob);
                if (kept_differs(machine->root, knob))
                        kept_restore_one(machine->root, &machine->kept, knob);
                judge_answer(machine, type, probe, &answer, exception);
        }
}

void judge_knob(const Machine *machine, const KeptKnob *knob) {
        char name[KNOB_NAME_MAX];
        const char *narrowed;
        ValueType type;

        knob_ref_name(knob->ref, name);
        if (knob->error < 0)
                tap_fail("it does not read as the catalogue says: %s",
                         strerrorname_np(-knob->error));
        else if (knob_value_type(knob->ref.knob, &machine->facts.context, &type) < 0)
                tap_fail("by the catalogue this kernel does not have it");
        else {
                narrowed = exception_narrow(machine, knob->ref, &type);
                if (narrowed)
                        tap_note("%s", narrowed);
                judge_probes(machine, knob, &type);
                judge_others(machine, knob);
                if (kept_restore(machine->root, &machine->kept) > 0)
                        tap_fail("not every knob could be put back");
        }
        tap_line("%s", name);
}

static void judge_trigger_probe(const Machine *machine,
                                const char *path,
                                const ValueType *type,
                                const Probe *probe,
                                const Exception *exception) {
        Value wanted;
        bool takes = exception ? exception->outcome == OUTCOME_TAKEN
                               : catalogue_takes(type, probe->text, &wanted);

        if (takes && !exception && !machine->spare) {
                tap_note("NOT WRITTEN: \"%s\" (%s): it would do its work",
                         probe->text,
                         probe_kind_to_string(probe->kind));
                return;
        }
        ssize_t n = kernel_write(machine->root, path, probe->text);
        if ((n >= 0) != takes)
                tap_fail("\"%s\" (%s): the kernel %s it",
                         probe->text,
                         probe_kind_to_string(probe->kind),
                         n < 0 ? "refuses" : "takes");
}

void judge_trigger(const Machine *machine, KnobRef ref) {
        char name[KNOB_NAME_MAX], path[KNOB_PATH_MAX];
        const Exception *last = NULL;
        ValueType type;
        Probes probes = {0};

        knob_ref_name(ref, name);
        knob_ref_path(ref, path);
        if (knob_value_type(ref.knob, &machine->facts.context, &type) < 0)
                tap_fail("by the catalogue this kernel does not have it");
        else
                probes_make(&type, NULL, &probes);
        for (size_t i = 0; i < probes.n; i++) {
                const Probe *probe = &probes.items[i];
                const Exception *exception = exception_find(machine, ref, probe->kind);
                if (exception)
                        note_exception(probe, exception, last);
                last = exception ? exception : last;
                if (!exception || exception->outcome != OUTCOME_UNWRITTEN)
                        judge_trigger_probe(machine, path, &type, probe, exception);
        }
        tap_line("%s (a trigger)", name);
}
