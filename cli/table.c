/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/table.h"

#include <stdarg.h>

#define GAP ((size_t) 2)

typedef struct Layout {
        size_t widths[TABLE_COLUMNS_MAX];
        size_t first; /* the longest first cell that shares its line */
} Layout;

void table_init(Table *table, const char *const headings[]) {
        *table = (Table){0};
        while (headings[table->n_columns] && table->n_columns < TABLE_COLUMNS_MAX)
                table->n_columns++;
        for (size_t i = 0; i < table->n_columns; i++)
                table_add_text(table, STYLE_DIM, headings[i]);
}

void table_done(Table *table) {
        for (size_t i = 0; i < table->n; i++)
                free(table->cells[i].text);
        free(table->cells);
        *table = (Table){0};
}

void table_add_text(Table *table, Style style, const char *text) {
        if (array_grow(&table->cells, table->n, sizeof(TableCell)) < 0) {
                table->failed = true;
                return;
        }
        char *copy = text_harmless(text ? text : "", false);
        if (!copy)
                table->failed = true;
        else
                table->cells[table->n++] = (TableCell){.text = copy, .style = style};
}

void table_add(Table *table, Style style, const char *format, ...) {
        _cleanup_(freep) char *text = NULL;
        va_list ap;

        va_start(ap, format);
        int r = vasprintf(&text, format, ap);
        va_end(ap);
        if (r < 0) {
                text = NULL;
                table->failed = true;
                return;
        }
        table_add_text(table, style, text);
}

size_t table_rows(const Table *table) {
        return table->n / table->n_columns - 1;
}

static size_t cell_width(const Table *table, size_t row, size_t column) {
        return text_width(table->cells[row * table->n_columns + column].text);
}

static size_t layout_total(const Table *table, const Layout *layout) {
        size_t total = table->indent;

        for (size_t i = 0; i < table->n_columns; i++)
                total += layout->widths[i] + (i > 0 ? GAP : 0);
        return total;
}

/* The longest first cell that still fits when it shares its line with the other columns. */
static void layout_narrow(const Table *table, size_t over, Layout *layout) {
        size_t wanted = layout->widths[0] > over ? layout->widths[0] - over : 0;
        size_t best = 0;

        for (size_t row = 0; row * table->n_columns < table->n; row++) {
                size_t width = cell_width(table, row, 0);
                if (width <= wanted)
                        best = MAX_OF(best, width);
        }
        layout->widths[0] = layout->first = MAX_OF(best, (size_t) 4);
}

static Layout table_layout(const Table *table) {
        Layout layout = {0};
        size_t last = table->n_columns - 1, width = print_width();

        for (size_t row = arg_legend ? 0 : 1; row * table->n_columns < table->n; row++)
                for (size_t i = 0; i < table->n_columns; i++)
                        layout.widths[i] = MAX_OF(layout.widths[i], cell_width(table, row, i));
        layout.first = layout.widths[0];

        size_t total = layout_total(table, &layout);
        if (total <= width)
                return layout;
        size_t least = table->keep_last ? layout.widths[last] : MIN_OF(layout.widths[last], 24u);
        size_t cut = MIN_OF(total - width, layout.widths[last] - least);
        layout.widths[last] -= cut;
        if (total - cut > width)
                layout_narrow(table, total - cut - width, &layout);
        return layout;
}

/* As much of the text as fits, ending in an ellipsis when it is cut. */
static void print_cut(const char *text, size_t width) {
        size_t room = width - MIN_OF(width, text_width(glyph(GLYPH_ELLIPSIS)));
        const char *p = text;

        if (text_width(text) <= width) {
                (void) fputs(text, stdout);
                return;
        }
        for (size_t columns = 0; *p && columns < room; columns++)
                do
                        p++;
                while (((unsigned char) *p & 0xc0) == 0x80);
        (void) printf("%.*s%s", (int) (p - text), text, glyph(GLYPH_ELLIPSIS));
}

static bool rest_is_empty(const Table *table, size_t row, size_t column) {
        for (size_t i = column + 1; i < table->n_columns; i++)
                if (cell_width(table, row, i) > 0)
                        return false;
        return true;
}

static void print_cell(const Table *table, const Layout *layout, size_t row, size_t column) {
        const TableCell *cell = &table->cells[row * table->n_columns + column];
        size_t width = layout->widths[column], columns = text_width(cell->text);
        bool last = column + 1 == table->n_columns;

        (void) fputs(style_begin(cell->style), stdout);
        if (last)
                print_cut(cell->text, width);
        else
                (void) fputs(cell->text, stdout);
        (void) fputs(style_end(cell->style), stdout);
        if (last || rest_is_empty(table, row, column))
                return;
        if (column == 0 && columns > layout->first) {
                (void) printf("\n%*s", (int) table->indent, "");
                columns = 0;
        }
        (void) printf("%*s", (int) (width - MIN_OF(columns, width) + GAP), "");
}

ExitCode table_print(const Table *table) {
        Layout layout;

        if (table->failed)
                return print_errno(-ENOMEM, "table");
        layout = table_layout(table);
        for (size_t row = arg_legend ? 0 : 1; row * table->n_columns < table->n; row++) {
                (void) printf("%*s", (int) table->indent, "");
                for (size_t column = 0; column < table->n_columns; column++)
                        print_cell(table, &layout, row, column);
                (void) putchar('\n');
        }
        return EXIT_CODE_DONE;
}
