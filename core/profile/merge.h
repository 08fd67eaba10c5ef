/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Two plans that were carried out one after the other, as one. */

#include "core/profile/plan.h"

/*
 * Each knob has first's old value where first has it, else then's, and the newest new value:
 * undoing the result leads back to before first. Knobs that are back where they began drop out, and
 * so do guards, whose work is done. A coupled pair is one knob. What then's profile asks for and
 * is so without a step is among the unchanged. first may be NULL. -ENOMEM.
 */
int plan_merge(const Plan *first, const Plan *then, Plan **ret);
