/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The test's results as TAP. The counters are shared with child processes, so that whichever of
 * them prints a line numbers it right. What was noted and what went wrong is printed as
 * diagnostics below the line.
 */

#include "core/base/util.h"

/* Lines go to out. -errno. Before the first fork. */
int tap_begin(FILE *out);

/* For the next line: a remark, or what makes it fail. */
void tap_note(const char *format, ...) _printf_(1, 2);
void tap_fail(const char *format, ...) _printf_(1, 2);
/* "ok N - NAME", or "not ok" when anything failed since the last line. */
void tap_line(const char *format, ...) _printf_(1, 2);
/* Prints the plan and forgets all; whether all lines were ok. */
bool tap_end(void);
