/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What gen-knobs.py makes of knobs.ini, sorted by name. Only knob.c and
 * knob-ref.c use it. */

#include "core/knobs/knob.h"

extern const Knob knobs_table[];
extern const size_t knobs_table_n;
extern const KnobGroup groups_table[];
extern const size_t groups_table_n;
