/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/knobs/knob.h"

#include "core/base/problem.h"
#include "core/knobs/knobs-table.h"

/* Page sizes: order 1 of the smallest page, up to more than any architecture has. */
#define INSTANCE_KB_MIN 8u
#define INSTANCE_KB_MAX (16u * 1024 * 1024)
/* CONFIG_NODES_SHIFT is at most 10. */
#define NODE_MAX 1023u

/* What stands before the numbers that a name and a path may hold, and in the catalogue a "*". */
static const char size_before[] = "hugepages-", node_before[] = "node";

static bool ends_with(const char *text, size_t n, const char *suffix) {
        size_t m = strlen(suffix);
        return n >= m && strncmp(text + n - m, suffix, m) == 0;
}

/* Writes template with the ref's numbers in the place of each "*". */
static void fill_in(const char *template, KnobRef ref, char *buffer, size_t size) {
        size_t used = 0;

        buffer[0] = '\0';
        for (const char *star = strchr(template, '*'); star && used < size;
             star = strchr(template, '*')) {
                size_t n = (size_t) (star - template);
                unsigned number = ends_with(template, n, node_before) ? ref.node : ref.instance_kb;
                used += (size_t) snprintf(
                        buffer + used, size - used, "%.*s%u", (int) n, template, number);
                template = star + 1;
        }
        if (used < size)
                (void) snprintf(buffer + used, size - used, "%s", template);
}

void knob_ref_name(KnobRef ref, char buffer[static KNOB_NAME_MAX]) {
        fill_in(ref.knob->name, ref, buffer, KNOB_NAME_MAX);
}

void knob_ref_path(KnobRef ref, char buffer[static KNOB_PATH_MAX]) {
        fill_in(ref.knob->path, ref, buffer, KNOB_PATH_MAX);
}

static int parse_number(const char *digits, size_t n, unsigned min, unsigned max, unsigned *ret) {
        char text[16];
        uint64_t number = 0;

        if (n >= sizeof(text))
                return -EINVAL;
        memcpy(text, digits, n);
        text[n] = '\0';
        if (parse_uint64(text, &number) < 0 || number < min || number > max)
                return -EINVAL;
        *ret = (unsigned) number;
        return 0;
}

static int parse_size_kb(const char *digits, size_t n, unsigned *ret) {
        unsigned kb = 0;

        int r = parse_number(digits, n, INSTANCE_KB_MIN, INSTANCE_KB_MAX, &kb);
        if (r < 0 || (kb & (kb - 1)) != 0)
                return -EINVAL;
        *ret = kb;
        return 0;
}

/* A name or path with its numbers taken out, as the catalogue has it. */
typedef struct Generic {
        char text[KNOB_PATH_MAX];
        KnobRef numbers; /* without a knob */
        bool bad;        /* a number that no page size or node has */
} Generic;

/* The number that begins at text + i belongs to a size or a node. */
static bool take_number(const char *text, size_t i, char separator, size_t n, Generic *generic) {
        size_t m = sizeof(node_before) - 1;

        if (ends_with(text, i, size_before)) {
                generic->bad |= parse_size_kb(text + i, n, &generic->numbers.instance_kb) < 0;
                return true;
        }
        if (!ends_with(text, i, node_before) || i == m || text[i - m - 1] != separator)
                return false;
        generic->bad |= parse_number(text + i, n, 0, NODE_MAX, &generic->numbers.node) < 0;
        return true;
}

/* False when it is too long or holds a "*" already. */
static bool make_generic(const char *text, char separator, Generic *ret) {
        size_t used = 0;

        *ret = (Generic){0};
        for (size_t i = 0; text[i];) {
                size_t n = strspn(text + i, "0123456789");
                if (text[i] == '*' || used + 1 >= sizeof(ret->text))
                        return false;
                if (n > 0 && take_number(text, i, separator, n, ret)) {
                        ret->text[used++] = '*';
                        i += n;
                } else
                        ret->text[used++] = text[i++];
        }
        return true;
}

static int finish(const Knob *knob, const Generic *generic, KnobRef *ret) {
        if (!knob)
                return -ENOENT;
        if (generic->bad)
                return -EINVAL;
        *ret = generic->numbers;
        ret->knob = knob;
        return 0;
}

int knob_ref_parse(const char *name, KnobRef *ret) {
        Generic generic;

        if (!make_generic(name, '.', &generic))
                return -ENOENT;
        return finish(knob_find(generic.text), &generic, ret);
}

int knob_ref_from_path(const char *path, KnobRef *ret) {
        Generic generic;

        if (!make_generic(path, '/', &generic))
                return -ENOENT;
        for (size_t i = 0; i < knobs_table_n; i++)
                if (streq(knobs_table[i].path, generic.text))
                        return finish(&knobs_table[i], &generic, ret);
        return -ENOENT;
}

int knob_ref_compare(KnobRef a, KnobRef b) {
        int difference = strcmp(a.knob->name, b.knob->name);

        if (difference == 0)
                difference = (a.instance_kb > b.instance_kb) - (a.instance_kb < b.instance_kb);
        return difference != 0 ? difference : (a.node > b.node) - (a.node < b.node);
}

bool knob_ref_equal(KnobRef a, KnobRef b) {
        return a.knob == b.knob && a.instance_kb == b.instance_kb && a.node == b.node;
}

char *knob_hint(const char *name) {
        char best[KNOB_NAME_MAX];
        Generic generic;
        bool whole = make_generic(name, '.', &generic) && !generic.bad;
        Nearest nearest = NEAREST_INIT(whole ? generic.text : name);

        for (size_t i = 0; i < knobs_table_n; i++)
                nearest_offer(&nearest, knobs_table[i].name);
        const char *found = nearest_get(&nearest);
        if (!found || !whole)
                return nearest_hint(&nearest);
        KnobRef ref = generic.numbers;
        ref.knob = knob_find(found);
        /* A size that the person did not write is not made up. */
        if (knob_is_family(ref.knob) && ref.instance_kb == 0)
                return nearest_hint(&nearest);
        knob_ref_name(ref, best);
        return text_format("did you mean \"%s\"?", best);
}

bool knob_ref_partner(KnobRef ref, KnobRef *ret) {
        const Knob *partner = ref.knob->pair ? knob_find(ref.knob->pair) : NULL;

        if (!partner)
                return false;
        *ret = ref;
        ret->knob = partner;
        return true;
}
