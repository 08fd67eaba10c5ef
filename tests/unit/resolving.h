/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Profiles on a made machine, and what they come to. */

#include "core/profile/resolve.h"
#include "tests/support/made-machine.h"

/* *state is a MadeMachine, of Linux 6.12. */
int resolving_init(void **state);
int resolving_done(void **state);
#define ON_A_MACHINE(test) cmocka_unit_test_setup_teardown(test, resolving_init, resolving_done)

/* Writes a profile with a summary; the rest is given. */
void put(const MadeMachine *machine, const char *name, const char *body);
/* Without a problem; the caller frees. */
Settings *resolve(const MadeMachine *machine, const char *name);
/* It gives that -errno, or 0, and its problems hold the words. */
void assert_complaint(const MadeMachine *machine,
                      const char *name,
                      int expected,
                      const char *words);
const Setting *find(const Settings *settings, const char *name);
void assert_value(const Settings *settings, const char *name, const char *expected);
