/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * All that judges one metric: ranks at block lengths of 1 to 32 blocks, bursts, the stall budget,
 * the absolute test, and the means. Armed once with the time before, then fed block by block.
 *
 * A block length takes part when blocks of that length look independent of each other in the time
 * before (if none does, the longest alone), since ranks of what hangs together are no evidence.
 * Where the shortest do not, and the time before had bursts enough to compare with, bursts take
 * part too. Those who take part have shares of the metric's alpha, the shorter the more: their
 * e-values are about different pasts, so that their maximum may be used, weighted, not their mean.
 */

#include "core/judge/absolute.h"
#include "core/judge/average.h"
#include "core/judge/blocks.h"
#include "core/judge/budget.h"
#include "core/judge/burst.h"
#include "core/judge/exceed.h"

#define STREAM_SCALES 6 /* block lengths 1, 2, 4, ... 32 blocks */

typedef struct StreamScale {
        Exceed exceed;
        double share; /* of the metric's alpha; 0: does not take part */
        double partial;
        unsigned n_partial;
} StreamScale;

typedef struct Stream {
        size_t n_before; /* blocks */
        Average before;
        Average after;
        StreamScale scales[STREAM_SCALES];
        Burst burst;
        Exceed bursts;
        double burst_share;
        Budget budget;
        Absolute absolute;
} Stream;

/* before: n blocks and gaps, oldest first, each block_sec long. margin: a rise that matters, at
 * least. */
void stream_arm(Stream *stream, const double *before, size_t n, double block_sec, double margin);
/* One block since the change. */
void stream_add(Stream *stream, double share);
/* What follows does not hang together with what was. */
void stream_break(Stream *stream);

bool stream_has_before(const Stream *stream);
/* The largest e-value, its share taken; the block length in blocks that shows it, 0: bursts. */
double stream_evidence(const Stream *stream, unsigned *ret_length);
