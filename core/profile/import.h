/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Another manager's settings as the text of a profile, which profile_parse takes. */

#include "core/machine/facts.h"
#include "core/profile/assignment.h"

/*
 * Values are checked for this machine's kernel; what it would refuse is moved to the assignments
 * that are left out. from says where it all comes from, for the summary: "tuned's profile oracle".
 * The caller frees *ret. -ENOMEM.
 */
int import_format(const Facts *facts,
                  const char *name,
                  const char *from,
                  Assignments *assignments,
                  char **ret);
