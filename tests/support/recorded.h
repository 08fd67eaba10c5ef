/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For cmocka programs: a copy of a recorded machine, for readers that are tried on one. */

#include "core/base/root.h"

typedef struct Recorded {
        char *tree;
        Root *root;
} Recorded;

/* NULL is an empty folder. Fails the test when it cannot be copied. */
void recorded_init(Recorded *recorded, const char *name);
void recorded_done(Recorded *recorded);
/* Writes a file of the copy. */
void recorded_put(const Recorded *recorded, const char *path, const char *text);
