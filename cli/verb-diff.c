/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/diff.h"
#include "cli/machine.h"
#include "cli/memctl.h"

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
        return diff_print(plan, &machine.facts.context);
}
