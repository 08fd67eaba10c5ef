/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A recorded pressure trace: CSV, one row a reading. Lines that begin with "#" are comments; the
 * first other line names the columns, in any order: time_us (needed), memory_some_total and so on
 * for each metric, the counters by their names, arm (of a trial: 1 is the new setting). Columns of
 * other names are passed over. Totals are microseconds, cumulative.
 */

#include "core/base/problem.h"
#include "core/machine/sample.h"

/* Times begin here, so that no sample is at 0, which means "none" elsewhere. */
#define TRACE_EPOCH USEC_PER_SEC

typedef struct TraceRow {
        Sample sample; /* at_usec: after the first row, plus TRACE_EPOCH */
        int arm;       /* 0 or 1; -1: not known */
} TraceRow;

/* Non-zero ends the reading and is returned. */
typedef int (*TraceVisitor)(const TraceRow *row, void *userdata);

/*
 * Row by row, in constant memory. file is for messages. -EINVAL with a located problem when a line
 * is not what it should be: rows before it have been visited, those behind it are read for their
 * problems only. A last line that is cut off, and a row of the same time as the one before, are
 * warned of and left out. Another negative errno of reading.
 */
int trace_read(int fd, const char *file, Problems *problems, TraceVisitor visitor, void *userdata);

/* The line that names the columns that are recorded, and a row of them. */
void trace_write_header(FILE *out);
void trace_write_row(FILE *out, const Sample *sample, usec_t start_usec);
