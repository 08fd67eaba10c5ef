/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The blocks of a switchback trial, cut out of a trace by its arm column. The setting changes at
 * the ends of blocks only, so that each run of one arm is some blocks long; from that the length of
 * a block is worked out. A trace may begin and end amid a block: such a rest is left out.
 */

#include "core/base/util.h"

/* A row of the trace, as far as a trial is concerned. */
typedef struct ArmRow {
        usec_t at_usec;
        usec_t stall_usec;
        bool valid; /* stall_usec is known */
        int arm;    /* 0 the old setting, 1 the new one; -1: not known */
} ArmRow;

typedef struct ArmBlock {
        usec_t begin_usec;
        usec_t end_usec;
        bool arm;     /* the new setting */
        bool known;   /* no gap, and the counter did not begin anew */
        double share; /* stalled of what lies behind the washout */
} ArmBlock;

/* -ENODATA when the arm never changes; -EDOM when its runs are no multiples of one length. */
int arms_find_length(const ArmRow *rows, size_t n, usec_t *ret_usec);
/* More blocks than these are no trial. */
#define ARMS_BLOCKS_MAX ((size_t) 100000)

/* In order; the caller frees *ret. -ENOMEM; -E2BIG; -EINVAL: the washout leaves nothing. */
int arms_cut(const ArmRow *rows,
             size_t n,
             usec_t block_usec,
             usec_t washout_usec,
             ArmBlock **ret,
             size_t *ret_n);
