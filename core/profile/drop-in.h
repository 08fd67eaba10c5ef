/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Files in several folders as systemd reads them: one masks another of the same name in a later
 * folder whole, an empty one or a link to the null device too; what is left is read in the order of
 * the file names (sysctl.d(5), tmpfiles.d(5)).
 */

#include "core/base/root.h"

typedef struct DropIn {
        char *path; /* relative to the root */
        const char *name;
} DropIn;

typedef struct DropIns {
        DropIn *items;
        size_t n;
} DropIns;

/* folders in the order of precedence, NULL-terminated; those that are missing are passed over.
 * -ENOMEM. */
int drop_ins_list(const Root *root, const char *const folders[], const char *suffix, DropIns *ret);
void drop_ins_done(DropIns *drop_ins);
