/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bench/detector-table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define WATCH_SEC 3600
#define SEED 500000
#define RUNS_MAX 100000

static const Scene scenes[] = {
        {NOISE_ZEROS, 0, 0.005},     {NOISE_ZEROS, 0.005, 0.02},   {NOISE_SPARSE, 0.005, 0.02},
        {NOISE_AR, 0.005, 0.02},     {NOISE_DIURNAL, 0.005, 0.02}, {NOISE_LOAD, 0.005, 0.02},
        {NOISE_BURSTS, 0.005, 0.02}, {NOISE_ZEROS, 0.02, 0.06},    {NOISE_SPARSE, 0.02, 0.06},
        {NOISE_AR, 0.02, 0.06},      {NOISE_DIURNAL, 0.02, 0.06},  {NOISE_LOAD, 0.02, 0.06},
        {NOISE_BURSTS, 0.02, 0.06},  {NOISE_ZEROS, 0.02, 0.20},    {NOISE_SPARSE, 0.02, 0.20},
        {NOISE_AR, 0.02, 0.20},      {NOISE_DIURNAL, 0.02, 0.20},  {NOISE_LOAD, 0.02, 0.20},
        {NOISE_BURSTS, 0.02, 0.20},
};

static const size_t baselines[] = {3600, 300};
#define BASELINES ELEMENTSOF(baselines)

/* Seconds to the revert of each run; infinite: none. */
typedef struct Times {
        double seconds[RUNS_MAX];
        size_t n;
        size_t n_reverted;
} Times;

enum {
        MEMCTL = _PEER_MAX,
        CONTESTANTS
};

static void times_add(Times *times, size_t at_sec) {
        times->seconds[times->n++] = at_sec > 0 ? (double) at_sec : INFINITY;
        times->n_reverted += at_sec > 0;
}

static int compare(const void *a, const void *b) {
        const double *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

/* Counts those without a revert. */
static double times_median(Times *times) {
        qsort(times->seconds, times->n, sizeof(times->seconds[0]), compare);
        return times->seconds[times->n / 2];
}

static void times_print(Times *times) {
        double median = times_median(times);

        printf(" %4.0f /", 100.0 * (double) times->n_reverted / (double) times->n);
        if (isinf(median))
                printf(" %4s", "-");
        else
                printf(" %4.0f", median);
}

static void
run(const TableOptions *options, const Scene *scene, Times times[BASELINES][CONTESTANTS]) {
        static Trace trace;

        for (size_t i = 0; i < BASELINES; i++)
                for (size_t j = 0; j < CONTESTANTS; j++)
                        times[i][j].n = times[i][j].n_reverted = 0;
        for (size_t i = 0; i < options->n_runs; i++) {
                trace_draw(&trace, scene, WATCH_SEC, SEED + i);
                for (size_t j = 0; j < BASELINES; j++) {
                        times_add(&times[j][MEMCTL], watch_run(&trace, baselines[j]).at_sec);
                        for (Peer peer = 0; options->peers && peer < _PEER_MAX; peer++)
                                times_add(&times[j][peer], peer_run(peer, &trace, baselines[j]));
                }
        }
}

/* Of the runs, how many must revert; 0: no promise. */
static double least(const Scene *scene, size_t n_before) {
        bool long_before = n_before >= TRACE_BEFORE_SEC;

        switch (scene->noise) {
        case NOISE_ZEROS:
                return 0.95;
        case NOISE_SPARSE:
        case NOISE_AR:
        case NOISE_DIURNAL:
                return long_before ? 0.95 : 0.75;
        case NOISE_LOAD:
                return long_before ? 0.90 : 0.80;
        case NOISE_IDLE:
        case NOISE_CRON:
        case NOISE_BURSTS:
        case NOISE_PARETO:
        case _NOISE_MAX:
                break;
        }
        return 0;
}

/* The budget sees most rises in the end; ranks see them soon. */
static double latest(const Scene *scene, size_t n_before) {
        if (scene->noise != NOISE_ZEROS)
                return INFINITY;
        return n_before >= TRACE_BEFORE_SEC ? 300 : 600;
}

static bool
is_below(const TableOptions *options, const Scene *scene, size_t n_before, Times *times) {
        double limit = least(scene, n_before);

        if (limit > 0 && table_is_above(options, times->n - times->n_reverted, 1 - limit))
                return true;
        return times_median(times) > latest(scene, n_before);
}

static unsigned
print_row(const TableOptions *options, const Scene *scene, Times times[BASELINES][CONTESTANTS]) {
        unsigned n_below = 0;

        for (size_t i = 0; i < BASELINES; i++) {
                printf("%4.1f ->%5.1f  %-8s %-6s",
                       100 * scene->old,
                       100 * scene->new,
                       noise_to_string(scene->noise),
                       table_baseline(baselines[i]));
                for (Peer peer = 0; options->peers && peer < _PEER_MAX; peer++)
                        times_print(&times[i][peer]);
                times_print(&times[i][MEMCTL]);
                bool below = is_below(options, scene, baselines[i], &times[i][MEMCTL]);
                printf("%s\n", below ? "  BELOW" : "");
                n_below += below;
        }
        return n_below;
}

unsigned table_power(const TableOptions *options) {
        static Times times[BASELINES][CONTESTANTS];
        unsigned n_below = 0;

        printf("\nStalls became more: %% of %zu runs reverted within 1 h / median seconds\n",
               options->n_runs);
        printf("%-12s  %-8s %-6s", "mean, %", "noise", "before");
        for (Peer peer = 0; options->peers && peer < _PEER_MAX; peer++)
                printf(" %11s", peer_to_string(peer));
        printf(" %11s\n", "memctl");
        for (size_t i = 0; i < ELEMENTSOF(scenes); i++) {
                run(options, &scenes[i], times);
                n_below += print_row(options, &scenes[i], times);
        }
        return n_below;
}
