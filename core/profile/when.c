/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/when.h"

#include "core/base/quantity.h"

/* Longer ones first, so that ">=" is not taken for ">". */
static const struct {
        const char *text;
        Comparison comparison;
} comparisons[] = {
        {"<=", COMPARISON_LE},
        {">=", COMPARISON_GE},
        {"==", COMPARISON_EQ},
        {"<", COMPARISON_LT},
        {">", COMPARISON_GT},
        {"=", COMPARISON_EQ},
};

static const SwapKind swap_kinds[] = {SWAP_NONE, SWAP_DISK, SWAP_ZRAM, SWAP_FILE};

static const char *comparison_to_string(Comparison comparison) {
        for (size_t i = 0; i < ELEMENTSOF(comparisons); i++)
                if (comparisons[i].comparison == comparison)
                        return comparisons[i].text;
        return "";
}

/* Takes the operator off; NULL when there is none. */
static const char *parse_comparison(const char *text, Comparison *ret) {
        for (size_t i = 0; i < ELEMENTSOF(comparisons); i++)
                if (text_starts_with(text, comparisons[i].text)) {
                        *ret = comparisons[i].comparison;
                        text += strlen(comparisons[i].text);
                        return text + strspn(text, " ");
                }
        return NULL;
}

static void read_ram(Reader *reader, const Node *node, void *target) {
        static const char expected[] = "a comparison with a size, like \">= 4GiB\"";
        When *when = target;
        const char *text = reader_text(reader, node, expected);
        Comparison comparison = COMPARISON_NONE;
        uint64_t bytes = 0;

        if (!text)
                return;
        const char *rest = parse_comparison(text, &comparison);
        if (!rest || parse_size(rest, &bytes) < 0) {
                reader_error(reader, node, NULL, "ram is \"%s\"; expected %s", text, expected);
                return;
        }
        when->ram = comparison;
        when->ram_bytes = bytes;
}

static void read_kernel(Reader *reader, const Node *node, void *target) {
        static const char expected[] = "a comparison with a version, like \">= 5.14\"";
        When *when = target;
        const char *text = reader_text(reader, node, expected);
        Comparison comparison = COMPARISON_NONE;
        unsigned version = 0;

        if (!text)
                return;
        const char *rest = parse_comparison(text, &comparison);
        if (!rest || kernel_version_parse(rest, &version) < 0) {
                reader_error(reader, node, NULL, "kernel is \"%s\"; expected %s", text, expected);
                return;
        }
        when->kernel = comparison;
        when->kernel_version = version;
}

static void read_nodes(Reader *reader, const Node *node, void *target) {
        static const char expected[] = "a comparison with a number of NUMA nodes, like \">= 2\"";
        When *when = target;
        const char *text = reader_text(reader, node, expected);
        Comparison comparison = COMPARISON_NONE;
        uint64_t n = 0;

        if (!text)
                return;
        const char *rest = parse_comparison(text, &comparison);
        if (!rest || parse_uint64(rest, &n) < 0 || n > UINT32_MAX) {
                reader_error(reader, node, NULL, "nodes is \"%s\"; expected %s", text, expected);
                return;
        }
        when->nodes = comparison;
        when->n_nodes = (unsigned) n;
}

static void read_swap_kind(Reader *reader, const Node *node, When *when) {
        static const char expected[] = "one of none, disk, zram, file";
        const char *text = reader_text(reader, node, expected);
        Nearest nearest = NEAREST_INIT(text);

        if (!text)
                return;
        int kind = swap_kind_from_string(text);
        if (kind >= 0) {
                when->swap_kinds |= (unsigned) kind;
                return;
        }
        for (size_t i = 0; i < ELEMENTSOF(swap_kinds); i++)
                nearest_offer(&nearest, swap_kind_to_string(swap_kinds[i]));
        _cleanup_(freep) char *hint = nearest_hint(&nearest);
        reader_error(reader, node, hint, "swap is \"%s\"; expected %s", text, expected);
}

static void read_swap(Reader *reader, const Node *node, void *target) {
        if (node->kind == NODE_SCALAR && !node_is_null(node)) {
                read_swap_kind(reader, node, target);
                return;
        }
        if (!reader_open_sequence(reader, node, "[none, zram]"))
                return;
        for (size_t i = 0; i < node->n; i++)
                read_swap_kind(reader, node->children[i], target);
}

static const Field when_fields[] = {
        {"ram", read_ram},
        {"kernel", read_kernel},
        {"swap", read_swap},
        {"nodes", read_nodes},
};

void when_read(Reader *reader, const Node *node, When *when) {
        when->line = node->key ? node->key_line : node->line;
        (void) reader_mapping(
                reader, node, "{ram: \">= 4GiB\"}", when_fields, ELEMENTSOF(when_fields), when);
}

static bool compare(Comparison comparison, uint64_t a, uint64_t b) {
        switch (comparison) {
        case COMPARISON_NONE:
                return true;
        case COMPARISON_LT:
                return a < b;
        case COMPARISON_LE:
                return a <= b;
        case COMPARISON_EQ:
                return a == b;
        case COMPARISON_GE:
                return a >= b;
        case COMPARISON_GT:
                return a > b;
        }
        return false;
}

static bool ram_holds(const When *when, const Facts *facts) {
        return compare(when->ram, facts->ram_bytes, when->ram_bytes);
}

/* A kernel whose version is not known is not held against a profile. */
static bool kernel_holds(const When *when, const Facts *facts) {
        return facts->context.kernel == 0 ||
               compare(when->kernel, facts->context.kernel, when->kernel_version);
}

static bool swap_holds(const When *when, const Facts *facts) {
        return when->swap_kinds == 0 || (facts->swap_kinds & ~when->swap_kinds) == 0;
}

static bool nodes_hold(const When *when, const Facts *facts) {
        return compare(when->nodes, facts->n_nodes, when->n_nodes);
}

bool when_holds(const When *when, const Facts *facts) {
        return ram_holds(when, facts) && kernel_holds(when, facts) && swap_holds(when, facts) &&
               nodes_hold(when, facts);
}

/* "4GiB": exact, in the largest unit that divides it. */
static void print_size(FILE *out, uint64_t bytes) {
        static const char *const units[] = {"", "KiB", "MiB", "GiB", "TiB"};
        size_t unit = 0;

        while (unit + 1 < ELEMENTSOF(units) && bytes > 0 && bytes % 1024 == 0) {
                bytes /= 1024;
                unit++;
        }
        (void) fprintf(out, "%lu%s", (unsigned long) bytes, units[unit]);
}

static void print_ram(FILE *out, const When *when) {
        (void) fprintf(out, "ram %s ", comparison_to_string(when->ram));
        print_size(out, when->ram_bytes);
}

static void print_kernel(FILE *out, const When *when) {
        (void) fprintf(out,
                       "kernel %s %u.%u",
                       comparison_to_string(when->kernel),
                       KERNEL_VERSION_MAJOR(when->kernel_version),
                       KERNEL_VERSION_MINOR(when->kernel_version));
}

static void print_swap(FILE *out, const When *when) {
        const char *joint = "swap ";

        for (size_t i = 0; i < ELEMENTSOF(swap_kinds); i++)
                if (when->swap_kinds & swap_kinds[i]) {
                        (void) fprintf(out, "%s%s", joint, swap_kind_to_string(swap_kinds[i]));
                        joint = " or ";
                }
}

static void print_nodes(FILE *out, const When *when) {
        (void) fprintf(out, "nodes %s %u", comparison_to_string(when->nodes), when->n_nodes);
}

char *when_format(const When *when) {
        const char *joint = "";
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        if (!out)
                return NULL;
        if (when->ram != COMPARISON_NONE) {
                print_ram(out, when);
                joint = ", ";
        }
        if (when->kernel != COMPARISON_NONE) {
                (void) fputs(joint, out);
                print_kernel(out, when);
                joint = ", ";
        }
        if (when->swap_kinds != 0) {
                (void) fputs(joint, out);
                print_swap(out, when);
                joint = ", ";
        }
        if (when->nodes != COMPARISON_NONE) {
                (void) fputs(joint, out);
                print_nodes(out, when);
        }
        (void) stream_close(out, &text);
        return text;
}

static void explain(FILE *out, const When *when, const Facts *facts) {
        const char *joint = "needs ";
        char words[64];

        if (!ram_holds(when, facts)) {
                (void) fputs(joint, out);
                print_ram(out, when);
                format_size(facts->ram_bytes, words);
                (void) fprintf(out, ", this machine has %s", words);
                joint = "; needs ";
        }
        if (!kernel_holds(when, facts)) {
                (void) fputs(joint, out);
                print_kernel(out, when);
                (void) fprintf(out, ", this machine runs %s", facts->release);
                joint = "; needs ";
        }
        if (!swap_holds(when, facts)) {
                (void) fputs(joint, out);
                print_swap(out, when);
                swap_kinds_format(facts->swap_kinds, words);
                (void) fprintf(out, ", this machine has %s", words);
                joint = "; needs ";
        }
        if (!nodes_hold(when, facts)) {
                (void) fputs(joint, out);
                print_nodes(out, when);
                (void) fprintf(out, ", this machine has %u", facts->n_nodes);
        }
}

char *when_explain(const When *when, const Facts *facts) {
        char *text = NULL;
        size_t size = 0;

        if (when_holds(when, facts))
                return NULL;
        FILE *out = open_memstream(&text, &size);
        if (!out)
                return NULL;
        explain(out, when, facts);
        (void) stream_close(out, &text);
        return text;
}
