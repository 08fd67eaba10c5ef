/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/import.h"

/* Deeper folders than hugepages.node0.hugepages-2048kB.nr_hugepages there are none. */
#define PARTS_MAX 5

static int compare_assignments(const void *a, const void *b) {
        return knob_ref_compare(((const Assignment *) a)->ref, ((const Assignment *) b)->ref);
}

/* "010" is 8 to /proc/sys and would be refused in a profile. */
static char *plain_value(const Assignment *assignment) {
        const char *text = assignment->value;
        const bool number = assignment->ref.knob->kind == VALUE_INTEGER;
        char *end = NULL;

        if (!number || text[0] != '0' || text[1] == '\0')
                return strdup(text);
        errno = 0;
        unsigned long long value = strtoull(text, &end, 0);
        return errno == 0 && *end == '\0' ? text_format("%llu", value) : strdup(text);
}

/* NULL when the kernel takes it, else why it does not. */
static char *refusal(const Facts *facts, const Assignment *assignment, const char *text) {
        ValueType type;
        Value value;
        char *why = NULL;

        /* A knob that this kernel lacks will be optional; its value must be one all the same. */
        if (knob_value_type(assignment->ref.knob, &facts->context, &type) < 0) {
                const KnobContext any = {0};
                if (knob_value_type(assignment->ref.knob, &any, &type) < 0)
                        return text_format("is gone from every kernel");
        }
        return value_parse(&type, text, &value, &why) < 0 ? why : NULL;
}

static void drop_refused(const Facts *facts, Assignments *assignments) {
        for (size_t i = assignments->n; i-- > 0;) {
                Assignment *one = &assignments->items[i];
                char name[KNOB_NAME_MAX];
                _cleanup_(freep) char *text = plain_value(one);
                _cleanup_(freep) char *why = text ? refusal(facts, one, text) : NULL;
                if (!text) {
                        assignments->failed = true;
                        continue;
                }
                free(one->value);
                one->value = TAKE_PTR(text);
                if (!why)
                        continue;
                knob_ref_name(one->ref, name);
                _cleanup_(freep) char *what = text_format("%s = %s", name, one->value);
                assignments_leave_out(assignments,
                                      what ? what : name,
                                      (Origin){.file = one->file, .line = one->line},
                                      "it %s",
                                      why);
                free(one->value);
                free(one->file);
                memmove(one, one + 1, (--assignments->n - i) * sizeof(*one));
        }
}

static bool is_everywhere(const Knob *knob) {
        return !knob->config && knob->until == 0 && knob->since <= KERNEL_VERSION_OF(5, 10);
}

/* What would be taken for something else than text. */
static bool needs_quotes(const char *value) {
        return strpbrk(value, ":#{}[],&*!|>'\"@`") || value[0] == '-' || value[0] == '?' ||
               value[0] == '%';
}

/* A file's name may hold anything: it must not end the line that it stands in. */
static void print_plain(FILE *out, const char *text) {
        for (const char *p = text; *p; p++)
                (void) fputc((unsigned char) *p < ' ' || *p == 0x7f ? '?' : *p, out);
}

/* In single quotes, which are doubled within. */
static void print_quoted(FILE *out, const char *before, const char *text) {
        (void) fprintf(out, "'%s", before);
        for (const char *p = text; *p; p++) {
                if (*p == '\'')
                        (void) fputc('\'', out);
                (void) fputc((unsigned char) *p < ' ' || *p == 0x7f ? '?' : *p, out);
        }
        (void) fputs("'\n", out);
}

static void print_value(FILE *out, const Assignment *one) {
        const char *quote = needs_quotes(one->value) ? "'" : "";
        bool optional = !is_everywhere(one->ref.knob);

        if (!optional && one->only == ONLY_NONE)
                (void) fprintf(out, "%s%s%s", quote, one->value, quote);
        else
                (void) fprintf(out,
                               "{value: %s%s%s%s%s%s}",
                               quote,
                               one->value,
                               quote,
                               optional ? ", optional: true" : "",
                               one->only != ONLY_NONE ? ", only: " : "",
                               one->only != ONLY_NONE ? only_to_string(one->only) : "");
        (void) fputs(" # ", out);
        print_plain(out, one->file);
        (void) fprintf(out, ":%u\n", one->line);
}

/* A name's parts, "hugepages", "node0", …; returns how many. */
static size_t split(char *name, const char *parts[static PARTS_MAX]) {
        size_t n = 0;

        for (char *rest = name; rest && n < PARTS_MAX;) {
                char *dot = n + 1 < PARTS_MAX ? strchr(rest, '.') : NULL;
                if (dot)
                        *dot = '\0';
                parts[n++] = rest;
                rest = dot ? dot + 1 : NULL;
        }
        return n;
}

/* The folders that the one before was not in already. */
static void print_folders(FILE *out, const char *const *parts, size_t n, char *open) {
        size_t same = 0;
        char *was = open;

        while (same + 1 < n && streq(was, parts[same])) {
                was += strlen(was) + 1;
                same++;
        }
        for (size_t i = same; i + 1 < n; i++) {
                (void) fprintf(out, "%s%*s%s:\n", i == 0 ? "\n" : "", (int) (2 * i), "", parts[i]);
                (void) strcpy(was, parts[i]); /* open holds a name's parts, as long as a name */
                was += strlen(was) + 1;
                *was = '\0';
        }
}

static void print_block(FILE *out, const Assignments *assignments, bool sysctl) {
        char open[KNOB_NAME_MAX + PARTS_MAX] = "";
        bool begun = false;

        for (size_t i = 0; i < assignments->n; i++) {
                const Assignment *one = &assignments->items[i];
                const char *parts[PARTS_MAX];
                char name[KNOB_NAME_MAX];
                if ((one->ref.knob->section == KNOB_SECTION_SYSCTL) != sysctl)
                        continue;
                knob_ref_name(one->ref, name);
                if (sysctl) {
                        (void) fprintf(out, "%s  %s: ", begun ? "" : "\nsysctl:\n", name);
                        begun = true;
                } else {
                        size_t n = split(name, parts);
                        print_folders(out, parts, n, open);
                        (void) fprintf(out, "%*s%s: ", (int) (2 * (n - 1)), "", parts[n - 1]);
                }
                print_value(out, one);
        }
}

int import_format(const Facts *facts,
                  const char *name,
                  const char *from,
                  Assignments *assignments,
                  char **ret) {
        char *text = NULL;
        size_t size = 0;

        drop_refused(facts, assignments);
        if (assignments->failed)
                return -ENOMEM;
        if (assignments->n > 1)
                qsort(assignments->items, assignments->n, sizeof(Assignment), compare_assignments);
        FILE *out = open_memstream(&text, &size);
        if (!out)
                return -ENOMEM;
        (void) fprintf(out, "profile: %s\nsummary: ", name);
        print_quoted(out, "Imported from ", from);
        (void) fputs("description: |\n"
                     "  Values of another manager, as they stand there: say here whom they are for "
                     "and what they trade\n  away, and turn the other manager off.\n",
                     out);
        print_block(out, assignments, true);
        print_block(out, assignments, false);
        (void) fputs("\nwatch:\n  limits:\n    memory.full: 10% over 2s\n", out);
        if (stream_close(out, &text) < 0)
                return -ENOMEM;
        *ret = text;
        return 0;
}
