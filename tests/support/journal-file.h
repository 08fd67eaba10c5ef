/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A journal in a tree, made by systemd's own writer (package systemd-journal-remote). */

#include "core/base/util.h"

typedef struct JournalEntry {
        usec_t realtime_usec;
        char boot; /* a hexadecimal digit: the boot's id is 32 of it */
        const char *message;
        const char *transport; /* NULL: "kernel" */
} JournalEntry;

/* Why none can be made here; NULL when one can. */
const char *journal_file_missing(void);
/* The tree's system journal, which is not there yet, with these entries in this order. */
void journal_file_write(const char *tree, const JournalEntry *entries, size_t n);

/* What the kernel says when it kills a process in a cgroup; the caller frees. */
char *journal_file_kill(const char *comm, int pid, const char *task_memcg);
