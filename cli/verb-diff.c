/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/diff.h"
#include "cli/machine.h"
#include "cli/memctl.h"
#include "core/profile/rival.h"

/* Who will write another value over ours, at boot or when it likes. */
static void warn_of_rivals(const Machine *machine, const Settings *settings) {
        _cleanup_(rivals_done) Rivals rivals = {0};
        char name[KNOB_NAME_MAX], value[VALUE_TEXT_MAX];

        (void) rivals_load(machine->root, &rivals);
        for (size_t i = 0; i < rivals.n; i++) {
                const Rival *rival = &rivals.items[i];
                const Setting *setting = settings_find(settings, rival->ref);
                Value theirs;
                _cleanup_(freep) char *why = NULL;
                if (!setting || !rival->effective)
                        continue;
                if (value_parse(&setting->type, rival->value, &theirs, &why) >= 0 &&
                    value_equal(&theirs, &setting->value))
                        continue;
                knob_ref_name(rival->ref, name);
                value_format(&setting->value, value);
                print_note("%s:%u: %s sets %s to %s, this profile to %s: take it out there",
                           rival->file,
                           rival->line,
                           rival_kind_to_string(rival->kind),
                           name,
                           rival->value,
                           value);
        }
}

ExitCode verb_diff(size_t n, char **arguments) {
        _cleanup_(machine_done) Machine machine = {0};
        _cleanup_(settings_freep) Settings *settings = NULL;
        _cleanup_(plan_freep) Plan *plan = NULL;
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;

        if (machine_open(&machine) < 0)
                return EXIT_CODE_FAILED;
        int r = machine_resolve(&machine, arguments[0], &settings);
        if (r < 0)
                return r == -EINVAL ? EXIT_CODE_REFUSED : EXIT_CODE_FAILED;
        if (!settings->applicable) {
                print_error("%s is not applicable here: %s",
                            settings->profile,
                            settings->why_not ? settings->why_not : "");
                return EXIT_CODE_REFUSED;
        }
        r = plan_new(machine.root, settings, NULL, 0, &problems, &plan);
        print_problems(&problems);
        if (r < 0) {
                if (problems.n == 0)
                        return print_errno(r, settings->profile);
                return EXIT_CODE_REFUSED;
        }
        ExitCode code = diff_print(plan, &machine.facts.context);
        warn_of_rivals(&machine, settings);
        return code;
}
