/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An event for people: what happened in a few lines, or on one. */

#include "core/machine/oom.h"

/* number counts from 1 within the log. */
void oom_print_event(const OomEvent *event, size_t number);
/* One line. */
void oom_print_line(const OomEvent *event, size_t number);
