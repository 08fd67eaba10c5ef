/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Plans for a copy of a recorded machine, from settings that a test spells out; whatever goes wrong
 * on the way fails the test. */

#include "core/machine/facts.h"
#include "core/profile/plan.h"

typedef struct Wanted {
        const char *knob;
        const char *value;
        bool optional;
        Only only;
} Wanted;

/* A plan for a copy of a machine, and all that it was made of. */
typedef struct Fixture {
        char *tree;
        Root *root;
        Facts facts;
        Settings settings;
        Setting *restore;
        size_t n_restore;
        Plan *plan;
        char *problem;
} Fixture;

void fixture_open(Fixture *fixture, const char *machine);
void fixture_done(Fixture *fixture);

/* Puts a value straight into the tree. */
void poke(const Fixture *fixture, const char *knob, const char *text);

/* plan_new() into fixture->plan, with its problems in fixture->problem. The settings come from
 * lines 1, 2, ... of "x.yaml". */
int make_plan(
        Fixture *fixture, const Wanted *wanted, size_t n, const Wanted *restore, size_t n_restore);

#define PLAN(fixture, ...)                                     \
        make_plan((fixture),                                   \
                  (const Wanted[]){__VA_ARGS__},               \
                  ELEMENTSOF(((const Wanted[]){__VA_ARGS__})), \
                  NULL,                                        \
                  0)

/* "swappiness=1 enabled=never (min_free_kbytes=67584)": the steps in their order, without the
 * section's name, guards in parentheses. */
void assert_steps(const Fixture *fixture, const char *expected);
/* Which value where takes the step back. */
void assert_undo(const Step *step, const char *knob, const char *text);

#define THP "transparent_hugepage."
