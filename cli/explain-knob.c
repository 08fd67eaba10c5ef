/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/explain.h"
#include "core/machine/live.h"

bool explain_is_family(KnobRef ref) {
        return ref.instance_kb == 0 && knob_is_family(ref.knob);
}

/* "since 5.9, until 6.18" */
static char *versions_text(const Knob *knob) {
        _cleanup_(freep) char *until = NULL;

        if (knob->until > 0)
                until = text_format("gone since Linux %u.%u",
                                    KERNEL_VERSION_MAJOR(knob->until),
                                    KERNEL_VERSION_MINOR(knob->until));
        if (knob->since == 0)
                return TAKE_PTR(until);
        return text_format("Linux %u.%u%s%s",
                           KERNEL_VERSION_MAJOR(knob->since),
                           KERNEL_VERSION_MINOR(knob->since),
                           until ? ", " : "",
                           until ? until : "");
}

/* What this kernel takes; *ret_known false when this version has no such knob. */
static char *range_text(const Machine *machine, const Knob *knob, bool *ret_known) {
        ValueType type;

        *ret_known = knob_value_type(knob, &machine->facts.context, &type) >= 0;
        return *ret_known ? value_type_format(&type) : NULL;
}

static const char *unit_or_null(const Knob *knob) {
        const char *unit = value_unit_to_string(knob->unit);
        return unit && unit[0] ? unit : NULL;
}

/* The long texts, in the order of reading. */
typedef struct Text {
        const char *key; /* in JSON */
        const char *label;
        Style style;
        size_t offset; /* of the member of Knob */
} Text;

static const Text texts[] = {
        {"detail", "What the kernel does with it", STYLE_BOLD, offsetof(Knob, detail)},
        {"advice", "When to change it", STYLE_BOLD, offsetof(Knob, advice)},
        {"counter", "Where it shows", STYLE_BOLD, offsetof(Knob, counter)},
        {"hazard", "Hazard", STYLE_WARN, offsetof(Knob, hazard)},
        {"coupling", "Coupled", STYLE_BOLD, offsetof(Knob, coupling)},
        {"readback", "Reads back", STYLE_BOLD, offsetof(Knob, readback)},
        {"cost", "Cost of a write", STYLE_BOLD, offsetof(Knob, cost)},
        {"capability", "Writing needs", STYLE_BOLD, offsetof(Knob, capability)},
        {"myths", "Often believed", STYLE_BOLD, offsetof(Knob, myths)},
        {"refusal", "No setting", STYLE_WARN, offsetof(Knob, refusal)},
        {"intuition", NULL, STYLE_PLAIN, offsetof(Knob, intuition)}, /* printed first */
        {"published", NULL, STYLE_PLAIN, offsetof(Knob, published)}, /* a list */
};

static const char *text_of(const Knob *knob, const Text *text) {
        const char *value = NULL;

        memcpy(&value, (const char *) knob + text->offset, sizeof(value));
        return value;
}

static ExitCode explain_knob_json(const Machine *machine, KnobRef ref) {
        char name[KNOB_NAME_MAX], path[KNOB_PATH_MAX], text[VALUE_TEXT_MAX];
        const Knob *knob = ref.knob;
        bool known = false;
        Value live;
        _cleanup_(freep) char *range = range_text(machine, knob, &known);
        _cleanup_(freep) char *versions = versions_text(knob);
        json_object *object = json_object_new_object(), *groups = json_object_new_array();

        knob_ref_name(ref, name);
        knob_ref_path(ref, path);
        bool readable = !explain_is_family(ref) && live_read(machine->root, ref, &live) >= 0;
        if (readable)
                value_format(&live, text);
        json_add_text(object, "knob", explain_is_family(ref) ? knob->name : name);
        json_add_text(object, "summary", knob->summary);
        json_add_text(object, "path", explain_is_family(ref) ? knob->path : path);
        json_add_text(object, "live", readable ? text : NULL);
        json_add_text(object, "kind", value_kind_to_string(knob->kind));
        json_add_text(object, "unit", unit_or_null(knob));
        json_add_bool(object, "in-kernel", known);
        json_add_text(object, "settling", knob_settling_to_string(knob));
        json_add_text(object, "range", range);
        json_add_text(object, "default", knob->default_text);
        json_add_text(object, "versions", versions);
        json_add_text(object, "pair", knob->pair);
        json_add_text(object, "config", knob->config);
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                json_add_text(object, texts[i].key, text_of(knob, &texts[i]));
        for (const char *const *group = knob->groups; *group; group++)
                json_object_array_add(groups, json_text(*group));
        json_add(object, "groups", groups);
        json_add_text(object, "chapter", knob_chapter(knob));
        json_add(object, "profiles", explain_users_json(machine, ref));
        json_add(object, "others", explain_rivals_json(machine, ref));
        return print_json(object);
}

static void print_field(const char *label, Style style, const char *text) {
        if (!text || !text[0])
                return;
        print_styled(STYLE_DIM, "%10s  ", label);
        (void) printf("%s%s%s\n", style_begin(style), text, style_end(style));
}

/* A sentence under its own label, wrapped beside it. */
static void print_sentence(const char *label, Style style, const char *text) {
        if (!text)
                return;
        print_styled(style, "\n%s\n", label);
        print_wrapped(2, text);
}

/* One recommendation a line, each wrapped on its own. */
static void print_published(const char *published) {
        if (published)
                print_styled(STYLE_BOLD, "\nPublished recommendations\n");
        while (published && *published) {
                size_t n = strcspn(published, "\n");
                _cleanup_(freep) char *line = strndup(published, n);
                print_wrapped(2, line ? line : "");
                published += n + (published[n] == '\n');
        }
}

static void print_groups(const Knob *knob) {
        (void) putchar('\n');
        for (const char *const *group = knob->groups; *group; group++)
                print_styled(STYLE_DIM,
                             "%smemctl explain %s",
                             group == knob->groups ? "More of its kind: " : ", ",
                             *group);
        (void) putchar('\n');
}

static void print_live(const Machine *machine, KnobRef ref) {
        _cleanup_(freep) KnobRef *refs = NULL;
        size_t n = 0;

        if (!explain_is_family(ref)) {
                _cleanup_(freep) char *live = machine_live_text(machine, ref);
                print_field("live", STYLE_BOLD, live ? live : "not on this machine");
                return;
        }
        if (live_refs(machine->root, ref.knob, &refs, &n) < 0)
                n = 0;
        for (size_t i = 0; i < n; i++) {
                char label[32];
                _cleanup_(freep) char *live = machine_live_text(machine, refs[i]);
                if (knob_has_node(ref.knob))
                        (void) snprintf(label,
                                        sizeof(label),
                                        "node%u %u kB",
                                        refs[i].node,
                                        refs[i].instance_kb);
                else
                        (void) snprintf(label, sizeof(label), "%u kB", refs[i].instance_kb);
                print_field(label, STYLE_BOLD, live ? live : "cannot be read");
        }
}

/* What "memctl trial" may do with it. */
static const char *settling_text(const Knob *knob) {
        if (knob->flags & KNOB_SETTLES_FAST)
                return "in seconds: a trial may switch it each 30 s";
        return knob->flags & KNOB_SETTLES_SLOWLY
                       ? "in a minute: a trial may switch it each 3 min"
                       : "too slowly for a trial, or it leaves something behind";
}

static void print_knob_fields(const Machine *machine, KnobRef ref) {
        char path[KNOB_PATH_MAX];
        const Knob *knob = ref.knob;
        bool known = false;
        _cleanup_(freep) char *range = range_text(machine, knob, &known);
        _cleanup_(freep) char *versions = versions_text(knob);

        knob_ref_path(ref, path);
        print_live(machine, ref);
        print_field("accepts",
                    STYLE_PLAIN,
                    known || knob->flags & KNOB_TRIGGER ? range
                                                        : "nothing: this kernel has no such knob");
        print_field("default", STYLE_PLAIN, knob->default_text);
        print_field("since", STYLE_PLAIN, versions);
        print_field("needs", STYLE_PLAIN, knob->config);
        _cleanup_(freep) char *file = text_format(
                "%s/%s", root_prefix(machine->root), explain_is_family(ref) ? knob->path : path);
        print_field("file", STYLE_PLAIN, file);
        print_field("pair", STYLE_PLAIN, knob->pair);
        if (knob_is_settable(knob))
                print_field("settles", STYLE_PLAIN, settling_text(knob));
}

ExitCode explain_knob(const Machine *machine, KnobRef ref) {
        const Knob *knob = ref.knob;
        char name[KNOB_NAME_MAX];

        if (print_is_json())
                return explain_knob_json(machine, ref);
        knob_ref_name(ref, name);
        print_styled(STYLE_BOLD, "%s", explain_is_family(ref) ? knob->name : name);
        (void) putchar('\n');
        print_wrapped(0, knob->summary);
        (void) putchar('\n');
        if (knob->intuition) {
                print_wrapped(0, knob->intuition);
                (void) putchar('\n');
        }
        print_knob_fields(machine, ref);
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                if (texts[i].label)
                        print_sentence(texts[i].label, texts[i].style, text_of(knob, &texts[i]));
        print_published(knob->published);
        ExitCode code = explain_print_users(machine, ref);
        if (code == EXIT_CODE_DONE)
                code = explain_print_rivals(machine, ref);
        print_groups(knob);
        explain_print_chapter(knob_chapter(knob));
        return code;
}
