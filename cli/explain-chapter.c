/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/chapter.h"
#include "cli/explain.h"
#include "cli/table.h"

json_object *explain_chapter_json(const Chapter *chapter, bool with_text) {
        json_object *object = json_object_new_object();
        json_object *words = json_object_new_array();

        for (const char *const *word = chapter->words; *word; word++)
                json_object_array_add(words, json_text(*word));
        json_add_text(object, "chapter", chapter->name);
        json_add_number(object, "number", chapter->number);
        json_add_text(object, "title", chapter->title);
        json_add_text(object, "summary", chapter->summary);
        json_add(object, "words", words);
        if (with_text)
                json_add_text(object, "markdown", chapter->text);
        return object;
}

ExitCode explain_chapters(void) {
        static const char *const headings[] = {"CHAPTER", "NO", "ABOUT", NULL};
        _cleanup_(table_done) Table table = {0};
        json_object *array = print_is_json() ? json_object_new_array() : NULL;

        table_init(&table, headings);
        for (size_t i = 0; i < chapter_count(); i++) {
                const Chapter *chapter = chapter_at(i);
                if (array) {
                        json_object_array_add(array, explain_chapter_json(chapter, false));
                        continue;
                }
                table_add_text(&table, STYLE_BOLD, chapter->name);
                table_add(&table, STYLE_PLAIN, "%u", chapter->number);
                table_add_text(&table, STYLE_PLAIN, chapter->title);
        }
        if (array)
                return print_json(array);
        ExitCode code = table_print(&table);
        print_note("\"memctl explain CHAPTER\" opens one, \"memctl explain guide\" says how to "
                   "read them");
        return code;
}

void explain_print_chapter(const char *name) {
        if (name && chapter_find(name))
                print_styled(STYLE_DIM, "\nchapter: memctl explain %s\n", name);
}

static bool leads_to(const Knob *knob, const char *name) {
        const char *chapter = knob_chapter(knob);
        return chapter && streq(chapter, name);
}

static bool has_knobs(const Chapter *chapter) {
        for (size_t i = 0; i < knob_count(); i++)
                if (leads_to(knob_at(i), chapter->name))
                        return true;
        return false;
}

ExitCode explain_chapter(const Machine *machine, const Chapter *chapter) {
        if (print_is_json()) {
                json_object *object = explain_chapter_json(chapter, true);
                json_add(object, "knobs", explain_knobs_json(machine, leads_to, chapter->name));
                return print_json(object);
        }
        chapter_print(chapter);
        if (!has_knobs(chapter))
                return EXIT_CODE_DONE;
        print_styled(STYLE_BOLD, "\nThese knobs on this machine\n\n");
        return explain_print_knobs(machine, leads_to, chapter->name);
}
