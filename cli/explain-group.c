/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/explain.h"
#include "cli/table.h"

static size_t count_knobs(const char *group) {
        size_t n = 0;

        for (size_t i = 0; i < knob_count(); i++)
                n += knob_is_in_group(knob_at(i), group);
        return n;
}

/* A knob's line: its live value, or the families' "*" as it is. */
static void add_row(const Machine *machine, const Knob *knob, Table *table) {
        const KnobRef ref = {.knob = knob};
        _cleanup_(freep) char *live = knob_is_family(knob) ? NULL : machine_live_text(machine, ref);

        table_add_text(table, live || knob_is_family(knob) ? STYLE_PLAIN : STYLE_DIM, knob->name);
        table_add_text(table, STYLE_BOLD, live ? live : "-");
        table_add_text(table, STYLE_PLAIN, knob->summary);
}

static void knob_to_json(const Machine *machine, const Knob *knob, json_object *array) {
        const KnobRef ref = {.knob = knob};
        json_object *object = json_object_new_object();
        _cleanup_(freep) char *live = knob_is_family(knob) ? NULL : machine_live_text(machine, ref);

        json_add_text(object, "knob", knob->name);
        json_add_text(object, "live", live);
        json_add_text(object, "summary", knob->summary);
        json_object_array_add(array, object);
}

/* The knobs for which is_wanted holds, as a table or into the array. */
typedef bool (*WantedFn)(const Knob *knob, const char *word);

static size_t list_knobs(const Machine *machine,
                         WantedFn wanted,
                         const char *word,
                         Table *table,
                         json_object *array) {
        size_t n = 0;

        for (size_t i = 0; i < knob_count(); i++) {
                if (!wanted(knob_at(i), word))
                        continue;
                n++;
                if (array)
                        knob_to_json(machine, knob_at(i), array);
                else
                        add_row(machine, knob_at(i), table);
        }
        return n;
}

static const char *const headings[] = {"KNOB", "LIVE", "SUMMARY", NULL};

ExitCode explain_groups(const Machine *machine) {
        static const char *const group_headings[] = {"GROUP", "KNOBS", "ABOUT", NULL};
        _cleanup_(table_done) Table table = {0};
        json_object *array = print_is_json() ? json_object_new_array() : NULL;

        table_init(&table, group_headings);
        for (size_t i = 0; i < knob_group_count(); i++) {
                const KnobGroup *group = knob_group_at(i);
                if (array) {
                        json_object *object = json_object_new_object();
                        json_add_text(object, "group", group->name);
                        json_add_text(object, "title", group->title);
                        json_add_text(object, "text", group->text);
                        json_add_number(object, "n-knobs", count_knobs(group->name));
                        json_object_array_add(array, object);
                        continue;
                }
                table_add_text(&table, STYLE_BOLD, group->name);
                table_add(&table, STYLE_PLAIN, "%zu", count_knobs(group->name));
                table_add_text(&table, STYLE_PLAIN, group->title);
        }
        if (array)
                return print_json(array);
        ExitCode code = table_print(&table);
        print_note("\"memctl explain GROUP\" shows its knobs, \"memctl explain KNOB\" all about "
                   "one of them");
        return code;
}

ExitCode explain_group(const Machine *machine, const KnobGroup *group) {
        _cleanup_(table_done) Table table = {0};
        json_object *array = print_is_json() ? json_object_new_array() : NULL;

        table_init(&table, headings);
        table.drop_last = true;
        (void) list_knobs(machine, knob_is_in_group, group->name, &table, array);
        if (array) {
                json_object *object = json_object_new_object();
                json_add_text(object, "group", group->name);
                json_add_text(object, "title", group->title);
                json_add_text(object, "text", group->text);
                json_add(object, "knobs", array);
                return print_json(object);
        }
        print_styled(STYLE_BOLD, "%s: %s\n", group->name, group->title);
        (void) putchar('\n');
        print_wrapped(0, group->text);
        (void) putchar('\n');
        return table_print(&table);
}

static bool mentions(const Knob *knob, const char *word) {
        return strcasestr(knob->name, word) || strcasestr(knob->summary, word) ||
               (knob->intuition && strcasestr(knob->intuition, word));
}

int explain_word(const Machine *machine, const char *word, ExitCode *ret) {
        _cleanup_(table_done) Table table = {0};
        json_object *array = print_is_json() ? json_object_new_array() : NULL;

        table_init(&table, headings);
        table.drop_last = true;
        if (list_knobs(machine, mentions, word, &table, array) == 0) {
                json_object_put(array);
                return -ENOENT;
        }
        if (!array)
                print_styled(STYLE_BOLD, "Knobs that have to do with \"%s\"\n\n", word);
        *ret = array ? print_json(array) : table_print(&table);
        return 0;
}
