/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * All that reaches the person: colour, JSON, free text made harmless, errors. Standard output
 * carries only what was asked for; everything said about it goes to standard error.
 */

#include <json-c/json.h>

#include "cli/options.h"
#include "core/base/json.h"
#include "core/base/problem.h"

typedef enum Style {
        STYLE_PLAIN,
        STYLE_BOLD,
        STYLE_DIM,
        STYLE_GOOD,
        STYLE_WARN,
        STYLE_BAD,
        _STYLE_MAX,
} Style;

typedef enum Glyph {
        GLYPH_DOT,
        GLYPH_ARROW,
        GLYPH_ELLIPSIS,
        GLYPH_FULL, /* of a bar */
        GLYPH_EMPTY,
        GLYPH_BEYOND,
        _GLYPH_MAX,
} Glyph;

/* Looks at the terminal and the environment; before anything else here. */
void print_init(void);
/* Flushes, and waits for the pager. False when not all of it could be written. */
bool print_done(void);
/* From here on through a pager, when standard output is a terminal. */
void print_pager_start(void);

bool print_is_json(void);
/* On a terminal a live line may be drawn. */
bool print_is_live(void);
/* The locale's characters are UTF-8, so that more than ASCII can be shown. */
bool print_is_unicode(void);
/* Columns of the terminal; SIZE_MAX when there is none: nothing is cut then. */
size_t print_width(void);

/* Escape sequence that begins a style, "" without colour; STYLE_PLAIN ends it. */
const char *style_begin(Style style);
const char *style_end(Style style);
const char *glyph(Glyph glyph);

/* Columns that a text takes, and a copy in which control characters cannot act on the terminal
 * (keeps newlines where asked). The caller frees; NULL without memory. */
size_t text_width(const char *text);
char *text_harmless(const char *text, bool keep_newlines);

void print_styled(Style style, const char *format, ...) _printf_(2, 3);
/* Prose, wrapped to the terminal, each line indented. */
void print_wrapped(size_t indent, const char *text);
/* The same beside a label, which takes the first line's part of that column. */
void print_wrapped_beside(size_t column, const char *text);
/* A message, beside what stands before that column; wrapped only on a terminal, so that a line
 * stays a line for grep. */
void print_beside(size_t column, const char *text);
/* "a note", on standard error, unless --quiet. */
void print_note(const char *format, ...) _printf_(1, 2);
/* "memctl: what went wrong", on standard error. */
void print_error(const char *format, ...) _printf_(1, 2);
/* The same, and EXIT_CODE_FAILED. */
ExitCode print_errno(int r, const char *what);
void print_problems(const Problems *problems);

/* Takes the object over and prints it as --json asks. NULL: memory was short. */
ExitCode print_json(json_object *object);
/* An array that may be larger than the memory: begin, each object, end. */
typedef struct JsonList {
        size_t n;
} JsonList;

void print_json_begin(JsonList *list);
/* Takes the object over; false when memory was short. */
bool print_json_item(JsonList *list, json_object *object);
void print_json_end(const JsonList *list);
/* One line, whatever the mode, flushed: for streams. */
ExitCode print_json_line(json_object *object);

/* Adds to a JSON object, text NULL becomes null. The object may be NULL (memory was short). */
void json_add(json_object *object, const char *key, json_object *value);
void json_add_text(json_object *object, const char *key, const char *text);
void json_add_bool(json_object *object, const char *key, bool value);
void json_add_number(json_object *object, const char *key, uint64_t value);
json_object *json_text(const char *text);
