/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For every knob of the catalogue, on kernels from 5.10 on: a profile that sets it to one below its
 * range, one above, something of another type or nothing is refused, at that line, with the range
 * or the words named.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/profile/resolve.h"
#include "tests/support/made-machine.h"

#define ABOVE_UINT64 "18446744073709551616"

/* What made_machine_init() makes a file for. */
#define SIZE_KB 2048

/* "hugepages:\n  hugepages-2048kB:\n    nr_hugepages: VALUE\n"; the blocks mirror the name. */
static char *profile_text(KnobRef ref, const char *value) {
        char name[KNOB_NAME_MAX];
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);
        int indentation = 0;

        assert_non_null(out);
        (void) fputs("profile: bad\nsummary: Wrong on purpose\n", out);
        knob_ref_name(ref, name);
        if (ref.knob->section == KNOB_SECTION_SYSCTL)
                (void) fprintf(out, "sysctl:\n  %s: %s\n", name, value);
        else
                for (char *rest = name, *part; (part = strsep(&rest, ".")); indentation += 2)
                        (void) fprintf(out,
                                       "%*s%s:%s%s\n",
                                       indentation,
                                       "",
                                       part,
                                       rest ? "" : " ",
                                       rest ? "" : value);
        assert_int_equal(fclose(out), 0);
        return text;
}

/* The problems of a profile that says nothing but this. */
static char *judge(const MadeMachine *machine, KnobRef ref, const char *value, bool *ret_refused) {
        _cleanup_(settings_freep) Settings *settings = NULL;
        _cleanup_(freep) char *text = profile_text(ref, value);
        Problems problems = PROBLEMS_INIT;

        made_machine_profile(machine, "bad", text);
        int r = resolve_name(
                machine->root, "bad", STORE_ANY, &machine->facts, &problems, &settings);
        *ret_refused = r < 0 && problems.n_errors > 0;
        char *said = problems_format(&problems);
        problems_done(&problems);
        assert_non_null(said);
        return said;
}

/* named: what the message must say of the range. */
static void
assert_refused(const MadeMachine *machine, KnobRef ref, const char *value, const char *named) {
        char name[KNOB_NAME_MAX];
        bool refused = false;

        _cleanup_(freep) char *said = judge(machine, ref, value, &refused);
        knob_ref_name(ref, name);
        if (!refused)
                fail_msg("%s: %s on %s is not refused", name, value, machine->facts.release);
        /* Of an empty value in a block the last part of the name is named. */
        if (!strstr(said, ref.knob->section == KNOB_SECTION_SYSCTL ? name : strrchr(name, '.') + 1))
                fail_msg("%s: %s: the knob is not named:\n%s", name, value, said);
        if (!strstr(said, named))
                fail_msg("%s: %s: \"%s\" is not in:\n%s", name, value, named, said);
}

/* One further than the bound; false when that is the other side of another one. */
static void outside(Integer bound, bool up, char text[static 22]) {
        Integer integer = bound;

        if (bound.magnitude == UINT64_MAX) {
                (void) snprintf(text, 22, "%s%s", up ? "" : "-", ABOVE_UINT64);
                return;
        }
        if (bound.magnitude == 0)
                integer = up ? INTEGER_OF(1) : INTEGER_MINUS(1);
        else
                integer.magnitude += up != bound.negative ? 1 : (uint64_t) -1;
        if (integer.magnitude == 0)
                integer.negative = false;
        integer_format(integer, text);
}

/* What no kernel takes is refused before it matters which one runs: by the newest one's maximum. */
static Integer maximum_named(const Knob *knob, Integer max) {
        static const KnobContext any = {0};
        ValueType newest = {.max = max};

        (void) knob_value_type(knob, &any, &newest);
        return integer_compare(newest.max, max) < 0 ? newest.max : max;
}

static void judge_numbers(const MadeMachine *machine, KnobRef ref, const ValueType *type) {
        char below[22], above[22], min[22], max[22];

        outside(type->min, false, below);
        outside(type->max, true, above);
        integer_format(type->min, min);
        integer_format(maximum_named(ref.knob, type->max), max);
        /* 0 for the size of a pair has its own reason, and names the ratio to set. */
        bool size_of_pair = ref.knob->pair && !knob_is_ratio(ref.knob);
        const char *low = size_of_pair && streq(below, "0") ? ref.knob->pair : min;
        assert_refused(machine, ref, below, low);
        assert_refused(machine, ref, above, max);
        if (type->gap_last.magnitude > 0) {
                char first[22], last[22];
                integer_format(type->gap_first, first);
                integer_format(type->gap_last, last);
                assert_refused(machine, ref, first, last);
                assert_refused(machine, ref, last, first);
        }
}

/* Nonsense is so on every machine: the range is the newest kernel's. */
static void judge_nonsense(const MadeMachine *machine, KnobRef ref) {
        static const char *const texts[] = {
                "many", "1.5.2", "\"[never]\"", "", "\"\"", "{value: }"};
        static const KnobContext any = {0};
        _cleanup_(freep) char *range = NULL;
        ValueType type;

        if (knob_value_type(ref.knob, &any, &type) < 0)
                fail_msg("%s: no kernel has it", ref.knob->name);
        range = value_type_format(&type);
        assert_non_null(range);
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                bool is_word = type.kind == VALUE_BOOL && texts[i][0] != '\0' && i < 3;
                assert_refused(machine, ref, texts[i], is_word ? "neither 0 nor 1" : range);
        }
}

static void judge_knob(const MadeMachine *machine, KnobRef ref, const ValueType *type) {
        switch (type->kind) {
        case VALUE_INTEGER:
        case VALUE_VECTOR:
                judge_numbers(machine, ref, type);
                break;
        case VALUE_BOOL:
                assert_refused(machine, ref, "-1", "neither 0 nor 1");
                assert_refused(machine, ref, "2", "neither 0 nor 1");
                break;
        case VALUE_CHOICE: {
                _cleanup_(freep) char *words = value_type_format(type);
                assert_refused(machine, ref, "1", words);
                break;
        }
        case _VALUE_KIND_MAX:
        case _VALUE_KIND_INVALID:
                fail();
        }
        judge_nonsense(machine, ref);
}

static void assert_all_refused(unsigned major, unsigned minor) {
        MadeMachine machine;
        size_t n = 0;

        made_machine_init(&machine, major, minor);
        for (size_t i = 0; i < knob_count(); i++) {
                const Knob *knob = knob_at(i);
                KnobRef ref = {.knob = knob, .instance_kb = knob_is_family(knob) ? SIZE_KB : 0};
                ValueType type;
                if (knob_value_type(knob, &machine.facts.context, &type) < 0)
                        continue;
                n++;
                if (knob_is_settable(knob))
                        judge_knob(&machine, ref, &type);
                else
                        assert_refused(&machine, ref, "1", knob->refusal);
        }
        assert_true(n > 50);
        made_machine_done(&machine);
}

static void test_each_knob_refuses_bad_values_on_5_10(void **state) {
        assert_all_refused(5, 10);
}

static void test_each_knob_refuses_bad_values_on_6_1(void **state) {
        assert_all_refused(6, 1);
}

static void test_each_knob_refuses_bad_values_on_6_12(void **state) {
        assert_all_refused(6, 12);
}

static void test_each_knob_refuses_bad_values_on_6_18(void **state) {
        assert_all_refused(6, 18);
}

/* Else a profile that is refused for another reason would pass for one with a bad value. */
static void test_the_same_profiles_with_good_values_are_fine(void **state) {
        MadeMachine machine;
        ValueType type;

        made_machine_init(&machine, 6, 12);
        for (size_t i = 0; i < knob_count(); i++) {
                const Knob *knob = knob_at(i);
                KnobRef ref = {.knob = knob, .instance_kb = knob_is_family(knob) ? SIZE_KB : 0};
                Value value = {.kind = VALUE_INTEGER, .n = 1};
                char good[VALUE_TEXT_MAX];
                bool refused = true;
                if (!knob_is_settable(knob) ||
                    knob_value_type(knob, &machine.facts.context, &type) < 0)
                        continue;
                value.integers[0] = type.max;
                value_format(&value, good);
                _cleanup_(freep) char *said =
                        judge(&machine, ref, type.choices ? type.choices[0] : good, &refused);
                if (refused)
                        fail_msg("%s: %s", knob->name, said);
        }
        made_machine_done(&machine);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_same_profiles_with_good_values_are_fine),
                cmocka_unit_test(test_each_knob_refuses_bad_values_on_5_10),
                cmocka_unit_test(test_each_knob_refuses_bad_values_on_6_1),
                cmocka_unit_test(test_each_knob_refuses_bad_values_on_6_12),
                cmocka_unit_test(test_each_knob_refuses_bad_values_on_6_18),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
