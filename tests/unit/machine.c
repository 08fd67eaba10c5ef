/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/machine.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>

#include <cmocka.h>

size_t machine_writes;
size_t machine_writes_taken = SIZE_MAX;
bool machine_fail_after;

static ssize_t
counted_write(const Root *root, const char *path, int fd, const char *data, size_t size) {
        if (machine_writes >= machine_writes_taken) {
                if (!machine_fail_after)
                        (void) raise(SIGKILL);
                return -EIO;
        }
        machine_writes++;
        return fake_kernel_write(root, path, fd, data, size);
}

void machine_open(Machine *machine, const char *name) {
        assert_int_equal(tree_copy(name, &machine->tree), 0);
        assert_int_equal(root_open(machine->tree, &machine->root), 0);
        root_set_write_hook(machine->root, counted_write);
        machine->original = knobs_snapshot(machine->root);
        assert_non_null(machine->original);
        machine_writes = 0;
        machine_writes_taken = SIZE_MAX;
        machine_fail_after = false;
}

void machine_close(Machine *machine) {
        root_close(machine->root);
        tree_remove(machine->tree);
        free(machine->original);
        *machine = (Machine){0};
}

int machine_init(void **state) {
        Machine *machine = calloc(1, sizeof(*machine));

        assert_non_null(machine);
        machine_open(machine, "x86-24g-6.18");
        *state = machine;
        return 0;
}

int machine_done(void **state) {
        machine_close(*state);
        free(*state);
        return 0;
}

void put(const Machine *machine, const char *path, const char *text) {
        assert_int_equal(tree_write(machine->tree, path, text), 0);
}

void assert_reads(const Machine *machine, const char *path, const char *text) {
        _cleanup_(freep) char *found = NULL;

        assert_int_equal(root_read(machine->root, path, &found), 0);
        assert_string_equal(text_strip(found), text);
}

void assert_original(const Machine *machine) {
        _cleanup_(freep) char *now = knobs_snapshot(machine->root);

        assert_non_null(now);
        assert_string_equal(now, machine->original);
}

Plan *make_plan(const Machine *machine, const char *values) {
        Plan *plan = plan_of(machine->root, "tested", values);

        assert_non_null(plan);
        return plan;
}

void apply(const Machine *machine, const Plan *plan) {
        Failure failure = {0};

        if (transaction_apply(machine->root, plan, &failure) < 0) {
                _cleanup_(freep) char *text = failure_format(&failure);
                fail_msg("%s", text);
        }
}

Undoing undo(const Machine *machine, const Plan *plan, bool applied) {
        MinFree min_free = {.fixed = true};
        Undoing undoing = {0};

        transaction_min_free(machine->root, plan, applied, &min_free);
        assert_int_equal(transaction_undo(machine->root, plan, applied, &min_free, &undoing), 0);
        assert_int_equal(undoing.n, plan->n);
        return undoing;
}

void undo_all(const Machine *machine, const Plan *plan, bool applied) {
        _cleanup_(undoing_done) Undoing undoing = undo(machine, plan, applied);
        _cleanup_(freep) char *stuck = undoing_format(&undoing, plan, STEP_STUCK);
        _cleanup_(freep) char *alone = undoing_format(&undoing, plan, STEP_LEFT_ALONE);

        assert_string_equal(stuck, "");
        assert_string_equal(alone, "");
}

size_t step_of(const Plan *plan, const char *name) {
        char found[KNOB_NAME_MAX];

        for (size_t i = 0; i < plan->n; i++) {
                knob_ref_name(plan->steps[i].ref, found);
                if (streq(found, name))
                        return i;
        }
        fail_msg("no step for %s", name);
        return 0;
}

void assert_outcome(const Undoing *undoing,
                    const Plan *plan,
                    StepOutcome outcome,
                    const char *text) {
        _cleanup_(freep) char *found = undoing_format(undoing, plan, outcome);

        assert_non_null(found);
        assert_string_equal(found, text);
}

/* Whole */
