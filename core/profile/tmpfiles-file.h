/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* tmpfiles.d(5), the lines that write to a file: "w /sys/kernel/mm/... - - - - madvise". */

#include "core/profile/assignment.h"

/* Adds what is written to knobs; all other lines are no business of ours. */
void tmpfiles_file_parse(const char *file, const char *text, Assignments *assignments);
