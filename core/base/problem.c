/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/problem.h"

#include <stdarg.h>

static void problem_done(Problem *problem) {
        free(problem->file);
        free(problem->message);
        free(problem->hint);
        free(problem->quote);
}

void problems_done(Problems *problems) {
        for (size_t i = 0; i < problems->n; i++)
                problem_done(&problems->items[i]);
        free(problems->items);
        *problems = PROBLEMS_INIT;
}

/* The quoted line of the source, with control characters made harmless; NULL when not known. */
static char *quote_line(const Location *where) {
        const char *p = where->text;

        if (!p || where->line == 0)
                return NULL;
        for (unsigned line = 1; line < where->line; line++) {
                p = strchr(p, '\n');
                if (!p)
                        return NULL;
                p++;
        }
        size_t n = strcspn(p, "\r\n");
        if (n == 0 || n > 200)
                return NULL;
        char *quote = strndup(p, n);
        for (char *q = quote; q && *q; q++)
                if ((unsigned char) *q < ' ' || *q == 0x7f)
                        *q = ' ';
        return quote;
}

/* A profile's text may be in the message: no escape sequence of it reaches a terminal, and no
 * megabyte of it a person. */
static void make_harmless(char *message) {
        enum {
                LONGEST = 1000
        };
        size_t n = strlen(message);

        if (n > LONGEST) {
                n = LONGEST - 3;
                while (n > 0 && ((unsigned char) message[n] & 0xc0) == 0x80)
                        n--; /* not amid a character */
                memcpy(message + n, "...", 4);
        }
        for (char *p = message; *p; p++)
                if ((unsigned char) *p < ' ' || *p == 0x7f)
                        *p = '?';
}

int problem_add(Problems *problems,
                ProblemSeverity severity,
                const Location *where,
                const char *hint,
                const char *format,
                ...) {
        int answer = severity == PROBLEM_ERROR ? -EINVAL : 0;
        Problem problem = {.severity = severity};
        va_list ap;

        if (severity == PROBLEM_ERROR)
                problems->n_errors++;
        if (problems->n >= PROBLEMS_MAX ||
            array_grow(&problems->items, problems->n, sizeof(Problem)) < 0) {
                problems->incomplete = true;
                return answer;
        }

        va_start(ap, format);
        int r = vasprintf(&problem.message, format, ap);
        va_end(ap);
        if (r < 0)
                problem.message = NULL;
        else
                make_harmless(problem.message);
        if (where) {
                problem.file = where->file ? strdup(where->file) : NULL;
                problem.line = where->line;
                problem.column = where->column;
                problem.quote = quote_line(where);
        }
        problem.hint = hint ? strdup(hint) : NULL;
        if (!problem.message) {
                problem_done(&problem);
                problems->incomplete = true;
                return answer;
        }
        problems->items[problems->n++] = problem;
        return answer;
}

void problem_set_id(Problems *problems, const char *id) {
        if (problems->n > 0 && !problems->incomplete)
                problems->items[problems->n - 1].id = id;
}

const char *problem_severity_to_string(ProblemSeverity severity) {
        return severity == PROBLEM_WARNING ? "warning" : "error";
}

/* "file:line:column: ", as much of it as is known. */
static void print_location(FILE *out, const Problem *problem) {
        if (!problem->file)
                return;
        (void) fprintf(out, "%s:", problem->file);
        if (problem->line > 0)
                (void) fprintf(out, "%u:", problem->line);
        if (problem->line > 0 && problem->column > 0)
                (void) fprintf(out, "%u:", problem->column);
        (void) fputc(' ', out);
}

static void print_problem(FILE *out, const Problem *problem) {
        print_location(out, problem);
        (void) fprintf(
                out, "%s: %s", problem_severity_to_string(problem->severity), problem->message);
        if (problem->id)
                (void) fprintf(out, " [%s]", problem->id);
        (void) fputc('\n', out);
        if (problem->quote) {
                (void) fprintf(out, "    %s\n", problem->quote);
                if (problem->column > 0 && problem->column <= strlen(problem->quote) + 1)
                        (void) fprintf(out, "    %*s\n", (int) problem->column, "^");
        }
        if (problem->hint)
                (void) fprintf(out, "  %s\n", problem->hint);
}

char *problem_format(const Problem *problem) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        if (!out)
                return NULL;
        print_problem(out, problem);
        (void) stream_close(out, &text);
        return text;
}

char *problems_format(const Problems *problems) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        if (!out)
                return NULL;
        for (size_t i = 0; i < problems->n; i++)
                print_problem(out, &problems->items[i]);
        if (problems->incomplete)
                (void) fputs("(more problems were found than are shown)\n", out);
        (void) stream_close(out, &text);
        return text;
}

/* Optimal string alignment distance: insert, delete, replace, swap of neighbours each cost 1. */
static unsigned edit_distance(const char *a, const char *b) {
        enum {
                LONGEST = 96
        };
        unsigned rows[3][LONGEST + 1];
        size_t n_a = strlen(a), n_b = strlen(b);

        if (n_a > LONGEST || n_b > LONGEST)
                return UINT32_MAX;
        for (size_t j = 0; j <= n_b; j++)
                rows[0][j] = (unsigned) j;
        for (size_t i = 1; i <= n_a; i++) {
                unsigned *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
                now[0] = (unsigned) i;
                for (size_t j = 1; j <= n_b; j++) {
                        unsigned best = last[j - 1] + (a[i - 1] != b[j - 1]);
                        best = MIN_OF(best, last[j] + 1);
                        best = MIN_OF(best, now[j - 1] + 1);
                        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                                best = MIN_OF(best, before[j - 2] + 1);
                        now[j] = best;
                }
        }
        return rows[n_a % 3][n_b];
}

void nearest_offer(Nearest *nearest, const char *candidate) {
        unsigned distance = edit_distance(nearest->word, candidate);
        if (distance < nearest->distance) {
                nearest->distance = distance;
                nearest->best = candidate;
        }
}

const char *nearest_get(const Nearest *nearest) {
        if (!nearest->best || nearest->distance > (strlen(nearest->word) + 2) / 3)
                return NULL;
        return nearest->best;
}

char *nearest_hint(const Nearest *nearest) {
        const char *best = nearest_get(nearest);
        return best ? text_format("did you mean \"%s\"?", best) : NULL;
}
