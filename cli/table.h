/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A table for the terminal. Rows are filled cell by cell; at the end columns get the width of
 * their longest cell. When that is wider than the terminal, the last column is cut or left out, and
 * where that does not suffice, a long first cell stands on a line of its own.
 */

#include "cli/print.h"

#define TABLE_COLUMNS_MAX 10

typedef struct TableCell {
        char *text;
        Style style;
} TableCell;

typedef struct Table {
        size_t n_columns;
        TableCell *cells; /* row after row; the first row is the heading */
        size_t n;
        size_t indent;
        unsigned right; /* a bit for each column whose cells stand at its right: numbers */
        bool keep_last; /* never cut the last column: half a path is of no use */
        bool drop_last; /* leave it out where little of it would fit */
        bool failed;    /* memory was short */
} Table;

/* Headings in upper case, NULL-terminated. */
void table_init(Table *table, const char *const headings[]);
void table_done(Table *table);

void table_add(Table *table, Style style, const char *format, ...) _printf_(3, 4);
/* The text is copied; NULL is an empty cell. */
void table_add_text(Table *table, Style style, const char *text);
size_t table_rows(const Table *table);
/* No heading with --no-legend. */
ExitCode table_print(const Table *table);
