/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/drift.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/plan-of.h"
#include "tests/support/tree.h"

#define VM "proc/sys/vm/"
#define KSM "sys/kernel/mm/ksm/"

typedef struct Machine {
        char *tree;
        Root *root;
} Machine;

static int machine_init(void **state) {
        Machine *machine = calloc(1, sizeof(*machine));

        assert_non_null(machine);
        assert_int_equal(tree_copy("x86-24g-6.18", &machine->tree), 0);
        assert_int_equal(root_open(machine->tree, &machine->root), 0);
        *state = machine;
        return 0;
}

static int machine_done(void **state) {
        Machine *machine = *state;

        root_close(machine->root);
        tree_remove(machine->tree);
        free(machine);
        return 0;
}

static void put(const Machine *machine, const char *path, const char *text) {
        assert_int_equal(tree_write(machine->tree, path, text), 0);
}

static Plan *watched(const Plan *kept, const Plan *pending) {
        Plan *plan = NULL;

        assert_int_equal(drift_watched(kept, pending, &plan), 0);
        return plan;
}

/* "vm.swappiness vm.page-cluster": what the plan watches. */
static void assert_watched(const Plan *plan, const char *expected) {
        char *text = NULL, name[KNOB_NAME_MAX];
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        for (size_t i = 0; i < plan->n; i++) {
                knob_ref_name(plan->steps[i].ref, name);
                (void) fprintf(out, "%s%s", i > 0 ? " " : "", name);
        }
        (void) fclose(out);
        _cleanup_(freep) char *found = text;
        assert_string_equal(found, expected);
}

/* What the first knob of the plan drifts to; NULL: it does not. */
static void assert_drift(const Machine *machine, const Plan *plan, const char *expected) {
        char live[DRIFT_TEXT_MAX];
        Drift drift;

        assert_true(plan->n > 0);
        if (!drift_look(machine->root, &plan->steps[0], &drift)) {
                assert_null(expected);
                return;
        }
        drift_format_live(&drift, live);
        assert_non_null(expected);
        assert_string_equal(live, expected);
}

static void test_what_is_watched_is_what_is_set_and_what_was_so_already(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *kept =
                plan_of(machine->root, "a", "vm.swappiness=10 vm.page-cluster=3");
        put(machine, VM "swappiness", "10\n");
        _cleanup_(plan_freep) Plan *pending =
                plan_of(machine->root, "b", "vm.swappiness=20 vm.stat_interval=1");
        _cleanup_(plan_freep) Plan *alone = watched(kept, NULL);
        _cleanup_(plan_freep) Plan *both = watched(kept, pending);
        Plan *none = NULL;

        assert_watched(alone, "vm.swappiness vm.page-cluster");
        /* What b does not ask for is a's no more: a plan of the manager puts it back. */
        assert_watched(both, "vm.swappiness vm.stat_interval");
        assert_int_equal(drift_watched(NULL, NULL, &none), 0);
        assert_null(none);
}

static void test_another_value_is_a_drift(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *plan = plan_of(machine->root, "a", "vm.swappiness=10");

        put(machine, VM "swappiness", "10\n");
        assert_drift(machine, plan, NULL);
        put(machine, VM "swappiness", "11\n");
        assert_drift(machine, plan, "11");
}

static void test_of_a_pair_the_other_member_must_be_zero(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *plan = plan_of(machine->root, "a", "vm.dirty_bytes=64MiB");

        put(machine, VM "dirty_bytes", "67108864\n");
        put(machine, VM "dirty_ratio", "0\n");
        assert_drift(machine, plan, NULL);
        put(machine, VM "dirty_bytes", "0\n");
        put(machine, VM "dirty_ratio", "20\n");
        assert_drift(machine, plan, "0, since vm.dirty_ratio is 20");
}

static void test_what_may_only_rise_or_fall_may_go_that_way(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *plan = plan_of(machine->root, "a", "vm.swappiness=10");

        for (int raise = 0; raise < 2; raise++) {
                plan->steps[0].only = raise ? ONLY_RAISE : ONLY_LOWER;
                put(machine, VM "swappiness", "11\n");
                assert_drift(machine, plan, raise ? NULL : "11");
                put(machine, VM "swappiness", "9\n");
                assert_drift(machine, plan, raise ? "9" : NULL);
        }
}

static void test_what_the_advisor_of_ksm_moves_is_no_drift(void **state) {
        const Machine *machine = *state;

        put(machine, KSM "pages_to_scan", "100\n");
        put(machine, KSM "advisor_mode", "[none] scan-time\n");
        _cleanup_(plan_freep) Plan *plan = plan_of(machine->root, "a", "ksm.pages_to_scan=500");
        put(machine, KSM "pages_to_scan", "900\n");
        assert_drift(machine, plan, "900");
        put(machine, KSM "advisor_mode", "none [scan-time]\n");
        assert_drift(machine, plan, NULL);
}

static void test_a_knob_that_cannot_be_read_is_not_said_to_drift(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *plan = plan_of(machine->root, "a", "vm.swappiness=10");

        assert_int_equal(tree_delete(machine->tree, VM "swappiness"), 0);
        assert_drift(machine, plan, NULL);
}

static void test_two_drifts_are_the_same_when_all_values_are(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *plan = plan_of(machine->root, "a", "vm.dirty_bytes=64MiB");
        Drift a, b;

        assert_true(drift_look(machine->root, &plan->steps[0], &a));
        assert_true(drift_look(machine->root, &plan->steps[0], &b));
        assert_true(drift_equal(&a, &b));
        put(machine, VM "dirty_ratio", "21\n");
        assert_true(drift_look(machine->root, &plan->steps[0], &b));
        assert_false(drift_equal(&a, &b));
}

/* Those that set it to the value that is wanted are no rivals, nor are those that another masks. */
static void test_writers_are_those_that_set_it_to_something_else(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *plan = plan_of(machine->root, "a", "vm.dirty_bytes=64MiB");
        Facts facts;
        Problems problems = PROBLEMS_INIT;
        Rivals rivals = {0};
        Drift drift;

        put(machine, "etc/sysctl.d/10-x.conf", "vm.dirty_bytes = 1048576\n");
        put(machine, "etc/sysctl.d/20-x.conf", "vm.dirty_ratio = 30\n");
        assert_int_equal(facts_read(machine->root, &problems, &facts), 0);
        problems_done(&problems);
        assert_int_equal(rivals_load(machine->root, &rivals), 0);
        assert_true(drift_look(machine->root, &plan->steps[0], &drift));
        _cleanup_(freep) char *writers = drift_find_writers(machine->root, &facts, &rivals, &drift);
        assert_null(strstr(writers, "10-x.conf"));
        assert_non_null(strstr(writers, "sysctl.d sets vm.dirty_ratio to 30 ("));
        rivals_done(&rivals);

        put(machine, "etc/sysctl.d/20-x.conf", "vm.dirty_bytes = 67108864\n");
        assert_int_equal(rivals_load(machine->root, &rivals), 0);
        _cleanup_(freep) char *nobody = drift_find_writers(machine->root, &facts, &rivals, &drift);
        assert_string_equal(nobody, "");
        rivals_done(&rivals);
}

#define ON_A_MACHINE(test) cmocka_unit_test_setup_teardown(test, machine_init, machine_done)

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_A_MACHINE(test_what_is_watched_is_what_is_set_and_what_was_so_already),
                ON_A_MACHINE(test_another_value_is_a_drift),
                ON_A_MACHINE(test_of_a_pair_the_other_member_must_be_zero),
                ON_A_MACHINE(test_what_may_only_rise_or_fall_may_go_that_way),
                ON_A_MACHINE(test_what_the_advisor_of_ksm_moves_is_no_drift),
                ON_A_MACHINE(test_a_knob_that_cannot_be_read_is_not_said_to_drift),
                ON_A_MACHINE(test_two_drifts_are_the_same_when_all_values_are),
                ON_A_MACHINE(test_writers_are_those_that_set_it_to_something_else),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests_name("drift", tests, NULL, NULL);
}
