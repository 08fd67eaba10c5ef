/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A plan as people read it: for "diff" and for "apply --dry-run". */

#include "core/profile/plan.h"
#include "core/protocol.h"

/* Prints the plan as --json asks. EXIT_CODE_DONE when nothing would change, EXIT_CODE_DIFFERS when
 * something would. context may be all 0 when the machine is another one. */
ExitCode diff_print(const Plan *plan, const KnobContext *context);
