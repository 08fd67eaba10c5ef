/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/reader.h"

#include <stdarg.h>

#include "core/base/quantity.h"

_printf_(4, 0) static void add_error(
        Reader *reader, const Location *where, const char *hint, const char *format, va_list ap) {
        _cleanup_(freep) char *message = NULL;

        if (vasprintf(&message, format, ap) < 0) {
                message = NULL;
                reader->out_of_memory = true;
                return;
        }
        (void) problem_add(reader->problems, PROBLEM_ERROR, where, hint, "%s", message);
}

void reader_error(Reader *reader, const Node *node, const char *hint, const char *format, ...) {
        Location where = node_location(reader->document, node);
        va_list ap;

        va_start(ap, format);
        add_error(reader, &where, hint, format, ap);
        va_end(ap);
}

void reader_key_error(Reader *reader, const Node *node, const char *hint, const char *format, ...) {
        Location where = node_key_location(reader->document, node);
        va_list ap;

        va_start(ap, format);
        add_error(reader, &where, hint, format, ap);
        va_end(ap);
}

const char *reader_name(const Node *node) {
        return node->key ? node->key : "an item";
}

static const char *kind_name(const Node *node) {
        switch (node->kind) {
        case NODE_SCALAR:
                return "a single value";
        case NODE_SEQUENCE:
                return "a list";
        case NODE_MAPPING:
                return "a mapping";
        }
        return "something else";
}

static bool open_node(Reader *reader, const Node *node, NodeKind kind, const char *example) {
        if (node->refused || (node->n == 0 && node->lacking))
                return false;
        if (node_is_null(node) || (node->kind == kind && node->n == 0)) {
                /* All entries commented out: nothing is asked, and that may be a mistake. */
                Location where = node->key ? node_key_location(reader->document, node)
                                           : node_location(reader->document, node);
                (void) problem_add(reader->problems,
                                   PROBLEM_WARNING,
                                   &where,
                                   NULL,
                                   "%s has no entries",
                                   reader_name(node));
                return false;
        }
        if (node->kind == kind)
                return true;
        bool glued = kind == NODE_MAPPING && node->kind == NODE_SCALAR && strchr(node->scalar, ':');
        reader_error(reader,
                     node,
                     glued ? "put a blank behind each colon" : NULL,
                     "%s is %s; expected %s, like %s",
                     reader_name(node),
                     kind_name(node),
                     kind == NODE_MAPPING ? "a mapping" : "a list",
                     example);
        return false;
}

bool reader_open_mapping(Reader *reader, const Node *node, const char *example) {
        return open_node(reader, node, NODE_MAPPING, example);
}

bool reader_open_sequence(Reader *reader, const Node *node, const char *example) {
        return open_node(reader, node, NODE_SEQUENCE, example);
}

/* "expected one of a, b, c" */
static char *fields_hint(const char *word, const Field *fields, size_t n_fields) {
        Nearest nearest = NEAREST_INIT(word);
        char list[256];
        size_t used = 0;

        for (size_t i = 0; i < n_fields; i++)
                nearest_offer(&nearest, fields[i].name);
        if (nearest_get(&nearest))
                return nearest_hint(&nearest);
        for (size_t i = 0; i < n_fields && used < sizeof(list); i++)
                used += (size_t) snprintf(list + used,
                                          sizeof(list) - used,
                                          "%s%s",
                                          i > 0 ? ", " : "",
                                          fields[i].name);
        return text_format("expected one of %s", list);
}

static const Field *find_field(const char *name, const Field *fields, size_t n_fields) {
        for (size_t i = 0; i < n_fields; i++)
                if (streq(fields[i].name, name))
                        return &fields[i];
        return NULL;
}

bool reader_mapping(Reader *reader,
                    const Node *node,
                    const char *example,
                    const Field *fields,
                    size_t n_fields,
                    void *target) {
        bool all_known = true;

        if (!reader_open_mapping(reader, node, example))
                return false;
        for (size_t i = 0; i < node->n; i++) {
                const Node *child = node->children[i];
                const Field *field = find_field(child->key, fields, n_fields);
                if (field) {
                        field->read(reader, child, target);
                        continue;
                }
                all_known = false;
                _cleanup_(freep) char *hint = fields_hint(child->key, fields, n_fields);
                reader_key_error(reader,
                                 child,
                                 hint,
                                 "unknown key \"%s\"%s%s",
                                 child->key,
                                 node->key ? " in " : "",
                                 node->key ? node->key : "");
        }
        return all_known;
}

/* Why a node has no text to read; NULL when it has. */
static const char *why_no_text(const Node *node) {
        if (node->kind != NODE_SCALAR)
                return kind_name(node);
        if (node_is_null(node) || node->scalar[strspn(node->scalar, " \t\n")] == '\0')
                return "empty";
        if (strlen(node->scalar) > READER_TEXT_MAX)
                return "a text of more than 512 bytes";
        return strchr(node->scalar, '\n') ? "a text of several lines" : NULL;
}

const char *reader_text(Reader *reader, const Node *node, const char *expected) {
        if (node->refused)
                return NULL;
        const char *why = why_no_text(node);
        if (why) {
                reader_error(reader,
                             node,
                             NULL,
                             "%s is %s; expected %s",
                             reader_name(node),
                             why,
                             expected);
                return NULL;
        }
        return node->scalar;
}

char *reader_copy(Reader *reader, const char *text) {
        char *copy = strdup(text);
        if (!copy)
                reader->out_of_memory = true;
        return copy;
}

static void unexpected(Reader *reader,
                       const Node *node,
                       const char *hint,
                       const char *text,
                       const char *expected) {
        reader_error(
                reader, node, hint, "%s is \"%s\"; expected %s", reader_name(node), text, expected);
}

bool reader_duration(Reader *reader, const Node *node, usec_t min, usec_t max, usec_t *ret) {
        static const char expected[] = "a time like 10s, 5min or 1h 30min";
        const char *text = reader_text(reader, node, expected);
        char low[64], high[64];
        usec_t usec = 0;

        if (!text)
                return false;
        int r = parse_duration(text, &usec);
        if (r == -EINVAL) {
                unexpected(reader, node, NULL, text, expected);
                return false;
        }
        if (r < 0 || usec < min || usec > max) {
                format_duration(min, low);
                format_duration(max, high);
                reader_error(reader,
                             node,
                             NULL,
                             "%s is %s; it can be from %s to %s",
                             reader_name(node),
                             text,
                             low,
                             high);
                return false;
        }
        *ret = usec;
        return true;
}

bool reader_size(Reader *reader, const Node *node, uint64_t *ret_bytes) {
        static const char expected[] = "a size above 0, like 64MiB";
        const char *text = reader_text(reader, node, expected);
        uint64_t bytes = 0;

        if (!text)
                return false;
        if (parse_size(text, &bytes) < 0 || bytes == 0) {
                unexpected(reader, node, NULL, text, expected);
                return false;
        }
        *ret_bytes = bytes;
        return true;
}

bool reader_share(Reader *reader, const Node *node, unsigned *ret_permyriad) {
        static const char expected[] = "a share from 0.01% to 100%";
        const char *text = reader_text(reader, node, expected);
        unsigned permyriad = 0;

        if (!text)
                return false;
        if (parse_share(text, &permyriad) < 0 || permyriad == 0) {
                unexpected(reader, node, NULL, text, expected);
                return false;
        }
        *ret_permyriad = permyriad;
        return true;
}

bool reader_bool(Reader *reader, const Node *node, bool *ret) {
        static const char expected[] = "true or false";
        const char *text = reader_text(reader, node, expected);

        if (!text)
                return false;
        if (node->quoted || (!streq(text, "true") && !streq(text, "false"))) {
                unexpected(reader,
                           node,
                           node->quoted ? "write it without quotes" : NULL,
                           text,
                           expected);
                return false;
        }
        *ret = streq(text, "true");
        return true;
}
