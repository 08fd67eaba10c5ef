/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/judge/blocks.h"

/* A timer keeps its time but for this part of the interval. */
#define EARLY_PART 50

void blocks_init(Blocks *blocks, usec_t length_usec) {
        *blocks = (Blocks){.length_usec = length_usec};
}

void blocks_keep(Blocks *blocks, double share) {
        blocks->ring[blocks->next] = share;
        blocks->next = (blocks->next + 1) % BLOCKS_MAX;
        blocks->n = MIN_OF(blocks->n + 1, (size_t) BLOCKS_MAX);
}

static void keep_gap(Blocks *blocks) {
        blocks->n_gaps++;
        blocks->begin_usec = 0;
        if (blocks->n > 0)
                blocks_keep(blocks, BLOCKS_GAP);
}

bool blocks_miss(Blocks *blocks) {
        if (!blocks->begin_usec)
                return false;
        keep_gap(blocks);
        return true;
}

/* The counter is of another cgroup of the same name: what was kept is not its past. */
static void reset(Blocks *blocks) {
        blocks->n_resets++;
        blocks->n = 0;
        keep_gap(blocks);
}

static double share_of(usec_t stalled, usec_t passed) {
        return stalled >= passed ? 1.0 : (double) stalled / (double) passed;
}

void blocks_begin(Blocks *blocks) {
        if (!blocks->begin_usec)
                return;
        blocks->begin_usec = blocks->last_usec;
        blocks->begin_total = blocks->last_total;
}

static void measure(Blocks *blocks, usec_t at_usec, usec_t total, BlocksNews *news) {
        usec_t passed = at_usec - blocks->last_usec, length = at_usec - blocks->begin_usec;

        news->passed_sec = (double) passed / USEC_PER_SEC;
        news->share = share_of(total - blocks->last_total, passed);
        if (length + blocks->length_usec / EARLY_PART < blocks->length_usec)
                return;
        news->closed = true;
        news->block = share_of(total - blocks->begin_total, length);
        blocks->begin_usec = at_usec;
        blocks->begin_total = total;
}

BlocksNews blocks_add(Blocks *blocks, usec_t at_usec, usec_t total) {
        BlocksNews news = {0};

        if (blocks->begin_usec && at_usec <= blocks->last_usec)
                return news;
        if (blocks->begin_usec && total < blocks->last_total) {
                reset(blocks);
                news.gap = news.reset = true;
        } else if (blocks->begin_usec &&
                   at_usec - blocks->last_usec > blocks->length_usec + blocks->length_usec / 2) {
                keep_gap(blocks);
                news.gap = true;
        }
        if (blocks->begin_usec)
                measure(blocks, at_usec, total, &news);
        else {
                blocks->begin_usec = at_usec;
                blocks->begin_total = total;
        }
        blocks->last_usec = at_usec;
        blocks->last_total = total;
        return news;
}

size_t blocks_copy(const Blocks *blocks, double ret[static BLOCKS_MAX]) {
        size_t first = (blocks->next + BLOCKS_MAX - blocks->n) % BLOCKS_MAX;

        for (size_t i = 0; i < blocks->n; i++)
                ret[i] = blocks->ring[(first + i) % BLOCKS_MAX];
        return blocks->n;
}
