/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* sysctl.d(5): "vm.swappiness = 10", "-" before a name that may be missing, "/" in the place of
 * dots, comments with "#" or ";". Later lines win. */

#include "core/profile/assignment.h"

/* Adds what the text says; a line that is no assignment is left out with the reason. */
void sysctl_file_parse(const char *file, const char *text, Assignments *assignments);
