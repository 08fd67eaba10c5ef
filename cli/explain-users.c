/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/explain.h"
#include "cli/table.h"
#include "core/profile/rival.h"

static bool is_same_knob(KnobRef asked, KnobRef set) {
        return explain_is_family(asked) ? asked.knob == set.knob : knob_ref_equal(asked, set);
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
        json_add_bool(object, "applicable", settings->applicable);
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

        if (settings->applicable)
                table_add_text(table, STYLE_PLAIN, settings->profile);
        else
                table_add(table, STYLE_DIM, "%s (not here)", settings->profile);
        table_add_text(table, STYLE_BOLD, human);
        table_add_text(table, STYLE_DIM, setting->origin);
}

json_object *explain_users_json(const Machine *machine, KnobRef ref) {
        json_object *array = json_object_new_array();

        (void) for_each_user(machine, ref, user_to_json, array);
        return array;
}

ExitCode explain_print_users(const Machine *machine, KnobRef ref) {
        static const char *const headings[] = {"PROFILE", "VALUE", "FROM", NULL};
        _cleanup_(table_done) Table table = {0};

        table_init(&table, headings);
        table.indent = 2;
        table.keep_last = true;
        (void) for_each_user(machine, ref, user_to_row, &table);
        if (table_rows(&table) == 0) {
                if (knob_is_settable(ref.knob))
                        (void) puts("\nNo profile sets it here.");
                return EXIT_CODE_DONE;
        }
        print_styled(STYLE_BOLD, "\nSet by\n");
        return table_print(&table);
}

/* The other managers */

static bool concerns(const Rival *rival, KnobRef asked) {
        KnobRef partner;

        if (explain_is_family(asked))
                return asked.knob == rival->ref.knob;
        return knob_ref_equal(asked, rival->ref) ||
               (knob_ref_partner(asked, &partner) && knob_ref_equal(partner, rival->ref));
}

static void rival_to_row(const Rival *rival, Table *table) {
        char name[KNOB_NAME_MAX];

        knob_ref_name(rival->ref, name);
        table_add_text(table, STYLE_PLAIN, rival_kind_to_string(rival->kind));
        table_add(table,
                  rival->effective ? STYLE_BOLD : STYLE_DIM,
                  "%s = %s%s",
                  name,
                  rival->value,
                  rival->effective ? "" : " (overridden)");
        table_add(table, STYLE_DIM, "%s:%u", rival->file, rival->line);
}

static void rival_to_json(const Rival *rival, json_object *array) {
        json_object *object = json_object_new_object();
        char name[KNOB_NAME_MAX];

        knob_ref_name(rival->ref, name);
        json_add_text(object, "manager", rival_kind_to_string(rival->kind));
        json_add_text(object, "knob", name);
        json_add_text(object, "value", rival->value);
        json_add_text(object, "file", rival->file);
        json_add_number(object, "line", rival->line);
        json_add_bool(object, "effective", rival->effective);
        json_object_array_add(array, object);
}

json_object *explain_rivals_json(const Machine *machine, KnobRef ref) {
        _cleanup_(rivals_done) Rivals rivals = {0};
        json_object *array = json_object_new_array();

        (void) rivals_load(machine->root, &rivals);
        for (size_t i = 0; i < rivals.n; i++)
                if (concerns(&rivals.items[i], ref))
                        rival_to_json(&rivals.items[i], array);
        return array;
}

ExitCode explain_print_rivals(const Machine *machine, KnobRef ref) {
        static const char *const headings[] = {"MANAGER", "VALUE", "FROM", NULL};
        _cleanup_(table_done) Table table = {0};
        _cleanup_(rivals_done) Rivals rivals = {0};

        int r = rivals_load(machine->root, &rivals);
        if (r < 0)
                return print_errno(r, "cannot look for other managers");
        table_init(&table, headings);
        table.indent = 2;
        table.keep_last = true;
        for (size_t i = 0; i < rivals.n; i++)
                if (concerns(&rivals.items[i], ref))
                        rival_to_row(&rivals.items[i], &table);
        if (table_rows(&table) == 0)
                return EXIT_CODE_DONE;
        print_styled(STYLE_WARN, "\nAlso set on this machine by\n");
        return table_print(&table);
}
