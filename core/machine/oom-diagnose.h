/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Why memory was short, from what a dump shows; "unknown" where it does not show it. */

#include "core/machine/oom.h"

/* Fills event->diagnosis; the event is otherwise complete. */
void oom_diagnose(OomEvent *event);
