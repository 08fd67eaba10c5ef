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

json_object *explain_knobs_json(const Machine *machine, ExplainWantedFn wanted, const char *word) {
        json_object *array = json_object_new_array();

        for (size_t i = 0; i < knob_count(); i++)
                if (wanted(knob_at(i), word))
                        knob_to_json(machine, knob_at(i), array);
        return array;
}

ExitCode explain_print_knobs(const Machine *machine, ExplainWantedFn wanted, const char *word) {
        static const char *const headings[] = {"KNOB", "LIVE", "SUMMARY", NULL};
        _cleanup_(table_done) Table table = {0};

        table_init(&table, headings);
        table.drop_last = true;
        for (size_t i = 0; i < knob_count(); i++)
                if (wanted(knob_at(i), word))
                        add_row(machine, knob_at(i), &table);
        return table_print(&table);
}

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
                        json_add_text(object, "chapter", group->chapter);
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
        (void) putchar('\n');
        return code == EXIT_CODE_DONE ? explain_chapters() : code;
}

static ExitCode explain_group_json(const Machine *machine, const KnobGroup *group) {
        const Chapter *chapter = group->chapter ? chapter_find(group->chapter) : NULL;
        json_object *object = json_object_new_object();

        json_add_text(object, "group", group->name);
        json_add_text(object, "title", group->title);
        json_add_text(object, "text", group->text);
        json_add(object, "knobs", explain_knobs_json(machine, knob_is_in_group, group->name));
        json_add(object, "chapter", chapter ? explain_chapter_json(chapter, true) : NULL);
        return print_json(object);
}

ExitCode explain_group(const Machine *machine, const KnobGroup *group) {
        if (print_is_json())
                return explain_group_json(machine, group);
        /* Who was sent here by a finding or by a knob wants to read; the values stand at its end.
         */
        const Chapter *chapter = chapter_find(group->name);
        if (chapter)
                return explain_chapter(machine, chapter);
        print_styled(STYLE_BOLD, "%s: %s\n", group->name, group->title);
        (void) putchar('\n');
        print_wrapped(0, group->text);
        (void) putchar('\n');
        ExitCode code = explain_print_knobs(machine, knob_is_in_group, group->name);
        explain_print_chapter(group->chapter);
        return code;
}

static bool mentions(const Knob *knob, const char *word) {
        return strcasestr(knob->name, word) || strcasestr(knob->summary, word) ||
               (knob->intuition && strcasestr(knob->intuition, word));
}

int explain_word(const Machine *machine, const char *word, ExitCode *ret) {
        bool any = false;

        for (size_t i = 0; i < knob_count() && !any; i++)
                any = mentions(knob_at(i), word);
        if (!any)
                return -ENOENT;
        if (print_is_json()) {
                *ret = print_json(explain_knobs_json(machine, mentions, word));
                return 0;
        }
        print_styled(STYLE_BOLD, "Knobs that have to do with \"%s\"\n\n", word);
        *ret = explain_print_knobs(machine, mentions, word);
        return 0;
}
