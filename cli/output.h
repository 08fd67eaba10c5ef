/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A file that a person named to be written; "-" is standard output. The only place of the command
 * that opens a file for writing.
 */

#include "core/base/util.h"

/* fresh: -EEXIST when there is such a file. -errno. */
int output_open(const char *path, bool fresh, FILE **ret);
/* -errno when not all of it could be written; also of what went wrong before. */
int output_close(FILE *file);
