/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/document.h"

#include <yaml.h>

#include "core/profile/syntax.h"
#include "core/profile/text-check.h"

/* What is under way while a tree is built. A negative return ends the reading; what only concerns
 * one entry is told and passed over. */
typedef struct Builder {
        yaml_parser_t parser;
        const Document *document;
        Problems *problems;
        size_t n_nodes;
        bool told_anchor; /* once is enough: a file that has one has many */
        bool told_alias;
        bool told_tag;
} Builder;

static void parser_deletep(yaml_parser_t **parser) {
        yaml_parser_delete(*parser);
}

static void event_donep(yaml_event_t *event) {
        yaml_event_delete(event);
}

static Node *node_free(Node *node) {
        if (!node)
                return NULL;
        for (size_t i = 0; i < node->n; i++)
                (void) node_free(node->children[i]);
        free(node->children);
        free(node->key);
        free(node->scalar);
        free(node);
        return NULL;
}
DEFINE_CLEANUP(Node *, node_free)

static Location location_at(const Document *document, size_t line, size_t column) {
        return (Location){.file = document->file,
                          .line = (unsigned) line,
                          .column = (unsigned) column,
                          .text = document->text};
}

static Location location_of_mark(const Builder *builder, yaml_mark_t mark) {
        return location_at(builder->document, mark.line + 1, mark.column + 1);
}

static int refuse_at(Builder *builder, yaml_mark_t mark, const char *hint, const char *message) {
        Location where = location_of_mark(builder, mark);
        return problem_add(builder->problems, PROBLEM_ERROR, &where, hint, "%s", message);
}

/* The byte at a place of the text, or NULL past its end. */
static const char *text_at(const char *text, const Location *where) {
        for (unsigned line = 1; line < where->line; line++) {
                text = strchr(text, '\n');
                if (!text)
                        return NULL;
                text++;
        }
        size_t n = strcspn(text, "\n");
        return where->column >= 1 && where->column <= n ? text + where->column - 1 : NULL;
}

/* libyaml stops at the end of what it looked for; a person looks where it began. */
static bool is_better_told_at_start(const char *libyaml) {
        return streq(libyaml, "could not find expected ':'") ||
               streq(libyaml, "found unexpected end of stream");
}

static int refuse_syntax(Builder *builder) {
        const yaml_parser_t *parser = &builder->parser;
        const char *libyaml = parser->problem ? parser->problem : "it cannot be read";
        bool at_start = parser->context && is_better_told_at_start(libyaml);
        Location where =
                location_of_mark(builder, at_start ? parser->context_mark : parser->problem_mark);
        const char *hint = syntax_hint(libyaml, text_at(builder->document->text, &where));
        size_t began = parser->context_mark.line;

        if (parser->error == YAML_MEMORY_ERROR)
                return -ENOMEM;
        if (!parser->context || at_start || began == parser->problem_mark.line)
                return problem_add(builder->problems,
                                   PROBLEM_ERROR,
                                   &where,
                                   hint,
                                   "this is not YAML: %s",
                                   libyaml);
        return problem_add(builder->problems,
                           PROBLEM_ERROR,
                           &where,
                           hint,
                           "this is not YAML: %s (%s that begins in line %zu)",
                           libyaml,
                           parser->context,
                           began + 1);
}

static int next_event(Builder *builder, yaml_event_t *ret) {
        return yaml_parser_parse(&builder->parser, ret) ? 0 : refuse_syntax(builder);
}

/* Anchors and tags are told, and the value that carries them is read all the same. */
static void
check_properties(Builder *builder, const yaml_event_t *event, const void *anchor, const void *tag) {
        if (anchor && !builder->told_anchor)
                (void) refuse_at(builder,
                                 event->start_mark,
                                 "write the value out where it is needed, or inherit a profile",
                                 "anchors (&name) are not part of a profile");
        if (tag && !builder->told_tag)
                (void) refuse_at(builder,
                                 event->start_mark,
                                 "remove the word that begins with \"!\"",
                                 "tags (!name) are not part of a profile");
        builder->told_anchor = builder->told_anchor || anchor;
        builder->told_tag = builder->told_tag || tag;
}

static void refuse_alias(Builder *builder, const yaml_event_t *event) {
        if (!builder->told_alias)
                (void) refuse_at(builder,
                                 event->start_mark,
                                 "write the value out",
                                 "aliases (*name) are not part of a profile");
        builder->told_alias = true;
}

static int node_new(Builder *builder, NodeKind kind, const yaml_event_t *event, Node **ret) {
        if (builder->n_nodes++ == DOCUMENT_NODES_MAX)
                return refuse_at(builder,
                                 event->start_mark,
                                 NULL,
                                 "the file goes on for too long: a profile has at most 4096 "
                                 "entries");
        Node *node = calloc(1, sizeof(*node));
        if (!node)
                return -ENOMEM;
        node->kind = kind;
        node->line = (unsigned) event->start_mark.line + 1;
        node->column = (unsigned) event->start_mark.column + 1;
        *ret = node;
        return 0;
}

/* Takes the child over, also when it fails. */
static int node_append(Node *node, Node *child) {
        int r = array_grow(&node->children, node->n, sizeof(Node *));
        if (r < 0) {
                (void) node_free(child);
                return r;
        }
        node->children[node->n++] = child;
        return 0;
}

static int build_scalar(Builder *builder, const yaml_event_t *event, Node **ret) {
        const char *text = (const char *) event->data.scalar.value;
        size_t size = event->data.scalar.length;
        _cleanup_(node_freep) Node *node = NULL;

        int r = node_new(builder, NODE_SCALAR, event, &node);
        if (r < 0)
                return r;
        check_properties(builder, event, event->data.scalar.anchor, event->data.scalar.tag);
        node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        if (size > DOCUMENT_SCALAR_MAX) {
                (void) refuse_at(builder, event->start_mark, NULL, "a text longer than 64 KiB");
                node->refused = true;
        } else if (text_has_control(text, size, true)) {
                (void) refuse_at(builder,
                                 event->start_mark,
                                 "remove the escape",
                                 "the text holds a control character");
                node->refused = true;
        }
        node->scalar = strdup(node->refused ? "" : text);
        if (!node->scalar)
                return -ENOMEM;
        *ret = TAKE_PTR(node);
        return 0;
}

static int build_alias(Builder *builder, const yaml_event_t *event, Node **ret) {
        int r = node_new(builder, NODE_SCALAR, event, ret);
        if (r < 0)
                return r;
        (*ret)->refused = true;
        refuse_alias(builder, event);
        return 0;
}

static int build_node(Builder *builder, const yaml_event_t *event, unsigned depth, Node **ret);

static int build_sequence(Builder *builder, const yaml_event_t *start, unsigned depth, Node **ret) {
        _cleanup_(node_freep) Node *node = NULL;

        check_properties(
                builder, start, start->data.sequence_start.anchor, start->data.sequence_start.tag);
        int r = node_new(builder, NODE_SEQUENCE, start, &node);
        while (r >= 0) {
                _cleanup_(event_donep) yaml_event_t event = {0};
                Node *child = NULL;
                r = next_event(builder, &event);
                if (r < 0)
                        break;
                if (event.type == YAML_SEQUENCE_END_EVENT) {
                        *ret = TAKE_PTR(node);
                        return 0;
                }
                r = build_node(builder, &event, depth, &child);
                if (r >= 0)
                        r = node_append(node, child);
        }
        return r;
}

/* 1 when the event can be a key, 0 when its entry is told and passed over. */
static int check_key(Builder *builder, const yaml_event_t *event) {
        if (event->type == YAML_ALIAS_EVENT)
                refuse_alias(builder, event);
        else if (event->type != YAML_SCALAR_EVENT)
                (void) refuse_at(builder,
                                 event->start_mark,
                                 NULL,
                                 "a list or mapping stands where a key is expected");
        else if (streq((const char *) event->data.scalar.value, "<<"))
                (void) refuse_at(builder,
                                 event->start_mark,
                                 "write the entries out, or inherit a profile",
                                 "merge keys (<<) are not part of a profile");
        else if (event->data.scalar.length > DOCUMENT_KEY_MAX)
                (void) refuse_at(builder, event->start_mark, NULL, "a key longer than 128 bytes");
        else if (event->data.scalar.length == 0 ||
                 text_has_control(
                         (const char *) event->data.scalar.value, event->data.scalar.length, false))
                (void) refuse_at(builder,
                                 event->start_mark,
                                 "expected a line like \"key: value\"",
                                 "a key that is empty or holds control characters");
        else
                return 1;
        return 0;
}

/* Reads key and value; *ret stays NULL when the entry is passed over. */
static int build_entry(Builder *builder,
                       const Node *mapping,
                       const yaml_event_t *key,
                       unsigned depth,
                       Node **ret) {
        _cleanup_(node_freep) Node *name = NULL, *child = NULL;
        _cleanup_(event_donep) yaml_event_t event = {0};

        int good = check_key(builder, key);
        /* A key that is no word still has to be read to its end. */
        int r = good && key->type == YAML_SCALAR_EVENT ? 0 : build_node(builder, key, depth, &name);
        if (r >= 0)
                r = next_event(builder, &event);
        if (r >= 0)
                r = build_node(builder, &event, depth, &child);
        if (r < 0 || !good)
                return r;
        check_properties(builder, key, key->data.scalar.anchor, key->data.scalar.tag);

        const char *word = (const char *) key->data.scalar.value;
        const Node *first = node_find(mapping, word);
        if (first) {
                Location where = location_of_mark(builder, key->start_mark);
                (void) problem_add(builder->problems,
                                   PROBLEM_ERROR,
                                   &where,
                                   "remove one of the two",
                                   "\"%s\" is here twice; first in line %u",
                                   word,
                                   first->key_line);
                return 0;
        }
        child->key = strdup(word);
        if (!child->key)
                return -ENOMEM;
        child->key_line = (unsigned) key->start_mark.line + 1;
        child->key_column = (unsigned) key->start_mark.column + 1;
        *ret = TAKE_PTR(child);
        return 0;
}

static int build_mapping(Builder *builder, const yaml_event_t *start, unsigned depth, Node **ret) {
        _cleanup_(node_freep) Node *node = NULL;

        check_properties(
                builder, start, start->data.mapping_start.anchor, start->data.mapping_start.tag);
        int r = node_new(builder, NODE_MAPPING, start, &node);
        while (r >= 0) {
                _cleanup_(event_donep) yaml_event_t event = {0};
                Node *child = NULL;
                r = next_event(builder, &event);
                if (r < 0)
                        break;
                if (event.type == YAML_MAPPING_END_EVENT) {
                        *ret = TAKE_PTR(node);
                        return 0;
                }
                r = build_entry(builder, node, &event, depth, &child);
                if (r >= 0 && child)
                        r = node_append(node, child);
                node->lacking = node->lacking || !child;
        }
        return r;
}

static int build_node(Builder *builder, const yaml_event_t *event, unsigned depth, Node **ret) {
        /* Reading ends here, since libyaml takes quadratic time for what is nested deeply. */
        if (depth == DOCUMENT_DEPTH_MAX)
                return refuse_at(builder,
                                 event->start_mark,
                                 NULL,
                                 "nested too deeply: a profile has at most 16 levels");
        if (event->type == YAML_SCALAR_EVENT)
                return build_scalar(builder, event, ret);
        if (event->type == YAML_ALIAS_EVENT)
                return build_alias(builder, event, ret);
        if (event->type == YAML_SEQUENCE_START_EVENT)
                return build_sequence(builder, event, depth + 1, ret);
        return build_mapping(builder, event, depth + 1, ret);
}

/* Reads the stream's one document. */
static int build_document(Builder *builder, Node **ret) {
        _cleanup_(node_freep) Node *root = NULL;

        for (unsigned n_documents = 0;;) {
                _cleanup_(event_donep) yaml_event_t event = {0};
                int r = next_event(builder, &event);
                if (r < 0)
                        return r;
                if (event.type == YAML_STREAM_END_EVENT)
                        break;
                if (event.type == YAML_DOCUMENT_START_EVENT && ++n_documents > 1)
                        return refuse_at(builder,
                                         event.start_mark,
                                         "put it into a file of its own",
                                         "a second document begins here; a file holds one profile");
                if (event.type == YAML_STREAM_START_EVENT ||
                    event.type == YAML_DOCUMENT_START_EVENT ||
                    event.type == YAML_DOCUMENT_END_EVENT)
                        continue;
                r = build_node(builder, &event, 0, &root);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(root);
        return 0;
}

static int build(Document *document, size_t size, Problems *problems) {
        Builder builder = {.document = document, .problems = problems};
        yaml_parser_t *parser = &builder.parser;

        if (!yaml_parser_initialize(parser))
                return -ENOMEM;
        _cleanup_(parser_deletep) _unused_ yaml_parser_t *cleanup = parser;
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(parser, (const unsigned char *) document->text, size);
        return build_document(&builder, &document->root);
}

static int check_root(const Document *document, Problems *problems) {
        const Node *root = document->root;

        if (root && root->kind == NODE_MAPPING)
                return 0;
        if (!root || node_is_null(root)) {
                Location where = {.file = document->file};
                return problem_add(problems,
                                   PROBLEM_ERROR,
                                   &where,
                                   "a profile begins with \"profile: NAME\"",
                                   "the file is empty");
        }
        if (root->refused)
                return -EINVAL;
        Location where = node_location(document, root);
        return problem_add(problems,
                           PROBLEM_ERROR,
                           &where,
                           "a profile begins with \"profile: NAME\"",
                           "the file is a %s, not a mapping of keys to values",
                           root->kind == NODE_SCALAR ? "single text" : "list");
}

int document_parse(
        const char *file, const char *text, size_t size, Problems *problems, Document **ret) {
        _cleanup_(document_freep) Document *document = calloc(1, sizeof(*document));

        if (!document)
                return -ENOMEM;
        document->file = strdup(file);
        if (!document->file)
                return -ENOMEM;
        if (size > DOCUMENT_SIZE_MAX) {
                Location where = {.file = file};
                return problem_add(problems,
                                   PROBLEM_ERROR,
                                   &where,
                                   NULL,
                                   "the file is larger than 1 MiB; a profile is smaller");
        }
        /* The mark that some editors put in front of UTF-8 says nothing. */
        if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
                text += 3;
                size -= 3;
        }
        int r = text_check(file, text, size, problems);
        if (r < 0)
                return r;
        document->text = strndup(text, size);
        if (!document->text)
                return -ENOMEM;
        r = build(document, size, problems);
        if (r >= 0)
                r = check_root(document, problems);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(document);
        return 0;
}

Document *document_free(Document *document) {
        if (!document)
                return NULL;
        (void) node_free(document->root);
        free(document->text);
        free(document->file);
        free(document);
        return NULL;
}

const Node *node_find(const Node *mapping, const char *key) {
        for (size_t i = 0; i < mapping->n; i++)
                if (mapping->children[i]->key && streq(mapping->children[i]->key, key))
                        return mapping->children[i];
        return NULL;
}

bool node_is_null(const Node *node) {
        return node->kind == NODE_SCALAR && !node->quoted && !node->refused &&
               (node->scalar[0] == '\0' || streq(node->scalar, "~") || streq(node->scalar, "null"));
}

Location node_location(const Document *document, const Node *node) {
        return location_at(document, node->line, node->column);
}

Location node_key_location(const Document *document, const Node *node) {
        return location_at(document, node->key_line, node->key_column);
}
