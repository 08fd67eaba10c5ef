/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bench/detector-table.h"

#include <stdio.h>
#include <stdlib.h>

#define WATCH_SEC 3600
#define SEED 2000000
#define RUNS_MAX 100000
/* Of the runs, how many may call a change worse that was none. */
#define WRONG_MAX 0.001

typedef struct Counts {
        size_t n_reverted; /* provisionally */
        size_t n_confirmed;
        size_t n_reinstated;
        double minutes[RUNS_MAX]; /* of the trials that decided */
        size_t n_decided;
} Counts;

static void count(const Settlement *settlement, Counts *counts) {
        bool confirmed = settlement->effect == TRIAL_WORSE;
        bool reinstated = settlement->effect == TRIAL_NONE || settlement->effect == TRIAL_BETTER ||
                          (!confirmed && settlement->is_harmless);

        counts->n_reverted++;
        counts->n_confirmed += confirmed;
        counts->n_reinstated += reinstated;
        if (confirmed || reinstated)
                counts->minutes[counts->n_decided++] = (double) settlement->taken_sec / 60;
}

static void run(const TableOptions *options, const Scene *scene, size_t n_before, Counts *counts) {
        static Trace trace;

        counts->n_reverted = counts->n_confirmed = counts->n_reinstated = counts->n_decided = 0;
        for (size_t i = 0; i < options->n_runs; i++) {
                trace_draw(&trace, scene, WATCH_SEC, SEED + i);
                Watch watch = watch_run(&trace, n_before);
                if (watch.alarm == DETECT_QUIET)
                        continue;
                Settlement settlement = watch_settle(&watch, scene, SEED + i);
                count(&settlement, counts);
        }
}

static int compare(const void *a, const void *b) {
        const double *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

static void
print_row(const TableOptions *options, const Scene *scene, size_t n_before, Counts *counts) {
        double percent = 100.0 / (double) options->n_runs;

        printf("%4.1f ->%5.1f  %-8s %-6s %9.1f %9.2f %10.1f %9.1f",
               100 * scene->old,
               100 * scene->new,
               noise_to_string(scene->noise),
               table_baseline(n_before),
               (double) counts->n_reverted * percent,
               (double) counts->n_confirmed * percent,
               (double) counts->n_reinstated * percent,
               (double) (counts->n_reverted - counts->n_confirmed - counts->n_reinstated) *
                       percent);
        qsort(counts->minutes, counts->n_decided, sizeof(counts->minutes[0]), compare);
        if (counts->n_decided > 0)
                printf(" %8.1f", counts->minutes[counts->n_decided / 2]);
}

static unsigned nothing_changed(const TableOptions *options, Counts *counts) {
        static const size_t baselines[] = {30, 300, 3600};
        size_t n_baselines = options->slack ? 1 : ELEMENTSOF(baselines);
        unsigned n_above = 0;

        for (Noise noise = 0; noise < _NOISE_MAX; noise++)
                for (size_t i = 0; i < n_baselines; i++) {
                        const Scene scene = {noise, 0.005, 0.005};
                        run(options, &scene, baselines[i], counts);
                        bool above = table_is_above(options, counts->n_confirmed, WRONG_MAX);
                        print_row(options, &scene, baselines[i], counts);
                        printf("%s\n", above ? "  ABOVE" : "");
                        n_above += above;
                }
        return n_above;
}

static unsigned worse(const TableOptions *options, Counts *counts) {
        static const struct {
                Noise noise;
                double least; /* of those reverted, confirmed; 0: no promise */
        } cases[] = {
                {NOISE_ZEROS, 0.95},
                {NOISE_SPARSE, 0.75},
                {NOISE_AR, 0.90},
                {NOISE_DIURNAL, 0.85},
                {NOISE_LOAD, 0.70},
                {NOISE_BURSTS, 0},
        };
        unsigned n_below = 0;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const Scene scene = {cases[i].noise, 0.005, 0.02};
                run(options, &scene, TRACE_BEFORE_SEC, counts);
                size_t missed = counts->n_reverted - counts->n_confirmed;
                bool below = table_is_above(options, missed, 1 - cases[i].least);
                print_row(options, &scene, TRACE_BEFORE_SEC, counts);
                printf("%s\n", below ? "  BELOW" : "");
                n_below += below;
        }
        return n_below;
}

unsigned table_confirm(const TableOptions *options) {
        static Counts counts;

        printf("\nReverted provisionally within 1 h, then a trial of at most 30 min: %% of %zu "
               "runs\n",
               options->n_runs);
        printf("%-12s  %-8s %-6s %9s %9s %10s %9s %8s\n",
               "mean, %",
               "noise",
               "before",
               "reverted",
               "confirmed",
               "reinstated",
               "unclear",
               "minutes");
        unsigned n_beyond = nothing_changed(options, &counts);
        return n_beyond + worse(options, &counts);
}
