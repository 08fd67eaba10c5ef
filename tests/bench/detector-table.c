/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bench/detector-table.h"

#include <math.h>

bool table_is_above(const TableOptions *options, size_t n, double limit) {
        double runs = (double) options->n_runs, sigma = sqrt(limit * (1 - limit) / runs);

        return (double) n / runs > limit + (options->slack ? 3 * sigma : 0) + 1e-9;
}

const char *table_baseline(size_t n_before) {
        switch (n_before) {
        case 30:
                return "30 s";
        case 300:
                return "5 min";
        default:
                return "1 h";
        }
}
