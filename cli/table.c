/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/table.h"

#include <stdarg.h>

#define GAP ((size_t) 2)

/* Less of a text tells nothing. */
#define LAST_MIN ((size_t) 24)
/* A shorter first column would put every name on a line of its own. */
#define FIRST_MIN ((size_t) 16)

typedef struct Layout {
        size_t widths[TABLE_COLUMNS_MAX];
        size_t first;     /* the longest first cell that shares its line */
        size_t n_columns; /* that are shown */
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

        for (size_t i = 0; i < layout->n_columns; i++)
                total += layout->widths[i] + (i > 0 ? GAP : 0);
        return total;
}

/* Takes from the last column what is too wide, as far as that makes sense. */
static void layout_cut_last(const Table *table, size_t width, Layout *layout) {
        size_t last = layout->n_columns - 1, total = layout_total(table, layout);
        size_t least =
                table->keep_last ? layout->widths[last] : MIN_OF(layout->widths[last], LAST_MIN);

        if (total <= width)
                return;
        layout->widths[last] -= MIN_OF(total - width, layout->widths[last] - least);
        if (table->drop_last && layout_total(table, layout) > width)
                layout->n_columns--;
}

/* Gives long first cells a line of their own, so that the others fit beside the rest. */
static void layout_cut_first(const Table *table, size_t width, Layout *layout) {
        size_t total = layout_total(table, layout), best = 0;

        if (total <= width || layout->widths[0] + width < total + FIRST_MIN)
                return;
        for (size_t row = 0; row * table->n_columns < table->n; row++) {
                size_t cell = cell_width(table, row, 0);
                if (cell <= layout->widths[0] + width - total)
                        best = MAX_OF(best, cell);
        }
        layout->widths[0] = layout->first = best;
}

static Layout table_layout(const Table *table) {
        Layout layout = {.n_columns = table->n_columns};
        size_t width = print_width();

        for (size_t row = arg_legend ? 0 : 1; row * table->n_columns < table->n; row++)
                for (size_t i = 0; i < table->n_columns; i++)
                        layout.widths[i] = MAX_OF(layout.widths[i], cell_width(table, row, i));
        layout.first = layout.widths[0];
        if (width != SIZE_MAX) {
                layout_cut_last(table, width, &layout);
                layout_cut_first(table, width, &layout);
        }
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

static bool rest_is_empty(const Table *table, const Layout *layout, size_t row, size_t column) {
        for (size_t i = column + 1; i < layout->n_columns; i++)
                if (cell_width(table, row, i) > 0)
                        return false;
        return true;
}

static void print_cell(const Table *table, const Layout *layout, size_t row, size_t column) {
        const TableCell *cell = &table->cells[row * table->n_columns + column];
        size_t width = layout->widths[column], columns = text_width(cell->text);
        bool last = column + 1 == layout->n_columns;

        if (table->right & 1u << column && columns < width) {
                (void) printf("%*s", (int) (width - columns), "");
                columns = width;
        }
        (void) fputs(style_begin(cell->style), stdout);
        if (last)
                print_cut(cell->text, width);
        else
                (void) fputs(cell->text, stdout);
        (void) fputs(style_end(cell->style), stdout);
        if (last || rest_is_empty(table, layout, row, column))
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
                for (size_t column = 0; column < layout.n_columns; column++)
                        print_cell(table, &layout, row, column);
                (void) putchar('\n');
        }
        return EXIT_CODE_DONE;
}
