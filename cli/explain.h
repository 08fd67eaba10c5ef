/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The two halves of "explain", as text or as JSON. */

#include "cli/machine.h"

ExitCode explain_knob(const Machine *machine, KnobRef ref);
ExitCode explain_profile(const Machine *machine, const Profile *profile);
