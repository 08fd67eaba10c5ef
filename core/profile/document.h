/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * YAML text as a tree of nodes with locations; the only user of libyaml. It takes the part of YAML
 * that a settings file needs: mappings with plain unique keys, sequences, scalars, one document.
 * Anchors, aliases, tags and merge keys are refused: they are where YAML files hide surprises.
 */

#include "core/base/problem.h"

/* Larger files are refused before they are parsed. */
#define DOCUMENT_SIZE_MAX ((size_t) 1024 * 1024)
#define DOCUMENT_DEPTH_MAX 16
/* Bounds the time that looking for duplicate keys takes; a long profile has a hundred. */
#define DOCUMENT_NODES_MAX 4096
#define DOCUMENT_KEY_MAX 128
#define DOCUMENT_SCALAR_MAX ((size_t) 64 * 1024)

typedef enum NodeKind {
        NODE_SCALAR,
        NODE_SEQUENCE,
        NODE_MAPPING,
} NodeKind;

typedef struct Node Node;
struct Node {
        NodeKind kind;
        unsigned line;
        unsigned column;
        char *key; /* when it is a mapping's entry; its place is key_line, key_column */
        unsigned key_line;
        unsigned key_column;
        char *scalar;
        bool quoted;     /* '…' or "…" or a block: never null, a number, or a bool */
        bool refused;    /* has a problem already: there is nothing to read from it */
        bool lacking;    /* an entry was passed over, with a problem */
        Node **children; /* of sequences and mappings */
        size_t n;
};

typedef struct Document {
        char *file; /* for messages */
        char *text; /* the whole text, for quoted lines */
        Node *root; /* a mapping */
} Document;

/*
 * Reads all of the text (size bytes, may hold NUL: refused). -EINVAL and problems when no tree
 * could be made of it, or -ENOMEM. 0 does not mean that there were no errors: after a duplicate
 * key, an alias and the like it goes on, so that the reader of the tree can add what it finds.
 */
int document_parse(
        const char *file, const char *text, size_t size, Problems *problems, Document **ret);
Document *document_free(Document *document);
DEFINE_CLEANUP(Document *, document_free)

/* The entry with that key, or NULL. */
const Node *node_find(const Node *mapping, const char *key);
/* Nothing was written after the key, or "null" or "~". */
bool node_is_null(const Node *node);
Location node_location(const Document *document, const Node *node);
Location node_key_location(const Document *document, const Node *node);
