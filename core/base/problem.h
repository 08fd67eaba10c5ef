/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a person must fix: a located message. Parsers collect problems and go on, so that one run
 * shows all of them; whoever called refuses when there is an error among them.
 *
 *     /etc/memctl/profiles/redis.yaml:9:3: error: unknown knob "vm.swapiness"
 *             vm.swapiness: 1
 *             ^
 *       did you mean "vm.swappiness"?
 */

#include "core/base/util.h"

typedef enum ProblemSeverity {
        PROBLEM_ERROR,
        PROBLEM_WARNING,
        _PROBLEM_SEVERITY_MAX,
        _PROBLEM_SEVERITY_INVALID = -EINVAL,
} ProblemSeverity;

/* Where in a file; line and column count from 1, 0 means "not known". text may be NULL. */
typedef struct Location {
        const char *file;
        unsigned line;
        unsigned column;
        const char *text; /* the whole file, for the quoted line */
} Location;

typedef struct Problem {
        ProblemSeverity severity;
        const char *id; /* of the rule that was broken, a constant; or NULL */
        char *file;     /* NULL when it concerns no file */
        unsigned line;
        unsigned column;
        char *message; /* what was wrong and what was expected */
        char *hint;    /* what to do, or NULL */
        char *quote;   /* the source line, or NULL */
} Problem;

typedef struct Problems {
        Problem *items;
        size_t n;
        size_t n_errors;
        bool incomplete; /* memory ran out while one was added, or more than PROBLEMS_MAX */
} Problems;

#define PROBLEMS_INIT ((Problems){0})
/* A hostile file could produce millions; nobody reads more than this. */
#define PROBLEMS_MAX 100

void problems_done(Problems *problems);

/* Adds one; where may be NULL, hint may be NULL and is copied. Always returns -EINVAL for errors
 * and 0 for warnings, so that "return problem_add(...)" reads well. */
int problem_add(Problems *problems,
                ProblemSeverity severity,
                const Location *where,
                const char *hint,
                const char *format,
                ...) _printf_(5, 6);

/* Gives the last one that was added the id of a rule, which is printed behind it. */
void problem_set_id(Problems *problems, const char *id);

const char *problem_severity_to_string(ProblemSeverity severity);
/* The full text, several lines, ending in a newline; the caller frees. NULL without memory. */
char *problem_format(const Problem *problem);
/* All of them, one after the other, in order; the caller frees. NULL without memory. */
char *problems_format(const Problems *problems);

/*
 * The candidate nearest to word by Damerau-Levenshtein distance, or NULL when none is near enough
 * (more than a third of the word's length). Candidates are offered one by one; start with
 * NEAREST_INIT(word).
 */
typedef struct Nearest {
        const char *word;
        const char *best;
        unsigned distance;
} Nearest;

#define NEAREST_INIT(w) ((Nearest){.word = (w), .distance = UINT32_MAX})
void nearest_offer(Nearest *nearest, const char *candidate);
const char *nearest_get(const Nearest *nearest);
/* 'did you mean "X"?' or NULL; the caller frees. */
char *nearest_hint(const Nearest *nearest);
