/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/inspect.h"
#include "cli/memctl.h"

#define OVERVIEW_PARTS                                                                         \
        (INSPECTION_ZONES | INSPECTION_ACTIVITY | INSPECTION_PRESSURE | INSPECTION_WRITEBACK | \
         INSPECTION_OVERCOMMIT | INSPECTION_HUGE | INSPECTION_CGROUPS)

/* clang-format off */
static const InspectView views[] = {
        {NULL,         OVERVIEW_PARTS,                                                0,                     inspect_print_overview,   inspect_json_overview},
        {"zones",      INSPECTION_ZONES,                                              INSPECTION_ZONES,      inspect_print_zones,      inspect_json_zones},
        {"buddy",      INSPECTION_ZONES | INSPECTION_HUGE,                            INSPECTION_ZONES,      inspect_print_buddy,      inspect_json_buddy},
        {"slab",       INSPECTION_SLAB,                                               0,                     inspect_print_slab,       inspect_json_slab},
        {"thp",        INSPECTION_HUGE | INSPECTION_ACTIVITY,                         0,                     inspect_print_thp,        inspect_json_thp},
        {"reclaim",    INSPECTION_ACTIVITY | INSPECTION_PRESSURE | INSPECTION_ZONES,  INSPECTION_ACTIVITY,   inspect_print_reclaim,    inspect_json_reclaim},
        {"writeback",  INSPECTION_WRITEBACK | INSPECTION_ACTIVITY,                    INSPECTION_WRITEBACK,  inspect_print_writeback,  inspect_json_writeback},
        {"overcommit", INSPECTION_OVERCOMMIT,                                         INSPECTION_OVERCOMMIT, inspect_print_overcommit, inspect_json_overcommit},
        {"processes",  INSPECTION_PROCESSES,                                          0,                     inspect_print_processes,  inspect_json_processes},
        {"cgroups",    INSPECTION_ALL_CGROUPS,                                        0,                     inspect_print_cgroups,    inspect_json_cgroups},
};
/* clang-format on */

static ExitCode find_view(const char *name, const InspectView **ret) {
        Nearest nearest = NEAREST_INIT(name);

        for (size_t i = 0; i < ELEMENTSOF(views); i++) {
                if (!views[i].name)
                        continue;
                if (streq(views[i].name, name)) {
                        *ret = &views[i];
                        return EXIT_CODE_DONE;
                }
                nearest_offer(&nearest, views[i].name);
        }
        return usage_error_unknown("view", name, &nearest);
}

ExitCode verb_inspect(size_t n, char **arguments) {
        _cleanup_(machine_done) Machine machine = {0};
        const InspectView *view = &views[0];

        if (n > 0) {
                ExitCode code = find_view(arguments[0], &view);
                if (code != EXIT_CODE_DONE)
                        return code;
        }
        if (machine_open(&machine) < 0)
                return EXIT_CODE_FAILED;
        return inspect_run(&machine, view);
}
