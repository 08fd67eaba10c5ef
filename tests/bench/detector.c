/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * How often memctl's regression detector cries wolf, how soon it sees one, beside what others do,
 * on simulated hosts. Seeded: each run prints the same figures, but for the costs. Exit status 1
 * when a cell is beyond its limit.
 */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/util.h"
#include "tests/bench/detector-table.h"

#define RUNS 1000
#define RUNS_DAY 100
#define RUNS_CHECK 60
#define RUNS_MAX 100000

static void usage(FILE *file) {
        fputs("detector [--day | --confirm | --check] [RUNS]\n\n"
              "  (none)     false reverts in 1 h, power, cost\n"
              "  --day      false reverts in 24 h\n"
              "  --confirm  provisional reverts and the trials after them\n"
              "  --check    few runs, memctl alone, limits with what chance may add; says TAP\n",
              file);
}

static void print_cost(void) {
        static const Scene scene = {NOISE_ZEROS, 0.005, 0.005};
        static Trace trace;
        double sample_nsec, arm_nsec;

        trace_draw(&trace, &scene, TRACE_BEFORE_SEC, 1);
        watch_cost(&trace, &sample_nsec, &arm_nsec);
        printf("\nCost: %.0f ns a sample of one metric, %.0f us to arm three with an hour before, "
               "%zu bytes\n",
               sample_nsec,
               arm_nsec / 1000,
               sizeof(Detect));
}

static unsigned run(int mode, size_t n_runs) {
        TableOptions options = {.n_runs = n_runs, .peers = true};
        unsigned n_beyond;

        if (n_runs == 0)
                options.n_runs = mode == 'd' ? RUNS_DAY : RUNS;
        if (mode == 'c')
                return table_confirm(&options);
        n_beyond = table_false(&options, mode == 'd');
        if (mode == 'd')
                return n_beyond;
        n_beyond += table_power(&options);
        print_cost();
        return n_beyond;
}

static unsigned say(FILE *tap, unsigned number, unsigned n_beyond, const char *what) {
        fprintf(tap, "%s %u - %s\n", n_beyond > 0 ? "not ok" : "ok", number, what);
        return n_beyond;
}

/* The tables go to standard error. */
static unsigned check(size_t n_runs) {
        const TableOptions options = {.n_runs = n_runs > 0 ? n_runs : RUNS_CHECK, .slack = true};
        FILE *tap = fdopen(dup(STDOUT_FILENO), "w");
        unsigned n = 0;

        if (!tap || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
                return 1;
        fprintf(tap, "1..3\n");
        n += say(tap, 1, table_false(&options, false), "where nothing changed few are reverted");
        n += say(tap, 2, table_power(&options), "where stalls became more most are reverted");
        n += say(tap, 3, table_confirm(&options), "trials confirm what was real, and only that");
        fclose(tap);
        return n;
}

int main(int argc, char **argv) {
        static const struct option options[] = {
                {"day", no_argument, NULL, 'd'},
                {"confirm", no_argument, NULL, 'c'},
                {"check", no_argument, NULL, 'k'},
                {"help", no_argument, NULL, 'h'},
                {0},
        };
        int mode = 'a', c;
        uint64_t n_runs = 0;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
                if (c == '?' || c == 'h') {
                        usage(c == 'h' ? stdout : stderr);
                        return c == 'h' ? EXIT_SUCCESS : 2;
                }
                mode = c;
        }
        if (argc - optind > 1 || (argc > optind && (parse_uint64(argv[optind], &n_runs) < 0 ||
                                                    n_runs == 0 || n_runs > RUNS_MAX))) {
                usage(stderr);
                return 2;
        }
        unsigned n_beyond = mode == 'k' ? check(n_runs) : run(mode, n_runs);
        if (n_beyond > 0)
                printf("\n%u cells are beyond their limits\n", n_beyond);
        return n_beyond > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
