/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Memory that programs were promised, against the limit of mode 2: vm_commit_limit and
 * __vm_enough_memory (mm/util.c). In the other modes the limit is printed and means nothing.
 */

#include "core/machine/figures.h"

typedef enum OvercommitMode {
        OVERCOMMIT_GUESS,  /* only a request larger than all RAM and swap is refused */
        OVERCOMMIT_ALWAYS, /* nothing is */
        OVERCOMMIT_NEVER,  /* what goes beyond the limit is */
        _OVERCOMMIT_MODE_MAX,
} OvercommitMode;

/* Bytes; FIGURE_NONE when not known. */
typedef struct Overcommit {
        OvercommitMode mode;
        int64_t ratio;
        int64_t kbytes; /* 0: the ratio counts */
        int64_t committed;
        int64_t limit;        /* worked out */
        int64_t kernel_limit; /* CommitLimit of proc/meminfo */
        int64_t total;        /* RAM and swap */
} Overcommit;

/* -errno of a file that every kernel has. */
int overcommit_read(const Root *root, const Figures *meminfo, uint64_t page_bytes, Overcommit *ret);
const char *overcommit_mode_to_string(OvercommitMode mode);
