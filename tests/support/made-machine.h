/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A machine that never was: a file for each knob that its kernel has, and facts that stay the
 * same, so that messages can be compared word for word.
 */

#include "core/base/root.h"
#include "core/machine/facts.h"

typedef struct MadeMachine {
        char *tree;
        Root *root;
        Facts facts;
} MadeMachine;

/* Linux of that version on x86-64, 8 GiB of RAM, no swap, folios of 16, 64 and 2048 kB. Ends the
 * program when it cannot be made. */
void made_machine_init(MadeMachine *machine, unsigned major, unsigned minor);
void made_machine_done(MadeMachine *machine);
/* etc/memctl/profiles/NAME.yaml; ends the program when it cannot be written. */
void made_machine_profile(const MadeMachine *machine, const char *name, const char *text);
