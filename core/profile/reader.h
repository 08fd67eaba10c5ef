/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Takes a document's tree apart: mappings by a table of their keys, scalars as times, sizes and
 * shares. Whatever does not fit becomes a problem at its place, and the reading goes on.
 */

#include "core/profile/document.h"

/* Values are short; only a description may be longer. */
#define READER_TEXT_MAX 512

typedef struct Reader {
        const Document *document;
        Problems *problems;
        bool out_of_memory;
} Reader;

/* One key of a mapping: what reads its value into the target. */
typedef struct Field {
        const char *name;
        void (*read)(Reader *reader, const Node *node, void *target);
} Field;

/* A problem at a node's value, or at its key. */
void reader_error(Reader *reader, const Node *node, const char *hint, const char *format, ...)
        _printf_(4, 5);
void reader_key_error(Reader *reader, const Node *node, const char *hint, const char *format, ...)
        _printf_(4, 5);

/* The node's name for messages: its key in quotes, or "an item" of a list. */
const char *reader_name(const Node *node);

/* True when the node is a mapping (or list) that can be looked into. One that is empty is a
 * warning, anything else an error. example shows what was expected. */
bool reader_open_mapping(Reader *reader, const Node *node, const char *example);
bool reader_open_sequence(Reader *reader, const Node *node, const char *example);

/* Hands each entry to its field; unknown keys are told with the nearest name. True when it is a
 * mapping whose keys are all known: then a key that is missing was not just misspelt. */
bool reader_mapping(Reader *reader,
                    const Node *node,
                    const char *example,
                    const Field *fields,
                    size_t n_fields,
                    void *target);

/* The text of a scalar that has one, of at most READER_TEXT_MAX bytes in one line; NULL when told
 * what was wrong. expected follows "expected". */
const char *reader_text(Reader *reader, const Node *node, const char *expected);
/* A copy of it. */
char *reader_copy(Reader *reader, const char *text);

/* These leave *ret alone and return false when told what was wrong. */
bool reader_duration(Reader *reader, const Node *node, usec_t min, usec_t max, usec_t *ret);
bool reader_size(Reader *reader, const Node *node, uint64_t *ret_bytes);
/* Above 0, at most 100 %. */
bool reader_share(Reader *reader, const Node *node, unsigned *ret_permyriad);
bool reader_bool(Reader *reader, const Node *node, bool *ret);
