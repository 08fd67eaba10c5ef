/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The tables that "detector" prints. Each tells how many of its cells are beyond their limits. */

#include "tests/bench/detector-peer.h"
#include "tests/bench/detector-watch.h"

typedef struct TableOptions {
        size_t n_runs; /* a cell */
        bool slack;    /* few runs: what chance alone may add does not count */
        bool peers;
} TableOptions;

/* Nothing changed: who says so, within an hour or (day) within 24. */
unsigned table_false(const TableOptions *options, bool day);
/* Stalls became more: who says so, and when. */
unsigned table_power(const TableOptions *options);
/* A provisional revert, then a trial. */
unsigned table_confirm(const TableOptions *options);

/* Is the share of n above (or, for limits below, of n not) what the limit allows? */
bool table_is_above(const TableOptions *options, size_t n, double limit);
const char *table_baseline(size_t n_before);
