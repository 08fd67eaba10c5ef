/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Writes to a knob what is in its range and what is not, and compares the kernel's answers with
 * the catalogue's. The knob reads as before when these return. */

#include "tests/conformance/machine.h"

/* One file of a settable knob. Prints one TAP line. */
void judge_knob(const Machine *machine, const KeptKnob *knob);
/* A trigger; where others work only what must be refused is written. */
void judge_trigger(const Machine *machine, KnobRef ref);
