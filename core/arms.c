/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/arms.h"

#include <math.h>

/* Where each run is several blocks, a block is half the shortest, or a third. */
#define PARTS_MAX 3
/* How far a run may be from a multiple, in blocks: for the time that a switch takes, and for rows
 * that are far apart. */
#define TOLERANCE 0.1
#define TOLERANCE_MAX 0.3

typedef struct Run {
        size_t first; /* row */
        size_t last;  /* the row with which the next run begins, or the last of all */
        int arm;
        bool begun_before; /* the trace, or what is known of the arm, begins amid it */
        bool ended_after;
} Run;

/* The run that begins at row i or behind it; false at the end. */
static bool next_run(const ArmRow *rows, size_t n, size_t i, Run *ret) {
        Run run = {0};

        while (i < n && rows[i].arm < 0)
                i++;
        if (i >= n)
                return false;
        run.first = i;
        run.arm = rows[i].arm;
        run.begun_before = i == 0 || rows[i - 1].arm < 0;
        while (i < n && rows[i].arm == run.arm)
                i++;
        run.ended_after = i == n || rows[i].arm < 0;
        run.last = run.ended_after ? i - 1 : i;
        *ret = run;
        return true;
}

static usec_t length_of(const ArmRow *rows, const Run *run) {
        return rows[run->last].at_usec - rows[run->first].at_usec;
}

/* Where the next one is looked for. */
static size_t behind(const Run *run) {
        return run->ended_after ? run->last + 1 : run->last;
}

static double interval_of(const ArmRow *rows, size_t n) {
        return (double) (rows[n - 1].at_usec - rows[0].at_usec) / (double) (n - 1);
}

static double tolerance_of(double block, double interval) {
        return MIN_OF(TOLERANCE + interval / block, TOLERANCE_MAX);
}

/* The length nearest to block that all whole runs are multiples of; 0: none. */
static double fit(const ArmRow *rows, size_t n, double block) {
        double sum = 0, n_blocks = 0, tolerance = tolerance_of(block, interval_of(rows, n));
        Run run;

        for (size_t i = 0; next_run(rows, n, i, &run); i = behind(&run)) {
                if (run.begun_before || run.ended_after)
                        continue;
                double length = (double) length_of(rows, &run), multiple = round(length / block);
                if (multiple < 1 || fabs(length / block - multiple) > tolerance)
                        return 0;
                sum += length;
                n_blocks += multiple;
        }
        return n_blocks > 0 ? sum / n_blocks : 0;
}

int arms_find_length(const ArmRow *rows, size_t n, usec_t *ret_usec) {
        usec_t shortest = USEC_INFINITY;
        Run run;

        for (size_t i = 0; next_run(rows, n, i, &run); i = behind(&run))
                if (!run.begun_before && !run.ended_after)
                        shortest = MIN_OF(shortest, length_of(rows, &run));
        if (shortest == USEC_INFINITY)
                return -ENODATA;
        for (unsigned parts = 1; parts <= PARTS_MAX; parts++) {
                double block = fit(rows, n, (double) shortest / parts);
                if (block <= 0)
                        continue;
                *ret_usec = (usec_t) round(block / USEC_PER_MSEC) * USEC_PER_MSEC;
                return 0;
        }
        return -EDOM;
}

/* Shares */

/* The last row at or before a time; row 0 is. */
static size_t row_at(const ArmRow *rows, size_t n, usec_t at_usec) {
        size_t low = 0, high = n;

        while (high - low > 1) {
                size_t middle = low + (high - low) / 2;
                if (rows[middle].at_usec <= at_usec)
                        low = middle;
                else
                        high = middle;
        }
        return low;
}

static double total_at(const ArmRow *rows, size_t i, usec_t at_usec) {
        const ArmRow *a = &rows[i], *b = &rows[i + 1];
        double part = (double) (at_usec - a->at_usec) / (double) (b->at_usec - a->at_usec);

        return (double) a->stall_usec + part * (double) (b->stall_usec - a->stall_usec);
}

/* The counter ran on between two rows that are near enough to each other. */
static bool runs_on(const ArmRow *rows, size_t i, usec_t longest) {
        const ArmRow *a = &rows[i], *b = &rows[i + 1];

        return a->valid && b->valid && b->stall_usec >= a->stall_usec &&
               b->at_usec - a->at_usec <= longest;
}

static void measure(const ArmRow *rows, size_t n, usec_t washout_usec, ArmBlock *block) {
        usec_t begin_usec = block->begin_usec + washout_usec, kept = block->end_usec - begin_usec;
        size_t first = MIN_OF(row_at(rows, n, begin_usec), n - 2);
        size_t last = MIN_OF(row_at(rows, n, block->end_usec - 1), n - 2);

        for (size_t i = first; i <= last; i++)
                if (!runs_on(rows, i, kept))
                        return;
        double stalled = total_at(rows, last, block->end_usec) - total_at(rows, first, begin_usec);
        block->share = MIN_OF(MAX_OF(stalled / (double) kept, 0.0), 1.0);
        block->known = true;
}

/* How many blocks a run has, and how long each is in truth. */
static size_t
count_blocks(usec_t length, const Run *run, double block, double tolerance, double *ret) {
        double multiple = (double) length / block;
        bool whole = !run->begun_before && !run->ended_after;
        size_t n = whole ? (size_t) round(multiple) : (size_t) floor(multiple + tolerance);

        *ret = whole ? (double) length / (double) MAX_OF(n, (size_t) 1) : block;
        return n;
}

/* Blocks of a run that has its beginning from it on, of another from its end backwards. */
static int cut_run(const ArmRow *rows,
                   size_t n,
                   const Run *run,
                   double block,
                   double tolerance,
                   ArmBlock **blocks,
                   size_t *n_blocks) {
        usec_t begin = rows[run->first].at_usec, end = rows[run->last].at_usec;
        double length;
        size_t count = count_blocks(end - begin, run, block, tolerance, &length);
        double from = run->begun_before ? (double) end - (double) count * length : (double) begin;

        for (size_t i = 0; i < count; i++) {
                if (*n_blocks >= ARMS_BLOCKS_MAX)
                        return -E2BIG;
                int r = array_grow(blocks, *n_blocks, sizeof(ArmBlock));
                if (r < 0)
                        return r;
                double to = from + length;
                (*blocks)[(*n_blocks)++] = (ArmBlock){
                        .begin_usec = (usec_t) MAX_OF(from, (double) begin),
                        .end_usec = (usec_t) MIN_OF(to, (double) end),
                        .arm = run->arm == 1,
                };
                from = to;
        }
        return 0;
}

int arms_cut(const ArmRow *rows,
             size_t n,
             usec_t block_usec,
             usec_t washout_usec,
             ArmBlock **ret,
             size_t *ret_n) {
        _cleanup_(freep) ArmBlock *blocks = NULL;
        double block = (double) block_usec;
        size_t n_blocks = 0;
        Run run;

        if (n < 2 || washout_usec >= block_usec)
                return -EINVAL;
        double tolerance = tolerance_of(block, interval_of(rows, n));
        for (size_t i = 0; next_run(rows, n, i, &run); i = behind(&run)) {
                int r = cut_run(rows, n, &run, block, tolerance, &blocks, &n_blocks);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < n_blocks; i++)
                if (blocks[i].begin_usec + washout_usec < blocks[i].end_usec)
                        measure(rows, n, washout_usec, &blocks[i]);
        *ret = TAKE_PTR(blocks);
        *ret_n = n_blocks;
        return 0;
}
