/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/trace.h"

#include <fcntl.h>

#include "core/machine/trace-field.h"

/* All of vmstat in one header is some 5 KiB. */
#define TRACE_LINE_MAX ((size_t) 64 * 1024)
/* Whoever has so many bad rows has the wrong file. */
#define BAD_ROWS_MAX 20

typedef struct Trace {
        FILE *in;
        const char *name;
        Problems *problems;
        unsigned line;
        bool ended_open;       /* the last line has no end */
        unsigned char *fields; /* what each column is */
        size_t n_fields;
        size_t n_rows;
        usec_t first_usec;
        usec_t last_usec;
        unsigned n_bad; /* rows */
        bool ended;
        char text[TRACE_LINE_MAX];
} Trace;

/* at: of the line, or NULL for all of it. */
static Location here(const Trace *trace, const char *at) {
        return (Location){
                .file = trace->name,
                .line = trace->line,
                .column = at ? (unsigned) (at - trace->text) + 1 : 0,
        };
}

/* Lines */

static int refuse_byte(Trace *trace, int c) {
        Location where = here(trace, NULL);

        return problem_add(trace->problems,
                           PROBLEM_ERROR,
                           &where,
                           NULL,
                           "this is no text: there is a byte 0x%02x; expected a pressure trace, as "
                           "\"memctl record\" writes it",
                           (unsigned) c);
}

static int refuse_length(Trace *trace) {
        Location where = here(trace, NULL);

        return problem_add(trace->problems,
                           PROBLEM_ERROR,
                           &where,
                           NULL,
                           "this line is longer than %zu bytes; expected a pressure trace, as "
                           "\"memctl record\" writes it",
                           TRACE_LINE_MAX - 1);
}

/* Into trace->text, without its end. 1; 0 at the end of the file; -EINVAL, -errno. */
static int read_line(Trace *trace) {
        size_t n = 0;
        int c;

        trace->line++;
        errno = 0;
        while ((c = getc_unlocked(trace->in)) != EOF && c != '\n') {
                if ((c < ' ' && c != '\t' && c != '\r') || c == 0x7f)
                        return refuse_byte(trace, c);
                if (n + 1 >= TRACE_LINE_MAX)
                        return refuse_length(trace);
                trace->text[n++] = (char) c;
        }
        if (c == EOF && ferror(trace->in))
                return errno > 0 ? -errno : -EIO;
        trace->ended_open = c == EOF;
        bool some = c != EOF || n > 0;
        if (n > 0 && trace->text[n - 1] == '\r')
                n--;
        trace->text[n] = '\0';
        return memchr(trace->text, '\r', n) ? refuse_byte(trace, '\r') : some;
}

/* The next line that is neither empty nor a comment; *ret is past blanks and a byte order mark. */
static int read_content(Trace *trace, char **ret) {
        static const char byte_order_mark[] = "\xef\xbb\xbf";

        for (;;) {
                int r = read_line(trace);
                if (r <= 0)
                        return r;
                char *text = trace->text;
                if (trace->line == 1 && text_starts_with(text, byte_order_mark))
                        text += strlen(byte_order_mark);
                text += strspn(text, " \t");
                if (*text && *text != '#') {
                        *ret = text;
                        return 1;
                }
        }
}

/* Cuts off the first field, without blanks and quotes around it; *text is then the rest, or NULL.
 */
static char *next_field(char **text) {
        char *field = *text, *comma = strchr(field, ',');

        if (comma)
                *comma = '\0';
        *text = comma ? comma + 1 : NULL;
        field = text_strip(field);
        size_t n = strlen(field);
        if (n < 2 || field[0] != '"' || field[n - 1] != '"')
                return field;
        field[n - 1] = '\0';
        return field + 1;
}

/* The header */

static bool has_field(const Trace *trace, unsigned char field) {
        for (size_t i = 0; i < trace->n_fields; i++)
                if (trace->fields[i] == field)
                        return true;
        return false;
}

static int take_column(Trace *trace, const char *name) {
        unsigned char field = trace_field_from_string(name);
        Location where = here(trace, name);

        if (!trace_field_may_repeat(field) && has_field(trace, field))
                return problem_add(trace->problems,
                                   PROBLEM_ERROR,
                                   &where,
                                   NULL,
                                   "a second column \"%s\"; expected one",
                                   name);
        int r = array_grow(&trace->fields, trace->n_fields, sizeof(*trace->fields));
        if (r < 0)
                return r;
        trace->fields[trace->n_fields++] = field;
        return 0;
}

static int check_header(Trace *trace) {
        static const char hint[] = "the first line names the columns: "
                                   "time_us,memory_some_total,memory_full_total,io_full_total";
        Location where = here(trace, NULL);
        bool any = false;

        if (!has_field(trace, TRACE_FIELD_TIME))
                return problem_add(trace->problems,
                                   PROBLEM_ERROR,
                                   &where,
                                   hint,
                                   "no column time_us; expected the time of each reading, in "
                                   "microseconds");
        for (size_t i = 0; i < trace->n_fields; i++)
                any |= trace_field_is_total(trace->fields[i]);
        if (any)
                return 0;
        return problem_add(trace->problems,
                           PROBLEM_ERROR,
                           &where,
                           hint,
                           "no column of stall times; expected one of memory_some_total, "
                           "memory_full_total, io_some_total, io_full_total, cpu_some_total, "
                           "cpu_full_total");
}

static int read_header(Trace *trace) {
        Location where = {.file = trace->name};
        char *rest;

        int r = read_content(trace, &rest);
        if (r == 0)
                return problem_add(trace->problems,
                                   PROBLEM_ERROR,
                                   &where,
                                   NULL,
                                   "nothing in it; expected a line with the names of the columns, "
                                   "and a row for each reading");
        if (r < 0)
                return r;
        while (rest) {
                r = take_column(trace, next_field(&rest));
                if (r < 0)
                        return r;
        }
        return check_header(trace);
}

/* Rows */

static int refuse_width(Trace *trace, size_t n) {
        Location where = here(trace, NULL);

        /* It was being written when it was copied. */
        if (trace->ended_open && n < trace->n_fields)
                return problem_add(trace->problems,
                                   PROBLEM_WARNING,
                                   &where,
                                   NULL,
                                   "the last line is cut off, and left out");
        return problem_add(trace->problems,
                           PROBLEM_ERROR,
                           &where,
                           NULL,
                           "%zu field%s; expected %zu, as the header has",
                           n,
                           n == 1 ? "" : "s",
                           trace->n_fields);
}

/* 1; 0 when it is left out; -EINVAL when told. */
static int parse_row(Trace *trace, char *rest, TraceRow *row) {
        size_t n = 1;

        for (const char *p = rest; *p; p++)
                n += *p == ',';
        if (n != trace->n_fields)
                return refuse_width(trace, n);
        for (size_t i = 0; i < n; i++) {
                const char *text = next_field(&rest);
                const char *expected = trace_field_parse(trace->fields[i], text, row);
                Location where = here(trace, text);
                if (expected)
                        return problem_add(trace->problems,
                                           PROBLEM_ERROR,
                                           &where,
                                           NULL,
                                           "%s is \"%s\"; expected %s",
                                           trace_field_to_string(trace->fields[i]),
                                           text,
                                           expected);
        }
        return 1;
}

/* The same as parse_row. */
static int check_time(Trace *trace, usec_t at_usec) {
        Location where = here(trace, NULL);

        if (trace->n_rows == 0 || at_usec > trace->last_usec)
                return 1;
        if (at_usec == trace->last_usec)
                return problem_add(trace->problems,
                                   PROBLEM_WARNING,
                                   &where,
                                   NULL,
                                   "the same time as the row before, and left out");
        usec_t last_usec = trace->last_usec;
        trace->last_usec = at_usec; /* one step back is one problem */
        return problem_add(trace->problems,
                           PROBLEM_ERROR,
                           &where,
                           "two recordings in one file, or a clock that was set? Cut it there",
                           "time_us is %lu, before the %lu of the row above; expected a later time",
                           (unsigned long) at_usec,
                           (unsigned long) last_usec);
}

static int check_end(Trace *trace) {
        Location where = {.file = trace->name};

        if (trace->n_bad > 0)
                return -EINVAL;
        if (trace->n_rows >= 2)
                return 0;
        return problem_add(trace->problems,
                           PROBLEM_ERROR,
                           &where,
                           NULL,
                           "%zu row%s behind the header; expected two at least",
                           trace->n_rows,
                           trace->n_rows == 1 ? "" : "s");
}

/* What the visitor says, who sees no row behind a bad one; 0 at the end. */
static int take_row(Trace *trace, TraceVisitor visitor, void *userdata) {
        TraceRow row = {.arm = -1};
        char *text;

        for (int i = 0; i < _COUNTER_MAX; i++)
                row.sample.counters[i] = COUNTER_UNKNOWN;
        int r = read_content(trace, &text);
        trace->ended = r == 0;
        if (r <= 0)
                return r;
        r = parse_row(trace, text, &row);
        if (r > 0)
                r = check_time(trace, row.sample.at_usec);
        trace->n_bad += r < 0;
        if (r <= 0)
                return 0;
        if (trace->n_rows++ == 0)
                trace->first_usec = row.sample.at_usec;
        trace->last_usec = row.sample.at_usec;
        row.sample.at_usec += TRACE_EPOCH - trace->first_usec;
        return trace->n_bad > 0 ? 0 : visitor(&row, userdata);
}

static int read_trace(Trace *trace, TraceVisitor visitor, void *userdata) {
        int r = read_header(trace);

        while (r == 0 && !trace->ended && trace->n_bad < BAD_ROWS_MAX)
                r = take_row(trace, visitor, userdata);
        return r == 0 ? check_end(trace) : r;
}

static void trace_donep(Trace **trace) {
        if (!*trace)
                return;
        if ((*trace)->in)
                (void) fclose((*trace)->in);
        free((*trace)->fields);
        free(*trace);
}

int trace_read(int fd, const char *file, Problems *problems, TraceVisitor visitor, void *userdata) {
        _cleanup_(trace_donep) Trace *trace = calloc(1, sizeof(*trace));

        if (!trace)
                return -ENOMEM;
        trace->name = file;
        trace->problems = problems;
        int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (copy < 0)
                return -errno;
        trace->in = fdopen(copy, "r");
        if (!trace->in) {
                int r = -errno;
                (void) close(copy);
                return r;
        }
        return read_trace(trace, visitor, userdata);
}
