/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bench/detector-table.h"

#include <stdio.h>

#define MEAN 0.005
#define HOUR_SEC 3600
#define SEED 1000

static const size_t baselines[] = {30, 300, 3600};
#define BASELINES ELEMENTSOF(baselines)

typedef struct Counts {
        size_t watch[DETECT_ABSOLUTE + 1]; /* by what raised it; QUIET: any */
        size_t peers[_PEER_MAX];
} Counts;

/* Of runs, how many may revert in an hour; 1: no limit, since nothing can be promised. */
static double limit_of(Noise noise, size_t n_before) {
        switch (noise) {
        case NOISE_IDLE:
        case NOISE_ZEROS:
        case NOISE_SPARSE:
        case NOISE_DIURNAL:
                return 0.01;
        case NOISE_AR:
        case NOISE_CRON:
                return 0.05;
        case NOISE_BURSTS:
                return n_before < HOUR_SEC ? 0.10 : 0.05;
        case NOISE_PARETO:
                return 0.15;
        case NOISE_LOAD:
        case _NOISE_MAX:
                break;
        }
        return 1;
}

static void
count(const TableOptions *options, const Trace *trace, size_t n_before, Counts *counts) {
        Watch watch = watch_run(trace, n_before);

        if (watch.alarm != DETECT_QUIET) {
                counts->watch[DETECT_QUIET]++;
                counts->watch[watch.alarm]++;
        }
        for (Peer peer = 0; options->peers && peer < _PEER_MAX; peer++)
                counts->peers[peer] += peer_run(peer, trace, n_before) > 0;
}

static void run(const TableOptions *options, size_t n_since, Counts counts[_NOISE_MAX][BASELINES]) {
        static Trace trace;

        for (Noise noise = 0; noise < _NOISE_MAX; noise++)
                for (size_t i = 0; i < options->n_runs; i++) {
                        const Scene scene = {noise, MEAN, MEAN};
                        trace_draw(&trace, &scene, n_since, SEED + i);
                        for (size_t j = 0; j < BASELINES; j++)
                                count(options, &trace, baselines[j], &counts[noise][j]);
                }
}

static void print_head(const TableOptions *options, size_t n_before) {
        printf("\nbaseline %s\n%-9s", table_baseline(n_before), "noise");
        for (Peer peer = 0; options->peers && peer < _PEER_MAX; peer++)
                printf(" %8s", peer_to_string(peer));
        printf(" %8s %8s %8s %8s %8s\n", "memctl", "ranks", "budget", "absolute", "limit");
}

static bool
print_row(const TableOptions *options, Noise noise, const Counts *counts, double limit) {
        bool above = table_is_above(options, counts->watch[DETECT_QUIET], limit);
        double percent = 100.0 / (double) options->n_runs;

        printf("%-9s", noise_to_string(noise));
        for (Peer peer = 0; options->peers && peer < _PEER_MAX; peer++)
                printf(" %8.1f", (double) counts->peers[peer] * percent);
        for (DetectAlarm alarm = 0; alarm <= DETECT_ABSOLUTE; alarm++)
                printf(" %8.1f", (double) counts->watch[alarm] * percent);
        if (limit < 1)
                printf(" %8.0f%s", 100 * limit, above ? "  ABOVE" : "");
        printf("\n");
        return above;
}

unsigned table_false(const TableOptions *options, bool day) {
        static Counts counts[_NOISE_MAX][BASELINES];
        size_t n_since = day ? 24 * HOUR_SEC : HOUR_SEC;
        unsigned n_above = 0;

        printf("Nothing changed, mean %.1f %%: %% of %zu runs reverted within %zu h\n",
               100 * MEAN,
               options->n_runs,
               n_since / HOUR_SEC);
        run(options, n_since, counts);
        for (size_t i = 0; i < BASELINES; i++) {
                print_head(options, baselines[i]);
                for (Noise noise = 0; noise < _NOISE_MAX; noise++) {
                        double limit = day ? 1 : limit_of(noise, baselines[i]);
                        n_above += print_row(options, noise, &counts[noise][i], limit);
                }
        }
        return n_above;
}
