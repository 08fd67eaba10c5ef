/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/explain.h"
#include "cli/memctl.h"

/* "swappiness", "/proc/sys/vm/swappiness" and "vm/swappiness" are vm.swappiness too. */
static int find_knob(const char *word, KnobRef *ret) {
        static const char *const prefixes[] = {
                "", "vm.", "transparent_hugepage.", "transparent_hugepage.khugepaged."};
        _cleanup_(freep) char *dotted = NULL;
        char path[KNOB_PATH_MAX];

        for (size_t i = 0; i < knob_count(); i++) {
                KnobRef ref = {.knob = knob_at(i)};
                if (streq(ref.knob->name, word)) {
                        *ret = ref;
                        return 0;
                }
                knob_ref_path(ref, path);
                if (word[0] == '/' && streq(path, word + 1)) {
                        *ret = ref;
                        return 0;
                }
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

/* Neither a knob nor a profile: offer the nearest of both. */
static ExitCode explain_unknown(const Machine *machine, const char *word) {
        _cleanup_(store_list_done) StoreList list = {0};
        Nearest nearest = NEAREST_INIT(word);

        (void) store_list(machine->root, &list);
        for (size_t i = 0; i < list.n; i++)
                nearest_offer(&nearest, list.items[i].name);
        /* People leave out the prefix that most knobs share. */
        _cleanup_(freep) char *prefixed = text_format("vm.%s", word);
        _cleanup_(freep) char *hint = knob_hint(word);
        if (!hint && prefixed)
                hint = knob_hint(prefixed);
        const char *profile = nearest_get(&nearest);
        if (profile)
                print_error("no knob or profile \"%s\": did you mean \"%s\"?", word, profile);
        else if (hint)
                print_error("no knob or profile \"%s\": %s", word, hint);
        else
                print_error("no knob or profile \"%s\": see \"memctl list knobs\"", word);
        return EXIT_CODE_FAILED;
}

ExitCode verb_explain(size_t n, char **arguments) {
        _cleanup_(machine_done) Machine machine = {0};
        _cleanup_(profile_freep) Profile *profile = NULL;
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        KnobRef ref;

        if (machine_open(&machine) < 0)
                return EXIT_CODE_FAILED;
        if (find_knob(arguments[0], &ref) >= 0)
                return explain_knob(&machine, ref);
        int r = profile_name_is_valid(arguments[0])
                        ? store_load(machine.root, arguments[0], STORE_ANY, &problems, &profile)
                        : -ENOENT;
        if (r == -ENOENT)
                return explain_unknown(&machine, arguments[0]);
        if (r < 0) {
                print_problems(&problems);
                return EXIT_CODE_FAILED;
        }
        return explain_profile(&machine, profile);
}
