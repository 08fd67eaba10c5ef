/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/explain.h"
#include "cli/table.h"
#include "core/machine/live.h"

/* "transparent_hugepage.hugepages-*kB.enabled" itself, not one of its files. */
static bool is_family(KnobRef ref) {
        return ref.instance_kb == 0 && knob_is_family(ref.knob);
}

static bool is_same_knob(KnobRef asked, KnobRef set) {
        return is_family(asked) ? asked.knob == set.knob : knob_ref_equal(asked, set);
}

typedef void (*SettingFn)(const Settings *settings, const Setting *setting, void *userdata);

/* Calls back for every setting of the knob in any profile that resolves here. */
static int for_each_user(const Machine *machine, KnobRef ref, SettingFn fn, void *userdata) {
        _cleanup_(store_list_done) StoreList list = {0};

        int r = store_list(machine->root, &list);
        if (r < 0)
                return r;
        for (size_t i = 0; i < list.n; i++) {
                _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
                _cleanup_(settings_freep) Settings *settings = NULL;
                if (resolve_name(machine->root,
                                 list.items[i].name,
                                 STORE_ANY,
                                 &machine->facts,
                                 &problems,
                                 &settings) < 0)
                        continue;
                for (size_t j = 0; j < settings->n; j++)
                        if (is_same_knob(ref, settings->items[j].ref))
                                fn(settings, &settings->items[j], userdata);
        }
        return 0;
}

static void user_to_json(const Settings *settings, const Setting *setting, void *userdata) {
        json_object *array = userdata, *object = json_object_new_object();
        char name[KNOB_NAME_MAX], text[VALUE_TEXT_MAX];

        knob_ref_name(setting->ref, name);
        value_format(&setting->value, text);
        json_add_text(object, "profile", settings->profile);
        json_add_text(object, "knob", name);
        json_add_text(object, "value", text);
        json_add_text(object, "origin", setting->origin);
        json_object_array_add(array, object);
}

static void user_to_row(const Settings *settings, const Setting *setting, void *userdata) {
        const KnobContext context = {0}; /* a value that was resolved needs no range */
        _cleanup_(freep) char *human =
                knob_value_brief(setting->ref.knob, &context, &setting->value);
        Table *table = userdata;

        table_add_text(table, STYLE_PLAIN, settings->profile);
        table_add_text(table, STYLE_BOLD, human);
        table_add_text(table, STYLE_DIM, setting->origin);
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

static ExitCode explain_knob_json(const Machine *machine, KnobRef ref) {
        char name[KNOB_NAME_MAX], path[KNOB_PATH_MAX], text[VALUE_TEXT_MAX];
        const Knob *knob = ref.knob;
        bool known = false;
        Value live;
        _cleanup_(freep) char *range = range_text(machine, knob, &known);
        _cleanup_(freep) char *versions = versions_text(knob);
        json_object *object = json_object_new_object(), *users = json_object_new_array();

        knob_ref_name(ref, name);
        knob_ref_path(ref, path);
        bool readable = !is_family(ref) && live_read(machine->root, ref, &live) >= 0;
        if (readable)
                value_format(&live, text);
        json_add_text(object, "knob", is_family(ref) ? knob->name : name);
        json_add_text(object, "summary", knob->summary);
        json_add_text(object, "path", is_family(ref) ? knob->path : path);
        json_add_text(object, "live", readable ? text : NULL);
        json_add_text(object, "kind", value_kind_to_string(knob->kind));
        json_add_text(object, "unit", unit_or_null(knob));
        json_add_bool(object, "in-kernel", known);
        json_add_text(object, "range", range);
        json_add_text(object, "default", knob->default_text);
        json_add_text(object, "versions", versions);
        json_add_text(object, "pair", knob->pair);
        json_add_text(object, "coupling", knob->coupling);
        json_add_text(object, "hazard", knob->hazard);
        json_add_text(object, "config", knob->config);
        json_add_text(object, "refusal", knob->refusal);
        (void) for_each_user(machine, ref, user_to_json, users);
        json_add(object, "profiles", users);
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

static void print_live(const Machine *machine, KnobRef ref) {
        _cleanup_(freep) KnobRef *refs = NULL;
        size_t n = 0;

        if (!is_family(ref)) {
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
                "%s/%s", root_prefix(machine->root), is_family(ref) ? knob->path : path);
        print_field("file", STYLE_PLAIN, file);
        print_field("pair", STYLE_PLAIN, knob->pair);
}

ExitCode explain_knob(const Machine *machine, KnobRef ref) {
        static const char *const headings[] = {"PROFILE", "VALUE", "FROM", NULL};
        _cleanup_(table_done) Table table = {0};
        char name[KNOB_NAME_MAX];

        if (print_is_json())
                return explain_knob_json(machine, ref);
        knob_ref_name(ref, name);
        print_styled(STYLE_BOLD, "%s", is_family(ref) ? ref.knob->name : name);
        (void) putchar('\n');
        print_wrapped(0, ref.knob->summary ? ref.knob->summary : "");
        (void) putchar('\n');
        print_knob_fields(machine, ref);
        print_sentence("Hazard", STYLE_WARN, ref.knob->hazard);
        print_sentence("Coupled", STYLE_BOLD, ref.knob->coupling);
        print_sentence("No setting", STYLE_WARN, ref.knob->refusal);

        table_init(&table, headings);
        table.indent = 2;
        table.keep_last = true;
        (void) for_each_user(machine, ref, user_to_row, &table);
        if (table_rows(&table) == 0) {
                (void) puts("\nNo profile sets it here.");
                return EXIT_CODE_DONE;
        }
        print_styled(STYLE_BOLD, "\nSet by\n");
        return table_print(&table);
}
