/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A machine to carry transactions out on: a copied tree, a kernel for it, and a count of what was
 * written. The asserts are cmocka's. */

#include "daemon/transaction.h"
#include "tests/support/fake-kernel.h"
#include "tests/support/plan-of.h"
#include "tests/support/tree.h"

#define VM "proc/sys/vm/"
#define THP "sys/kernel/mm/transparent_hugepage/"
#define MIN_FREE VM "min_free_kbytes"

typedef struct Machine {
        char *tree;
        Root *root;
        char *original; /* every knob, when it was opened */
} Machine;

extern size_t machine_writes;
/* This many writes are taken; those after it end the process, or fail when machine_fail_after is
 * set. */
extern size_t machine_writes_taken;
extern bool machine_fail_after;

void machine_open(Machine *machine, const char *name);
void machine_close(Machine *machine);
/* A test's setup and teardown. */
int machine_init(void **state);
int machine_done(void **state);
#define ON_A_MACHINE(test) cmocka_unit_test_setup_teardown(test, machine_init, machine_done)

void put(const Machine *machine, const char *path, const char *text);
void assert_reads(const Machine *machine, const char *path, const char *text);
void assert_original(const Machine *machine);
Plan *make_plan(const Machine *machine, const char *values);
void apply(const Machine *machine, const Plan *plan);
Undoing undo(const Machine *machine, const Plan *plan, bool applied);
/* Nothing is stuck, nothing left alone. */
void undo_all(const Machine *machine, const Plan *plan, bool applied);
size_t step_of(const Plan *plan, const char *name);
void assert_outcome(const Undoing *undoing,
                    const Plan *plan,
                    StepOutcome outcome,
                    const char *text);
