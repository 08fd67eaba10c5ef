/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/transaction.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/machine.h"

static const struct {
        const char *ratio;
        const char *bytes;
        const char *in_force; /* a value of bytes */
} pairs[] = {
        {"dirty_ratio", "dirty_bytes", "536870912"},
        {"dirty_background_ratio", "dirty_background_bytes", "8192"},
        {"overcommit_ratio", "overcommit_kbytes", "1048576"},
};

static void start_pair(const Machine *machine, size_t i, const char *ratio, const char *bytes) {
        _cleanup_(freep) char *ratio_path = text_format(VM "%s", pairs[i].ratio);
        _cleanup_(freep) char *bytes_path = text_format(VM "%s", pairs[i].bytes);
        _cleanup_(freep) char *ratio_text = text_format("%s\n", ratio);
        _cleanup_(freep) char *bytes_text = text_format("%s\n", bytes);

        put(machine, ratio_path, ratio_text);
        put(machine, bytes_path, bytes_text);
}

static void pair_there_and_back(Machine *machine, size_t i, const char *ratio, const char *bytes) {
        const char *larger = i == 0 ? "1073741824" : "16384";
        _cleanup_(freep) char *as_ratio = text_format("vm.%s=25", pairs[i].ratio);
        _cleanup_(freep) char *as_bytes = text_format("vm.%s=%s", pairs[i].bytes, larger);

        for (int way = 0; way < 4; way++) {
                /* The background limit must be the lower one, whatever is asked. */
                put(machine, VM "dirty_ratio", "30\n");
                put(machine, VM "dirty_bytes", "0\n");
                put(machine, VM "dirty_background_ratio", "0\n");
                put(machine, VM "dirty_background_bytes", "0\n");
                start_pair(machine, i, ratio, bytes);
                free(machine->original);
                machine->original = knobs_snapshot(machine->root);
                _cleanup_(plan_freep) Plan *plan =
                        make_plan(machine, way & 1 ? as_ratio : as_bytes);
                assert_int_equal(plan->n, 1);
                apply(machine, plan);
                undo_all(machine, plan, way & 2);
                assert_original(machine);
        }
}

static void test_a_pair_comes_back_from_wherever_it_was(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(pairs); i++) {
                pair_there_and_back(*state, i, "15", "0");
                pair_there_and_back(*state, i, "0", pairs[i].in_force);
        }
}

static void test_a_pair_that_was_wholly_zero_is_so_again(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(pairs); i++)
                pair_there_and_back(*state, i, "0", "0");
}

static void test_a_ratio_of_zero_takes_the_place_of_bytes(void **state) {
        Machine *machine = *state;

        put(machine, VM "dirty_ratio", "0\n");
        put(machine, VM "dirty_bytes", "1048576\n");
        put(machine, VM "dirty_background_ratio", "0\n");
        put(machine, VM "dirty_background_bytes", "8192\n");
        free(machine->original);
        machine->original = knobs_snapshot(machine->root);
        _cleanup_(plan_freep) Plan *plan = make_plan(machine, "vm.dirty_ratio=0");
        apply(machine, plan);
        undo_all(machine, plan, true);
        assert_original(machine);
}

static void test_the_member_out_of_force_must_read_zero(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *plan = make_plan(machine, "vm.dirty_bytes=64MiB");
        _cleanup_(freep) char *text = NULL;
        Failure failure = {0};

        /* A kernel that does not couple them: a plain file. */
        root_set_write_hook(machine->root, NULL);
        assert_int_equal(transaction_apply(machine->root, plan, &failure), -ECANCELED);
        text = failure_format(&failure);
        assert_string_equal(text,
                            "vm.dirty_ratio was set to 0 and the kernel took it, but it reads 20");
}

/* min_free_kbytes */

static void test_min_free_that_is_set_is_written_after_thp_and_comes_back(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *plan =
                make_plan(machine, "transparent_hugepage.enabled=never vm.min_free_kbytes=50000");

        apply(machine, plan);
        assert_reads(machine, MIN_FREE, "50000");
        undo_all(machine, plan, true);
        assert_original(machine);
}

static void test_min_free_that_is_guarded_stays_as_it_is(void **state) {
        const Machine *machine = *state;

        put(machine, MIN_FREE, "30000\n");
        _cleanup_(plan_freep) Plan *plan =
                make_plan(machine, "transparent_hugepage.enabled=always");
        assert_int_equal(plan->steps[plan->n - 1].kind, STEP_GUARD);
        apply(machine, plan);
        assert_reads(machine, MIN_FREE, "30000");
        assert_int_equal(machine_writes, 2); /* the kernel had made 67584 of it */
        undo_all(machine, plan, true);
        assert_reads(machine, MIN_FREE, "30000");
        assert_reads(machine, THP "enabled", "always [madvise] never");
}

static void test_min_free_without_a_step_keeps_what_it_reads(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *plan =
                make_plan(machine, "transparent_hugepage.enabled=always");

        apply(machine, plan);
        /* A merged plan has no guards: whatever it is now is right. */
        plan->n--;
        free(plan->steps[plan->n].origin);
        put(machine, MIN_FREE, "30000\n");
        undo_all(machine, plan, true);
        assert_reads(machine, MIN_FREE, "30000");
        assert_reads(machine, THP "enabled", "always [madvise] never");
}

static void test_min_free_set_from_outside_survives_the_undoing(void **state) {
        const Machine *machine = *state;
        static const char *const wishes[] = {
                "transparent_hugepage.enabled=never",
                "transparent_hugepage.enabled=never vm.min_free_kbytes=50000",
        };

        for (size_t i = 0; i < ELEMENTSOF(wishes); i++) {
                _cleanup_(plan_freep) Plan *plan = make_plan(machine, wishes[i]);
                apply(machine, plan);
                put(machine, MIN_FREE, "40000\n");
                _cleanup_(undoing_done) Undoing undoing = undo(machine, plan, true);
                assert_reads(machine, MIN_FREE, "40000");
                assert_reads(machine, THP "enabled", "always [madvise] never");
                assert_int_equal(undoing_count(&undoing, STEP_STUCK), 0);
                assert_outcome(&undoing,
                               plan,
                               STEP_LEFT_ALONE,
                               i == 0 ? "" : "vm.min_free_kbytes (now 40000)");
                put(machine, MIN_FREE, "67584\n");
        }
}

static void test_min_free_in_a_begun_transaction_is_the_kernels_doing(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *plan =
                make_plan(machine, "transparent_hugepage.enabled=never vm.min_free_kbytes=50000");

        apply(machine, plan);
        put(machine, MIN_FREE, "40000\n");
        undo_all(machine, plan, false);
        assert_original(machine);
}

static void test_min_free_that_cannot_be_written_is_stuck(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *plan = make_plan(machine, "transparent_hugepage.enabled=never");

        apply(machine, plan);
        put(machine, MIN_FREE, "40000\n");
        put(machine, FAKE_KERNEL_REFUSE, "vm.min_free_kbytes EPERM\n");
        _cleanup_(undoing_done) Undoing undoing = undo(machine, plan, true);
        assert_outcome(&undoing,
                       plan,
                       STEP_STUCK,
                       "vm.min_free_kbytes (now 67584) (Operation not permitted)");
}

/* Crashes */

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_A_MACHINE(test_a_pair_comes_back_from_wherever_it_was),
                ON_A_MACHINE(test_a_pair_that_was_wholly_zero_is_so_again),
                ON_A_MACHINE(test_a_ratio_of_zero_takes_the_place_of_bytes),
                ON_A_MACHINE(test_the_member_out_of_force_must_read_zero),
                ON_A_MACHINE(test_min_free_that_is_set_is_written_after_thp_and_comes_back),
                ON_A_MACHINE(test_min_free_that_is_guarded_stays_as_it_is),
                ON_A_MACHINE(test_min_free_without_a_step_keeps_what_it_reads),
                ON_A_MACHINE(test_min_free_set_from_outside_survives_the_undoing),
                ON_A_MACHINE(test_min_free_in_a_begun_transaction_is_the_kernels_doing),
                ON_A_MACHINE(test_min_free_that_cannot_be_written_is_stuck),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
