/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/explain.h"
#include "cli/memctl.h"

/* "swappiness", "vm/swappiness" and the path of its file are vm.swappiness too. */
static int find_knob(const char *word, KnobRef *ret) {
        static const char *const prefixes[] = {
                "", "vm.", "transparent_hugepage.", "transparent_hugepage.khugepaged."};
        _cleanup_(freep) char *dotted = NULL;

        if (word[0] == '/')
                return knob_ref_from_path(word + 1, ret) < 0 ? -ENOENT : 0;
        const Knob *knob = knob_find(word);
        if (knob) {
                *ret = (KnobRef){.knob = knob};
                return 0;
        }
        dotted = strdup(word);
        for (char *p = dotted; p && *p; p++)
                if (*p == '/')
                        *p = '.';
        for (size_t i = 0; dotted && i < ELEMENTSOF(prefixes); i++) {
                _cleanup_(freep) char *name = text_format("%s%s", prefixes[i], dotted);
                if (name && knob_ref_parse(name, ret) >= 0)
                        return 0;
        }
        return -ENOENT;
}

/* Nothing has that name: offer the nearest that has one. */
static ExitCode explain_unknown(const Machine *machine, const char *word) {
        _cleanup_(store_list_done) StoreList list = {0};
        Nearest nearest = NEAREST_INIT(word);

        (void) store_list(machine->root, &list);
        for (size_t i = 0; i < list.n; i++)
                nearest_offer(&nearest, list.items[i].name);
        for (size_t i = 0; i < knob_group_count(); i++)
                nearest_offer(&nearest, knob_group_at(i)->name);
        for (size_t i = 0; i < chapter_count(); i++)
                nearest_offer(&nearest, chapter_at(i)->name);
        /* People leave out the prefix that most knobs share. */
        _cleanup_(freep) char *prefixed = text_format("vm.%s", word);
        _cleanup_(freep) char *hint = knob_hint(word);
        if (!hint && prefixed)
                hint = knob_hint(prefixed);
        const char *near = nearest_get(&nearest);
        if (near)
                print_error("no knob, group, chapter or profile \"%s\": did you mean \"%s\"?",
                            word,
                            near);
        else if (hint)
                print_error("no knob, group, chapter or profile \"%s\": %s", word, hint);
        else
                print_error("no knob, group, chapter or profile \"%s\": see \"memctl list knobs\"",
                            word);
        return EXIT_CODE_FAILED;
}

ExitCode verb_explain(size_t n, char **arguments) {
        _cleanup_(machine_done) Machine machine = {0};
        _cleanup_(profile_freep) Profile *profile = NULL;
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        ExitCode code = EXIT_CODE_FAILED;
        KnobRef ref;

        if (machine_open(&machine) < 0)
                return EXIT_CODE_FAILED;
        if (n == 0)
                return explain_groups(&machine);
        const char *word = arguments[0];
        if (find_knob(word, &ref) >= 0)
                return explain_knob(&machine, ref);
        int r = profile_name_is_valid(word)
                        ? store_load(machine.root, word, STORE_ANY, &problems, &profile)
                        : -ENOENT;
        if (r >= 0)
                return explain_profile(&machine, profile);
        if (r != -ENOENT) {
                print_problems(&problems);
                return EXIT_CODE_FAILED;
        }
        const KnobGroup *group = knob_group_find(word);
        if (group)
                return explain_group(&machine, group);
        const Chapter *chapter = chapter_find(word);
        if (chapter)
                return explain_chapter(&machine, chapter);
        return explain_word(&machine, word, &code) >= 0 ? code : explain_unknown(&machine, word);
}
