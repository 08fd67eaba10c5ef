/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/plan.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/planning.h"
#include "tests/support/tree.h"

static void test_only_what_differs_makes_a_step(void **state) {
        Fixture f;

        fixture_open(&f, "x86-2g-6.1");
        assert_int_equal(PLAN(&f, {"vm.page-cluster", "0"}, {"vm.swappiness", "60"}), 0);
        assert_steps(&f, "page-cluster=0");
        assert_string_equal(f.plan->steps[0].origin, "x.yaml:1");
        assert_int_equal(f.plan->n_unchanged, 1);
        assert_string_equal(f.plan->unchanged[0].ref.knob->name, "vm.swappiness");
        assert_string_equal(f.plan->unchanged[0].origin, "x.yaml:2");
        assert_string_equal(f.plan->profile, "x");
        fixture_done(&f);
}

/* What stands here was set by somebody who needed more than the profile does. */
static void test_only_raise_keeps_a_higher_value_and_only_lower_a_lower(void **state) {
        static const struct {
                const char *live;
                Only only;
                const char *steps;
        } cases[] = {
                {"2000\n", ONLY_RAISE, ""},
                {"1000\n", ONLY_RAISE, ""},
                {"500\n", ONLY_RAISE, "max_map_count=1000"},
                {"500\n", ONLY_LOWER, ""},
                {"2000\n", ONLY_LOWER, "max_map_count=1000"},
                {"2000\n", ONLY_NONE, "max_map_count=1000"},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Fixture f;
                fixture_open(&f, "x86-2g-6.1");
                poke(&f, "vm.max_map_count", cases[i].live);
                const Wanted wanted = {
                        .knob = "vm.max_map_count", .value = "1000", .only = cases[i].only};
                assert_int_equal(make_plan(&f, &wanted, 1, NULL, 0), 0);
                assert_steps(&f, cases[i].steps);
                fixture_done(&f);
        }
}

/* The profile that is left had raised it to 5000: without it there would be 300, or 3000. */
static void test_only_raise_looks_at_what_is_there_without_the_profile_that_is_left(void **state) {
        static const Wanted wanted = {
                .knob = "vm.max_map_count", .value = "1000", .only = ONLY_RAISE};
        static const char *const originals[] = {"300", "3000"};
        static const char *const steps[] = {"max_map_count=1000", "max_map_count=3000"};

        for (size_t i = 0; i < ELEMENTSOF(originals); i++) {
                Fixture f;
                fixture_open(&f, "x86-2g-6.1");
                poke(&f, "vm.max_map_count", "5000\n");
                const Wanted restore = {.knob = "vm.max_map_count", .value = originals[i]};
                assert_int_equal(make_plan(&f, &wanted, 1, &restore, 1), 0);
                assert_steps(&f, steps[i]);
                fixture_done(&f);
        }
}

static void test_a_profile_that_asks_for_nothing_has_an_empty_plan(void **state) {
        Fixture f;

        fixture_open(&f, "x86-2g-6.1");
        assert_int_equal(make_plan(&f, NULL, 0, NULL, 0), 0);
        assert_int_equal(f.plan->n + f.plan->n_unchanged, 0);
        fixture_done(&f);
}

static void test_a_pair_goes_back_to_the_member_that_was_in_force(void **state) {
        static const struct {
                const char *bytes;
                const char *ratio;
                const char *knob;
                const char *value;
        } cases[] = {
                {"0\n", "20\n", "vm.dirty_ratio", "20"},
                {"1048576\n", "0\n", "vm.dirty_bytes", "1048576"},
                {"0\n", "0\n", "vm.dirty_ratio", "0"},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                static const Wanted wishes[] = {{"vm.dirty_bytes", "64MiB"},
                                                {"vm.dirty_ratio", "30"}};
                for (size_t j = 0; j < ELEMENTSOF(wishes); j++) {
                        Fixture f;
                        fixture_open(&f, "x86-2g-6.1");
                        poke(&f, "vm.dirty_bytes", cases[i].bytes);
                        poke(&f, "vm.dirty_ratio", cases[i].ratio);
                        assert_int_equal(make_plan(&f, &wishes[j], 1, NULL, 0), 0);
                        assert_int_equal(f.plan->n, 1);
                        assert_true(f.plan->steps[0].paired);
                        assert_undo(&f.plan->steps[0], cases[i].knob, cases[i].value);
                        fixture_done(&f);
                }
        }
}

static void test_a_single_knob_goes_back_to_its_old_value(void **state) {
        Fixture f;

        fixture_open(&f, "x86-2g-6.1");
        poke(&f, "vm.swappiness", "0\n");
        assert_int_equal(PLAN(&f, {"vm.swappiness", "60"}), 0);
        assert_undo(&f.plan->steps[0], "vm.swappiness", "0");
        fixture_done(&f);
}

static void test_a_pair_is_in_force_only_when_the_other_member_is_zero(void **state) {
        Fixture f;

        fixture_open(&f, "x86-2g-6.1");
        assert_int_equal(PLAN(&f, {"vm.dirty_ratio", "20"}), 0);
        assert_int_equal(f.plan->n, 0);
        fixture_done(&f);

        /* No kernel shows this, but then a write makes it right. */
        fixture_open(&f, "x86-2g-6.1");
        poke(&f, "vm.dirty_bytes", "1048576\n");
        assert_int_equal(PLAN(&f, {"vm.dirty_ratio", "20"}), 0);
        assert_steps(&f, "dirty_ratio=20");
        fixture_done(&f);
}

static void test_thp_steps_guard_min_free_kbytes(void **state) {
        Fixture f;

        fixture_open(&f, "x86-2g-6.1");
        assert_int_equal(PLAN(&f, {THP "enabled", "never"}, {"vm.swappiness", "1"}), 0);
        assert_steps(&f, "enabled=never swappiness=1 (min_free_kbytes=67584)");
        assert_string_equal(f.plan->steps[2].origin, "guard");
        assert_true(value_equal(&f.plan->steps[2].old, &f.plan->steps[2].new));
        fixture_done(&f);

        /* In force already, so no step of its own keeps it. */
        fixture_open(&f, "x86-2g-6.1");
        assert_int_equal(PLAN(&f, {THP "enabled", "never"}, {"vm.min_free_kbytes", "67584"}), 0);
        assert_steps(&f, "enabled=never (min_free_kbytes=67584)");
        fixture_done(&f);

        fixture_open(&f, "x86-2g-6.1");
        assert_int_equal(PLAN(&f, {THP "enabled", "never"}, {"vm.min_free_kbytes", "70000"}), 0);
        assert_steps(&f, "enabled=never min_free_kbytes=70000");
        fixture_done(&f);

        /* Nothing rewrites it: khugepaged's own knobs do not. */
        fixture_open(&f, "x86-2g-6.1");
        assert_int_equal(PLAN(&f, {THP "khugepaged.max_ptes_none", "0"}, {THP "defrag", "never"}),
                         0);
        assert_steps(&f, "defrag=never khugepaged.max_ptes_none=0");
        fixture_done(&f);
}

static void test_a_knob_that_is_missing_is_a_problem_unless_optional(void **state) {
        Fixture f;

        fixture_open(&f, "x86-24g-6.18");
        assert_int_equal(tree_delete(f.tree, "proc/sys/vm/compaction_proactiveness"), 0);
        poke(&f, "vm.swappiness", "much\n");
        assert_int_equal(PLAN(&f, {"vm.compaction_proactiveness", "0"}, {"vm.swappiness", "1"}),
                         -EINVAL);
        assert_null(f.plan);
        assert_string_equal(
                f.problem,
                "x.yaml:1: error: vm.compaction_proactiveness: this kernel has no such knob\n"
                "  say {value: ..., optional: true} to skip it on such kernels\n"
                "x.yaml:2: error: vm.swappiness cannot be read: its value is not what this knob "
                "holds\n");
        fixture_done(&f);

        fixture_open(&f, "x86-24g-6.18");
        assert_int_equal(tree_delete(f.tree, "proc/sys/vm/compaction_proactiveness"), 0);
        assert_int_equal(PLAN(&f,
                              {"vm.compaction_proactiveness", "0", .optional = true},
                              {"vm.swappiness", "1"}),
                         0);
        assert_steps(&f, "swappiness=1");
        assert_int_equal(f.plan->n_unchanged, 0);
        fixture_done(&f);
}

static void test_a_ratio_of_zero_over_bytes_is_a_step(void **state) {
        Fixture f;

        fixture_open(&f, "x86-2g-6.1");
        poke(&f, "vm.dirty_bytes", "1048576\n");
        poke(&f, "vm.dirty_ratio", "0\n");
        poke(&f, "vm.dirty_background_bytes", "8192\n");
        poke(&f, "vm.dirty_background_ratio", "0\n");
        assert_int_equal(PLAN(&f, {"vm.dirty_ratio", "0"}), 0);
        assert_steps(&f, "dirty_ratio=0");
        fixture_done(&f);
}

static void test_a_shorter_vector_keeps_the_machines_other_numbers(void **state) {
        Fixture f;

        fixture_open(&f, "x86-2g-6.1");
        assert_int_equal(PLAN(&f, {"vm.lowmem_reserve_ratio", "256 128"}), 0);
        assert_steps(&f, "lowmem_reserve_ratio=256 128 32 0 0");
        fixture_done(&f);

        fixture_open(&f, "x86-2g-6.1");
        assert_int_equal(PLAN(&f, {"vm.lowmem_reserve_ratio", "256"}), 0);
        assert_int_equal(f.plan->n, 0);
        fixture_done(&f);

        fixture_open(&f, "arm64-64k-6.6");
        assert_int_equal(PLAN(&f, {"vm.lowmem_reserve_ratio", "256 256 32 0 0"}), -EINVAL);
        assert_string_equal(f.problem,
                            "x.yaml:1: error: vm.lowmem_reserve_ratio has 5 numbers, this machine "
                            "takes at most 4\n");
        fixture_done(&f);
}

static void test_what_the_profile_left_behind_sets_goes_back(void **state) {
        static const Wanted wanted[] = {{"vm.swappiness", "10"}, {"vm.dirty_bytes", "64MiB"}};
        static const Wanted originals[] = {
                {"vm.swappiness", "60"},  /* set by the new profile too */
                {"vm.dirty_ratio", "20"}, /* its pair is */
                {"vm.page-cluster", "3"}, /* to go back */
                {"vm.page-cluster", "2"}, /* said twice: the first counts */
                {"vm.laptop_mode", "0"},  /* there already */
                {"vm.overcommit_ratio", "50"},
        };
        Fixture f;

        fixture_open(&f, "x86-2g-6.1");
        poke(&f, "vm.page-cluster", "0\n");
        poke(&f, "vm.overcommit_ratio", "0\n");
        poke(&f, "vm.overcommit_kbytes", "4096\n");
        assert_int_equal(
                make_plan(&f, wanted, ELEMENTSOF(wanted), originals, ELEMENTSOF(originals)), 0);
        assert_steps(&f, "page-cluster=3 swappiness=10 dirty_bytes=67108864 overcommit_ratio=50");
        assert_string_equal(f.plan->steps[0].origin, "original value");
        assert_int_equal(f.plan->n_unchanged, 1);
        assert_string_equal(f.plan->unchanged[0].origin, "original value");
        fixture_done(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_only_what_differs_makes_a_step),
                cmocka_unit_test(test_only_raise_keeps_a_higher_value_and_only_lower_a_lower),
                cmocka_unit_test(
                        test_only_raise_looks_at_what_is_there_without_the_profile_that_is_left),
                cmocka_unit_test(test_a_profile_that_asks_for_nothing_has_an_empty_plan),
                cmocka_unit_test(test_a_pair_goes_back_to_the_member_that_was_in_force),
                cmocka_unit_test(test_a_single_knob_goes_back_to_its_old_value),
                cmocka_unit_test(test_a_pair_is_in_force_only_when_the_other_member_is_zero),
                cmocka_unit_test(test_thp_steps_guard_min_free_kbytes),
                cmocka_unit_test(test_a_knob_that_is_missing_is_a_problem_unless_optional),
                cmocka_unit_test(test_a_ratio_of_zero_over_bytes_is_a_step),
                cmocka_unit_test(test_a_shorter_vector_keeps_the_machines_other_numbers),
                cmocka_unit_test(test_what_the_profile_left_behind_sets_goes_back),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
