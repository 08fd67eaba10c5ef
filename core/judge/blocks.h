/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Readings of one cumulative stall counter cut into blocks: the share of each that was stalled. The
 * measured time counts, not the time that was planned. A gap (suspend, a stopped daemon) and a
 * counter that began anew (a cgroup made again) give no block, never a wrong one.
 */

#include "core/base/util.h"

#define BLOCKS_MAX 360 /* an hour of 10 s */
/* In the ring: the blocks on both sides do not hang together. */
#define BLOCKS_GAP (-1.0)

typedef struct Blocks {
        usec_t length_usec;
        usec_t begin_usec; /* of the block under way; 0: none */
        usec_t begin_total;
        usec_t last_usec; /* the latest reading */
        usec_t last_total;
        double ring[BLOCKS_MAX]; /* shares and gaps */
        size_t next;
        size_t n;
        unsigned n_gaps;
        unsigned n_resets;
} Blocks;

typedef struct BlocksNews {
        bool gap;          /* what follows does not hang together with what was */
        bool reset;        /* and the counter began anew */
        double passed_sec; /* since the reading before; 0: there is none to compare with */
        double share;      /* of that time */
        bool closed;       /* a block ended with this reading */
        double block;      /* its share */
} BlocksNews;

void blocks_init(Blocks *blocks, usec_t length_usec);
/* A reading at a time later than the one before; others are passed over. total is in
 * microseconds. */
BlocksNews blocks_add(Blocks *blocks, usec_t at_usec, usec_t total);
/* The counter could not be read: a gap. True when there was something before it. */
bool blocks_miss(Blocks *blocks);
/* Keeps a closed block, for blocks_copy. A gap is kept by blocks_add and blocks_miss themselves. */
void blocks_keep(Blocks *blocks, double share);
/* The latest reading begins a new block. */
void blocks_begin(Blocks *blocks);
/* What is kept, oldest first, gaps included. */
size_t blocks_copy(const Blocks *blocks, double ret[static BLOCKS_MAX]);
