/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/machine.h"
#include "cli/memctl.h"
#include "core/profile/export.h"

static json_object *export_json(const char *text, const ExportLosses *losses) {
        json_object *object = json_object_new_object(), *array = json_object_new_array();

        for (size_t i = 0; i < losses->n; i++) {
                json_object *loss = json_object_new_object();
                json_add_text(loss, "what", losses->items[i].what);
                json_add_text(loss, "reason", losses->items[i].why);
                json_object_array_add(array, loss);
        }
        json_add_text(object, "text", text);
        json_add(object, "left-out", array);
        return object;
}

ExitCode verb_export(size_t n, char **arguments) {
        _cleanup_(machine_done) Machine machine = {0};
        _cleanup_(settings_freep) Settings *settings = NULL;
        _cleanup_(export_losses_done) ExportLosses losses = {0};
        _cleanup_(freep) char *text = NULL;
        ExportFormat format = export_format_from_string(arguments[0]);

        if (format < 0) {
                print_error("export writes sysctl or tmpfiles, not \"%s\"", arguments[0]);
                return EXIT_CODE_USAGE;
        }
        if (machine_open(&machine) < 0 || machine_resolve(&machine, arguments[1], &settings) < 0)
                return EXIT_CODE_FAILED;
        if (!settings->applicable) {
                print_error("%s is not applicable here: %s",
                            arguments[1],
                            settings->why_not ? settings->why_not : "");
                return EXIT_CODE_REFUSED;
        }
        int r = export_text(format, settings, &machine.facts, &losses, &text);
        if (r < 0)
                return print_errno(r, "export");
        if (print_is_json())
                return print_json(export_json(text, &losses));
        (void) fputs(text, stdout);
        for (size_t i = 0; i < losses.n; i++)
                print_note("left out: %s: %s", losses.items[i].what, losses.items[i].why);
        return EXIT_CODE_DONE;
}
