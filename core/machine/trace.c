/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/trace.h"

#include <stdarg.h>

#define COLUMNS_MAX 64
#define LINE_MAX_BYTES 4096

typedef enum ColumnKind {
        COLUMN_IGNORED,
        COLUMN_TIME,
        COLUMN_TOTAL,
        COLUMN_COUNTER,
        COLUMN_ARM,
} ColumnKind;

typedef struct Column {
        ColumnKind kind;
        int which; /* Metric or Counter */
        char name[64];
} Column;

typedef struct Reader {
        const char *file;
        Problems *problems;
        unsigned line;
        Column columns[COLUMNS_MAX];
        size_t n_columns; /* 0: no header yet */
        usec_t first_usec;
        usec_t last_usec;
        size_t n_rows;
        TraceVisitor visitor;
        void *userdata;
} Reader;

static int complain(const Reader *reader, unsigned column, const char *format, ...) _printf_(3, 4);

static int complain(const Reader *reader, unsigned column, const char *format, ...) {
        Location where = {.file = reader->file, .line = reader->line, .column = column};
        char text[256];
        va_list ap;

        va_start(ap, format);
        (void) vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        return problem_add(reader->problems, PROBLEM_ERROR, &where, NULL, "%s", text);
}

/* "memory_some_total" */
static void total_name(Metric metric, char buffer[static 64]) {
        (void) snprintf(buffer, 64, "%s_%s_total", metric_resource(metric), metric_line(metric));
}

static Column column_of(const char *name) {
        Column column = {0};
        char total[64];

        (void) snprintf(column.name, sizeof(column.name), "%s", name);
        if (streq(name, "time_us"))
                column.kind = COLUMN_TIME;
        else if (streq(name, "arm"))
                column.kind = COLUMN_ARM;
        for (int metric = 0; metric < _METRIC_MAX; metric++) {
                total_name((Metric) metric, total);
                if (streq(name, total)) {
                        column.kind = COLUMN_TOTAL;
                        column.which = metric;
                }
        }
        Counter counter = counter_from_string(name);
        if (counter >= 0) {
                column.kind = COLUMN_COUNTER;
                column.which = counter;
        }
        return column;
}

static bool has_column(const Reader *reader, ColumnKind kind) {
        for (size_t i = 0; i < reader->n_columns; i++)
                if (reader->columns[i].kind == kind)
                        return true;
        return false;
}

static int read_header(Reader *reader, char *line) {
        char *rest = line;

        for (char *name; (name = strsep(&rest, ","));) {
                name = text_strip(name);
                if (reader->n_columns == COLUMNS_MAX)
                        return complain(reader, 0, "more than %d columns", COLUMNS_MAX);
                Column column = column_of(name);
                for (size_t i = 0; column.kind != COLUMN_IGNORED && i < reader->n_columns; i++)
                        if (streq(reader->columns[i].name, column.name))
                                return complain(reader, 0, "the column %.40s is there twice", name);
                reader->columns[reader->n_columns++] = column;
        }
        if (!has_column(reader, COLUMN_TIME))
                return complain(reader,
                                1,
                                "no column time_us; expected a line that names the columns, like "
                                "time_us,memory_some_total,memory_full_total,io_some_total,"
                                "io_full_total");
        if (!has_column(reader, COLUMN_TOTAL))
                return complain(reader, 1, "no column of a stall total, like memory_some_total");
        return 0;
}

static void take_number(const Column *column, uint64_t number, TraceRow *row) {
        switch (column->kind) {
        case COLUMN_TIME:
                row->sample.at_usec = number;
                break;
        case COLUMN_TOTAL:
                row->sample.stall_usec[column->which] = number;
                row->sample.valid[column->which] = true;
                break;
        case COLUMN_COUNTER:
                row->sample.counters[column->which] = number;
                break;
        case COLUMN_ARM:
                row->arm = (int) MIN_OF(number, (uint64_t) 2);
                break;
        case COLUMN_IGNORED:
                break;
        }
}

static int read_fields(const Reader *reader, char *line, TraceRow *row) {
        char *rest = line;
        size_t n = 0;

        for (char *field; (field = strsep(&rest, ",")); n++) {
                unsigned at = (unsigned) (field - line) + 1;
                const Column *column = &reader->columns[n];
                uint64_t number;
                if (n == reader->n_columns)
                        return complain(reader, at, "more fields than the %zu columns named", n);
                field = text_strip(field);
                /* What could not be read when it was recorded is an empty field. */
                if (column->kind == COLUMN_IGNORED ||
                    (field[0] == '\0' && column->kind != COLUMN_TIME))
                        continue;
                if (parse_uint64(field, &number) < 0)
                        return complain(reader,
                                        at,
                                        "%s is \"%.40s\"; expected a whole number that is not "
                                        "negative",
                                        column->name,
                                        field);
                take_number(column, number, row);
        }
        if (n < reader->n_columns)
                return complain(reader,
                                0,
                                "%zu fields, but %zu columns are named: was the file cut?",
                                n,
                                reader->n_columns);
        return row->arm > 1 ? complain(reader, 0, "arm is neither 0 nor 1") : 0;
}

static int read_row(Reader *reader, char *line) {
        TraceRow row = {.arm = -1};

        for (int i = 0; i < _COUNTER_MAX; i++)
                row.sample.counters[i] = COUNTER_UNKNOWN;
        int r = read_fields(reader, line, &row);
        if (r < 0)
                return r;
        if (reader->n_rows++ == 0)
                reader->first_usec = row.sample.at_usec;
        else if (row.sample.at_usec <= reader->last_usec)
                return complain(reader, 0, "time_us does not go on from the line before");
        reader->last_usec = row.sample.at_usec;
        row.sample.at_usec += TRACE_EPOCH - reader->first_usec;
        return reader->visitor(&row, reader->userdata);
}

static int take_line(Reader *reader, char *line, size_t n) {
        reader->line++;
        if (n > LINE_MAX_BYTES)
                return complain(
                        reader, 0, "a line of %zu bytes; expected at most %d", n, LINE_MAX_BYTES);
        if (strlen(line) != n)
                return complain(reader, 0, "this is binary; expected CSV");
        if (reader->line == 1 && text_starts_with(line, "\xEF\xBB\xBF"))
                line += 3;
        line = text_strip(line);
        if (line[0] == '#' || line[0] == '\0')
                return 0;
        return reader->n_columns == 0 ? read_header(reader, line) : read_row(reader, line);
}

int trace_read(int fd, const char *file, Problems *problems, TraceVisitor visitor, void *userdata) {
        Reader reader = {
                .file = file, .problems = problems, .visitor = visitor, .userdata = userdata};
        _cleanup_(fclosep) FILE *in = NULL;
        _cleanup_(freep) char *line = NULL;
        size_t size = 0;
        ssize_t n;
        int r = 0;

        int copy = dup(fd);
        if (copy < 0 || !(in = fdopen(copy, "re"))) {
                r = -errno;
                if (copy >= 0)
                        (void) close(copy);
                return r;
        }
        while (r == 0 && (n = getline(&line, &size, in)) >= 0)
                r = take_line(&reader, line, (size_t) n);
        if (r != 0)
                return r;
        if (ferror(in))
                return -EIO;
        if (reader.n_columns == 0)
                return complain(&reader, 0, "the file is empty; expected a pressure trace");
        if (reader.n_rows < 2)
                return complain(&reader, 0, "%zu rows; expected two at least", reader.n_rows);
        return 0;
}

void trace_write_header(FILE *out) {
        char total[64];

        (void) fputs("time_us", out);
        for (int metric = 0; metric < _METRIC_MAX; metric++) {
                total_name((Metric) metric, total);
                (void) fprintf(out, ",%s", total);
        }
        for (int counter = 0; counter < _COUNTER_MAX; counter++)
                (void) fprintf(out, ",%s", counter_to_string(counter));
        (void) fputc('\n', out);
}

void trace_write_row(FILE *out, const Sample *sample, usec_t start_usec) {
        (void) fprintf(out, "%lu", (unsigned long) (sample->at_usec - start_usec));
        for (int metric = 0; metric < _METRIC_MAX; metric++)
                if (sample->valid[metric])
                        (void) fprintf(out, ",%lu", (unsigned long) sample->stall_usec[metric]);
                else
                        (void) fputc(',', out);
        for (int counter = 0; counter < _COUNTER_MAX; counter++)
                if (sample->counters[counter] != COUNTER_UNKNOWN)
                        (void) fprintf(out, ",%lu", (unsigned long) sample->counters[counter]);
                else
                        (void) fputc(',', out);
        (void) fputc('\n', out);
}
