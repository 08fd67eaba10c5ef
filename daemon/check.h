/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* memctld --check: would the daemon start, and which profiles would it take? */

#include "core/base/root.h"

/* Prints every problem to stderr and a summary line to stdout. -EINVAL when there is an error. */
int check_all(const Root *root, const char *config_file);
