/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/merge.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "daemon/transaction.h"
#include "tests/support/fake-kernel.h"
#include "tests/support/plan-of.h"
#include "tests/support/tree.h"

typedef struct Machine {
        char *tree;
        Root *root;
        char *original;
} Machine;

static int machine_init(void **state) {
        Machine *machine = calloc(1, sizeof(*machine));

        assert_non_null(machine);
        assert_int_equal(tree_copy("x86-24g-6.18", &machine->tree), 0);
        assert_int_equal(root_open(machine->tree, &machine->root), 0);
        root_set_write_hook(machine->root, fake_kernel_write);
        machine->original = knobs_snapshot(machine->root);
        assert_non_null(machine->original);
        *state = machine;
        return 0;
}

static int machine_done(void **state) {
        Machine *machine = *state;

        root_close(machine->root);
        tree_remove(machine->tree);
        free(machine->original);
        free(machine);
        return 0;
}

/* Carries values out and returns the plan of it. */
static Plan *carry_out(const Machine *machine, const char *values) {
        Plan *plan = plan_of(machine->root, "then", values);
        Failure failure;

        assert_non_null(plan);
        assert_int_equal(transaction_apply(machine->root, plan, &failure), 0);
        return plan;
}

static Plan *merge(const Plan *first, const Plan *then) {
        Plan *plan = NULL;

        assert_int_equal(plan_merge(first, then, &plan), 0);
        return plan;
}

static void assert_undoing_leads_back(const Machine *machine, const Plan *plan) {
        _cleanup_(undoing_done) Undoing undoing = {0};
        _cleanup_(freep) char *now = NULL;
        MinFree min_free;

        transaction_min_free(machine->root, plan, true, &min_free);
        assert_int_equal(transaction_undo(machine->root, plan, true, &min_free, &undoing), 0);
        assert_int_equal(undoing_count(&undoing, STEP_STUCK), 0);
        assert_int_equal(undoing_count(&undoing, STEP_LEFT_ALONE), 0);
        now = knobs_snapshot(machine->root);
        assert_string_equal(now, machine->original);
}

/* "vm.swappiness:60>10 vm.page-cluster:3>0" */
static void assert_steps(const Plan *plan, const char *expected) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        for (size_t i = 0; i < plan->n; i++) {
                char name[KNOB_NAME_MAX], old[VALUE_TEXT_MAX], new[VALUE_TEXT_MAX];
                knob_ref_name(plan->steps[i].ref, name);
                value_format(&plan->steps[i].old, old);
                value_format(&plan->steps[i].new, new);
                (void) fprintf(out, "%s%s:%s>%s", i > 0 ? " " : "", name, old, new);
        }
        (void) fclose(out);
        _cleanup_(freep) char *found = text;
        assert_string_equal(found, expected);
}

static void test_over_nothing_a_plan_is_itself_without_guards(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *plan =
                carry_out(machine, "transparent_hugepage.enabled=always vm.swappiness=10");
        _cleanup_(plan_freep) Plan *merged = merge(NULL, plan);

        assert_int_equal(plan->n, 3);
        assert_steps(merged, "transparent_hugepage.enabled:madvise>always vm.swappiness:60>10");
        assert_string_equal(merged->profile, "then");
        assert_undoing_leads_back(machine, merged);
}

static void test_the_first_old_value_and_the_last_new_one_stay(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *a = carry_out(machine, "vm.swappiness=10 vm.page-cluster=0");
        _cleanup_(plan_freep) Plan *b = carry_out(machine, "vm.swappiness=20 vm.stat_interval=5");
        _cleanup_(plan_freep) Plan *merged = merge(a, b);

        assert_steps(merged, "vm.page-cluster:3>0 vm.swappiness:60>20 vm.stat_interval:1>5");
        assert_undoing_leads_back(machine, merged);
}

static void test_a_knob_that_is_back_drops_out(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *a = carry_out(machine, "vm.swappiness=10 vm.page-cluster=0");
        _cleanup_(plan_freep) Plan *b = carry_out(machine, "vm.swappiness=60");
        _cleanup_(plan_freep) Plan *merged = merge(a, b);
        _cleanup_(plan_freep) Plan *c = carry_out(machine, "vm.page-cluster=3");
        _cleanup_(plan_freep) Plan *empty = merge(merged, c);

        assert_steps(merged, "vm.page-cluster:3>0");
        assert_steps(empty, "");
}

static void test_a_coupled_pair_is_one_knob(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *a = carry_out(machine, "vm.dirty_bytes=64MiB");
        _cleanup_(plan_freep) Plan *b = carry_out(machine, "vm.dirty_ratio=30");
        _cleanup_(plan_freep) Plan *merged = merge(a, b);

        assert_steps(merged, "vm.dirty_ratio:20>30");
        assert_undoing_leads_back(machine, merged);
}

static void test_a_pair_that_changed_its_member_twice_leads_back(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *a = carry_out(machine, "vm.dirty_ratio=30");
        _cleanup_(plan_freep) Plan *b = carry_out(machine, "vm.dirty_bytes=64MiB");
        _cleanup_(plan_freep) Plan *merged = merge(a, b);

        assert_steps(merged, "vm.dirty_bytes:0>67108864");
        assert_undoing_leads_back(machine, merged);
}

static void test_a_pair_that_is_back_drops_out(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *a = carry_out(machine, "vm.dirty_bytes=64MiB");
        _cleanup_(plan_freep) Plan *b = carry_out(machine, "vm.dirty_ratio=20");
        _cleanup_(plan_freep) Plan *merged = merge(a, b);
        _cleanup_(freep) char *now = knobs_snapshot(machine->root);

        assert_steps(merged, "");
        assert_string_equal(now, machine->original);
}

static void test_each_folio_size_is_a_knob_of_its_own(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *a =
                carry_out(machine, "transparent_hugepage.hugepages-64kB.enabled=inherit");
        _cleanup_(plan_freep) Plan *b =
                carry_out(machine, "transparent_hugepage.hugepages-32kB.enabled=inherit");
        _cleanup_(plan_freep) Plan *merged = merge(a, b);

        assert_steps(merged,
                     "transparent_hugepage.hugepages-64kB.enabled:never>inherit "
                     "transparent_hugepage.hugepages-32kB.enabled:never>inherit");
        assert_undoing_leads_back(machine, merged);
}

static void test_min_free_first_set_and_then_guarded_keeps_its_step(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *a = carry_out(machine, "vm.min_free_kbytes=100000");
        _cleanup_(plan_freep) Plan *b = carry_out(machine, "transparent_hugepage.enabled=never");
        _cleanup_(plan_freep) Plan *merged = merge(a, b);

        assert_steps(merged,
                     "transparent_hugepage.enabled:madvise>never vm.min_free_kbytes:67584>100000");
        assert_undoing_leads_back(machine, merged);
}

static void test_steps_stay_in_the_order_of_stages(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *a = carry_out(machine, "vm.overcommit_memory=1");
        _cleanup_(plan_freep) Plan *b =
                carry_out(machine, "vm.watermark_scale_factor=50 vm.dirty_ratio=30");
        _cleanup_(plan_freep) Plan *merged = merge(a, b);

        assert_steps(merged,
                     "vm.watermark_scale_factor:10>50 vm.dirty_ratio:20>30 "
                     "vm.overcommit_memory:0>1");
}

static void test_the_plans_merged_are_left_as_they_are(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *a = carry_out(machine, "vm.dirty_bytes=64MiB");
        _cleanup_(plan_freep) Plan *b = carry_out(machine, "vm.dirty_ratio=30");
        _cleanup_(plan_freep) Plan *merged = merge(a, b);

        assert_steps(a, "vm.dirty_bytes:0>67108864");
        assert_steps(b, "vm.dirty_ratio:0>30");
        assert_ptr_not_equal(merged->steps[0].origin, b->steps[0].origin);
}

/* "vm.swappiness=60" */
static void assert_unchanged(const Plan *plan, const char *expected) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        for (size_t i = 0; i < plan->n_unchanged; i++) {
                char name[KNOB_NAME_MAX], value[VALUE_TEXT_MAX];
                knob_ref_name(plan->unchanged[i].ref, name);
                value_format(&plan->unchanged[i].value, value);
                (void) fprintf(out, "%s%s=%s", i > 0 ? " " : "", name, value);
        }
        (void) fclose(out);
        _cleanup_(freep) char *found = text;
        assert_string_equal(found, expected);
}

/* What the newer profile asks for is in force, though no step leads there. */
static void test_what_is_so_without_a_step_is_unchanged(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *a = carry_out(machine, "vm.swappiness=10 vm.page-cluster=3");
        _cleanup_(plan_freep) Plan *b = carry_out(machine, "vm.swappiness=60 vm.stat_interval=1");
        _cleanup_(plan_freep) Plan *alone = merge(NULL, a);
        _cleanup_(plan_freep) Plan *merged = merge(a, b);

        assert_unchanged(alone, "vm.page-cluster=3");
        assert_steps(merged, "");
        assert_unchanged(merged, "vm.swappiness=60 vm.stat_interval=1");
}

/* What the first has set has a step, so the second, which asks for the same, need not. */
static void test_what_the_first_has_set_is_not_there_twice(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *a = carry_out(machine, "vm.dirty_bytes=64MiB");
        _cleanup_(plan_freep) Plan *b = carry_out(machine, "vm.dirty_bytes=64MiB");
        _cleanup_(plan_freep) Plan *merged = merge(a, b);

        assert_int_equal(b->n_unchanged, 1);
        assert_steps(merged, "vm.dirty_bytes:0>67108864");
        assert_unchanged(merged, "");
}

#define ON_A_MACHINE(test) cmocka_unit_test_setup_teardown(test, machine_init, machine_done)

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_A_MACHINE(test_over_nothing_a_plan_is_itself_without_guards),
                ON_A_MACHINE(test_the_first_old_value_and_the_last_new_one_stay),
                ON_A_MACHINE(test_a_knob_that_is_back_drops_out),
                ON_A_MACHINE(test_a_coupled_pair_is_one_knob),
                ON_A_MACHINE(test_a_pair_that_changed_its_member_twice_leads_back),
                ON_A_MACHINE(test_a_pair_that_is_back_drops_out),
                ON_A_MACHINE(test_each_folio_size_is_a_knob_of_its_own),
                ON_A_MACHINE(test_min_free_first_set_and_then_guarded_keeps_its_step),
                ON_A_MACHINE(test_steps_stay_in_the_order_of_stages),
                ON_A_MACHINE(test_what_is_so_without_a_step_is_unchanged),
                ON_A_MACHINE(test_what_the_first_has_set_is_not_there_twice),
                ON_A_MACHINE(test_the_plans_merged_are_left_as_they_are),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
