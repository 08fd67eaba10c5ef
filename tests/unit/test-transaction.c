/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/transaction.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "core/machine/live.h"
#include "tests/unit/machine.h"

/* Ten settings, none of which is in force on the machines, each in a file of its own. */
#define TEN                                                                                     \
        "vm.swappiness=10 vm.page-cluster=0 vm.dirty_expire_centisecs=1000 vm.stat_interval=5 " \
        "vm.watermark_scale_factor=50 vm.vfs_cache_pressure=50 vm.max_map_count=262144 "        \
        "vm.dirty_writeback_centisecs=100 vm.laptop_mode=5 vm.oom_dump_tasks=0"
/* Every stage, every pair, and what rewrites min_free_kbytes. */
#define EVERYTHING                                                                       \
        "transparent_hugepage.enabled=never transparent_hugepage.shmem_enabled=advise "  \
        "transparent_hugepage.khugepaged.max_ptes_none=0 vm.nr_hugepages=4 "             \
        "vm.watermark_scale_factor=50 vm.lowmem_reserve_ratio=128,128 vm.swappiness=10 " \
        "vm.dirty_bytes=64MiB vm.dirty_background_bytes=16MiB vm.overcommit_memory=2 "   \
        "vm.overcommit_kbytes=1GiB vm.admin_reserve_kbytes=16MiB"

static void test_all_steps_are_in_force_and_all_come_back(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *plan = make_plan(machine, TEN);

        assert_int_equal(plan->n, 10);
        apply(machine, plan);
        assert_int_equal(machine_writes, 10);
        for (size_t i = 0; i < plan->n; i++) {
                Value live;
                assert_int_equal(live_read(machine->root, plan->steps[i].ref, &live), 0);
                assert_true(value_equal(&live, &plan->steps[i].new));
        }
        _cleanup_(undoing_done) Undoing undoing = undo(machine, plan, true);
        assert_int_equal(undoing_count(&undoing, STEP_RESTORED), 10);
        assert_original(machine);
}

static void test_an_empty_plan_writes_nothing(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *plan = make_plan(machine, "vm.swappiness=60");

        assert_int_equal(plan->n, 0);
        apply(machine, plan);
        undo_all(machine, plan, true);
        assert_int_equal(machine_writes, 0);
}

static void test_undoing_twice_writes_once(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *plan = make_plan(machine, EVERYTHING);

        apply(machine, plan);
        undo_all(machine, plan, true);
        assert_original(machine);
        machine_writes = 0;
        _cleanup_(undoing_done) Undoing undoing = undo(machine, plan, true);
        assert_int_equal(undoing_count(&undoing, STEP_UNTOUCHED), plan->n);
        assert_int_equal(machine_writes, 0);
}

/* Refused */

static void test_a_refused_seventh_of_ten_leaves_nothing_changed(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *plan = make_plan(machine, TEN);
        _cleanup_(freep) char *line = NULL, *expected = NULL, *text = NULL;
        char name[KNOB_NAME_MAX], wanted[VALUE_TEXT_MAX];
        Failure failure = {0};

        knob_ref_name(plan->steps[6].ref, name);
        value_format(&plan->steps[6].new, wanted);
        line = text_format("%s EPERM\n", name);
        put(machine, FAKE_KERNEL_REFUSE, line);
        assert_int_equal(transaction_apply(machine->root, plan, &failure), -ECANCELED);
        assert_int_equal(machine_writes, 7);
        assert_int_equal(failure.error, -EPERM);
        text = failure_format(&failure);
        expected = text_format("the kernel refused %s = %s: Operation not permitted", name, wanted);
        assert_string_equal(text, expected);

        _cleanup_(undoing_done) Undoing undoing = undo(machine, plan, false);
        assert_int_equal(undoing_count(&undoing, STEP_RESTORED), 6);
        assert_int_equal(undoing_count(&undoing, STEP_UNTOUCHED), 4);
        assert_original(machine);
}

static void test_a_clamped_value_is_a_failure_and_is_taken_back(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *plan = make_plan(machine, "vm.page-cluster=0 vm.swappiness=10");
        _cleanup_(freep) char *text = NULL;
        Failure failure = {0};

        put(machine, FAKE_KERNEL_REFUSE, "vm.swappiness CLAMP 33\n");
        assert_int_equal(transaction_apply(machine->root, plan, &failure), -ECANCELED);
        assert_int_equal(failure.error, 0);
        text = failure_format(&failure);
        assert_string_equal(text,
                            "vm.swappiness was set to 10 and the kernel took it, but it reads 33");
        assert_int_equal(tree_delete(machine->tree, FAKE_KERNEL_REFUSE), 0);
        undo_all(machine, plan, false);
        assert_original(machine);
}

static void test_a_short_write_is_taken_back(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *plan = make_plan(machine, "vm.swappiness=10");
        Failure failure = {0};

        put(machine, FAKE_KERNEL_REFUSE, "vm.swappiness SHORT\n");
        assert_int_equal(transaction_apply(machine->root, plan, &failure), -ECANCELED);
        assert_int_equal(failure.error, -EIO);
        assert_reads(machine, VM "swappiness", "10"); /* the kernel applied it all the same */
        assert_int_equal(tree_delete(machine->tree, FAKE_KERNEL_REFUSE), 0);
        undo_all(machine, plan, false);
        assert_original(machine);
}

/* Takes the write, and then reads as no number does. */
static ssize_t
garbling_write(const Root *root, const char *path, int fd, const char *data, size_t size) {
        assert_int_equal(pwrite(fd, "?", 1, 0), 1);
        return (ssize_t) size;
}

static void test_a_knob_that_cannot_be_read_back_is_a_failure(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *plan = make_plan(machine, "vm.swappiness=10");
        _cleanup_(freep) char *text = NULL;
        Failure failure = {0};

        root_set_write_hook(machine->root, garbling_write);
        assert_int_equal(transaction_apply(machine->root, plan, &failure), -ECANCELED);
        text = failure_format(&failure);
        assert_string_equal(text, "vm.swappiness = 10 could not be read back");
        root_set_write_hook(machine->root, fake_kernel_write);
        undo_all(machine, plan, true);
        assert_original(machine);
}

static void test_stuck_knobs_are_named_and_all_others_come_back(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *plan = make_plan(machine, TEN);

        apply(machine, plan);
        put(machine, FAKE_KERNEL_REFUSE, "vm.swappiness EPERM\nvm.stat_interval CLAMP 7\n");
        _cleanup_(undoing_done) Undoing undoing = undo(machine, plan, true);
        assert_int_equal(undoing_count(&undoing, STEP_RESTORED), 8);
        assert_int_equal(undoing_count(&undoing, STEP_STUCK), 2);
        const StepResult *refused = &undoing.results[step_of(plan, "vm.swappiness")];
        assert_int_equal(refused->error, -EPERM);
        assert_outcome(&undoing,
                       plan,
                       STEP_STUCK,
                       "vm.stat_interval (now 7), vm.swappiness (now 10) (Operation not "
                       "permitted)");

        assert_int_equal(tree_delete(machine->tree, FAKE_KERNEL_REFUSE), 0);
        undo_all(machine, plan, false);
        assert_original(machine);
}

/* Outside */

static void test_what_was_changed_from_outside_is_left_alone_and_named(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *plan =
                make_plan(machine, "vm.swappiness=10 vm.dirty_bytes=64MiB vm.page-cluster=0");

        apply(machine, plan);
        put(machine, VM "swappiness", "77\n");
        put(machine, VM "dirty_bytes", "0\n");
        put(machine, VM "dirty_ratio", "33\n");
        _cleanup_(undoing_done) Undoing undoing = undo(machine, plan, true);
        assert_outcome(
                &undoing, plan, STEP_LEFT_ALONE, "vm.swappiness (now 77), vm.dirty_bytes (now 0)");
        assert_outcome(&undoing, plan, STEP_RESTORED, "vm.page-cluster to 3");
        assert_reads(machine, VM "swappiness", "77");
        assert_reads(machine, VM "dirty_ratio", "33");
        assert_reads(machine, VM "page-cluster", "3");
}

static void test_in_a_begun_transaction_every_other_value_is_taken_back(void **state) {
        const Machine *machine = *state;
        _cleanup_(plan_freep) Plan *plan =
                make_plan(machine, "vm.swappiness=10 vm.dirty_bytes=64MiB vm.page-cluster=0");

        apply(machine, plan);
        put(machine, VM "swappiness", "77\n");
        put(machine, VM "dirty_bytes", "0\n");
        put(machine, VM "dirty_ratio", "33\n");
        undo_all(machine, plan, false);
        assert_original(machine);
}

/* Pairs */

static void walk_applying(const char *name, const char *values) {
        Machine machine = {0};
        size_t k = 0;

        machine_open(&machine, name);
        _cleanup_(plan_freep) Plan *plan = make_plan(&machine, values);
        for (bool whole = false; !whole; k++) {
                Failure failure;
                machine_writes = 0;
                machine_writes_taken = k;
                machine_fail_after = true;
                whole = transaction_apply(machine.root, plan, &failure) >= 0;
                assert_int_equal(machine_writes, k);
                machine_writes_taken = SIZE_MAX;
                undo_all(&machine, plan, false);
                assert_original(&machine);
        }
        assert_true(k > 5);
        machine_close(&machine);
}

static void test_any_part_of_an_apply_is_undone_to_the_byte(void **state) {
        static const char plain[] =
                "vm.swappiness=10 vm.dirty_bytes=64MiB vm.dirty_background_bytes=16MiB "
                "vm.overcommit_memory=2 vm.overcommit_kbytes=1GiB vm.min_free_kbytes=30000";

        walk_applying("x86-24g-6.18", EVERYTHING);
        walk_applying("x86-24g-6.18", EVERYTHING " vm.min_free_kbytes=100000");
        walk_applying("x86-2g-6.1", EVERYTHING);
        walk_applying("x86-2g-6.1", EVERYTHING " vm.min_free_kbytes=30000");
        walk_applying("no-psi-no-thp-6.1", plain);
}

/* Undoes in a process that ends after k writes; false when it came to its end. */
static bool undo_and_die(
        const Machine *machine, const Plan *plan, bool applied, const MinFree *min_free, size_t k) {
        int status = 0;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                Undoing undoing = {0};
                machine_writes = 0;
                machine_writes_taken = k;
                (void) transaction_undo(machine->root, plan, applied, min_free, &undoing);
                undoing_done(&undoing);
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return WIFSIGNALED(status);
}

static void walk_undoing(const char *name, const char *values, bool applied) {
        Machine machine = {0};
        size_t k = 0;

        machine_open(&machine, name);
        _cleanup_(plan_freep) Plan *plan = make_plan(&machine, values);
        for (bool died = true; died; k++) {
                _cleanup_(undoing_done) Undoing undoing = {0};
                MinFree min_free = {0};
                apply(&machine, plan);
                transaction_min_free(machine.root, plan, applied, &min_free);
                died = undo_and_die(&machine, plan, applied, &min_free, k);
                assert_int_equal(transaction_undo(machine.root, plan, applied, &min_free, &undoing),
                                 0);
                assert_int_equal(undoing_count(&undoing, STEP_STUCK), 0);
                assert_int_equal(undoing_count(&undoing, STEP_LEFT_ALONE), 0);
                assert_original(&machine);
        }
        assert_true(k > 5);
        machine_close(&machine);
}

static void test_any_part_of_an_undoing_is_finished_by_the_next(void **state) {
        walk_undoing("x86-24g-6.18", EVERYTHING, true);
        walk_undoing("x86-24g-6.18", EVERYTHING " vm.min_free_kbytes=100000", true);
        walk_undoing("x86-2g-6.1", EVERYTHING " vm.min_free_kbytes=30000", true);
        walk_undoing("x86-2g-6.1", EVERYTHING, false);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_A_MACHINE(test_all_steps_are_in_force_and_all_come_back),
                ON_A_MACHINE(test_an_empty_plan_writes_nothing),
                ON_A_MACHINE(test_undoing_twice_writes_once),
                ON_A_MACHINE(test_a_refused_seventh_of_ten_leaves_nothing_changed),
                ON_A_MACHINE(test_a_clamped_value_is_a_failure_and_is_taken_back),
                ON_A_MACHINE(test_a_short_write_is_taken_back),
                ON_A_MACHINE(test_a_knob_that_cannot_be_read_back_is_a_failure),
                ON_A_MACHINE(test_stuck_knobs_are_named_and_all_others_come_back),
                ON_A_MACHINE(test_what_was_changed_from_outside_is_left_alone_and_named),
                ON_A_MACHINE(test_in_a_begun_transaction_every_other_value_is_taken_back),
                cmocka_unit_test(test_any_part_of_an_apply_is_undone_to_the_byte),
                cmocka_unit_test(test_any_part_of_an_undoing_is_finished_by_the_next),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
