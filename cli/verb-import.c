/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>

#include "cli/machine.h"
#include "cli/memctl.h"
#include "core/profile/import.h"
#include "core/profile/sysctl-file.h"
#include "core/profile/tuned-file.h"

/* From the end of a path: "oracle" of "/usr/lib/tuned/oracle/tuned.conf", "99-vm" of "99-vm.conf".
 * The caller frees. */
static char *name_of(const char *word) {
        _cleanup_(freep) char *path = strdup(word);
        size_t n = path ? strlen(path) : 0;

        while (n > 1 && path[n - 1] == '/')
                path[--n] = '\0';
        if (n > 11 && streq(path + n - 11, "/tuned.conf"))
                path[n -= 11] = '\0';
        if (n > 5 && streq(path + n - 5, ".conf"))
                path[n - 5] = '\0';
        const char *slash = path ? strrchr(path, '/') : NULL;
        return path ? strdup(slash ? slash + 1 : path) : NULL;
}

static int read_sysctl(const char *word, Assignments *assignments) {
        _cleanup_(root_closep) Root *folder = NULL;
        _cleanup_(freep) char *text = NULL;

        int r = root_open(".", &folder);
        if (r >= 0)
                r = root_read(folder, word, &text);
        if (r < 0) {
                print_error("%s: %s", word, strerror(-r));
                return r;
        }
        sysctl_file_parse(word, text, assignments);
        return 0;
}

static int read_tuned(const Machine *machine, const char *word, Assignments *assignments) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        char path[PATH_MAX];

        /* A word with a slash is a file from here; a name is one of the machine's own. */
        if (strchr(word, '/') && streq(arg_root, "/") && realpath(word, path))
                word = path;
        int r = tuned_file_load(machine->root, word, assignments, &problems);
        print_problems(&problems);
        if (r < 0 && problems.n == 0)
                print_error("%s: %s", word, strerror(-r));
        return r;
}

static void print_left_out(const Assignments *assignments) {
        for (size_t i = 0; i < assignments->n_left_out; i++) {
                const LeftOut *one = &assignments->left_out[i];
                print_note("%s:%u: left out: %s: %s", one->file, one->line, one->what, one->reason);
        }
}

static json_object *left_out_json(const Assignments *assignments) {
        json_object *array = json_object_new_array();

        for (size_t i = 0; i < assignments->n_left_out; i++) {
                const LeftOut *one = &assignments->left_out[i];
                json_object *object = json_object_new_object();
                json_add_text(object, "what", one->what);
                json_add_text(object, "reason", one->reason);
                json_add_text(object, "file", one->file);
                json_add_number(object, "line", one->line);
                json_object_array_add(array, object);
        }
        return array;
}

static ExitCode print_import(const char *name, const char *text, const Assignments *assignments) {
        if (print_is_json()) {
                json_object *object = json_object_new_object();
                json_add_text(object, "profile", name);
                json_add_text(object, "text", text);
                json_add(object, "left-out", left_out_json(assignments));
                return print_json(object);
        }
        (void) fputs(text, stdout);
        print_left_out(assignments);
        return EXIT_CODE_DONE;
}

ExitCode verb_import(size_t n, char **arguments) {
        _cleanup_(machine_done) Machine machine = {0};
        _cleanup_(assignments_done) Assignments assignments = {0};
        _cleanup_(freep) char *name = NULL, *text = NULL, *from = NULL;
        bool tuned = streq(arguments[0], "tuned");

        if (!tuned && !streq(arguments[0], "sysctl")) {
                print_error("import reads tuned or sysctl, not \"%s\"", arguments[0]);
                return EXIT_CODE_USAGE;
        }
        if (machine_open(&machine) < 0)
                return EXIT_CODE_FAILED;
        for (size_t i = 1; i < n; i++)
                if ((tuned ? read_tuned(&machine, arguments[i], &assignments)
                           : read_sysctl(arguments[i], &assignments)) < 0)
                        return EXIT_CODE_FAILED;
        name = arg_name ? strdup(arg_name) : name_of(arguments[n - 1]);
        if (name && !profile_name_is_valid(name)) {
                print_error("\"%s\" cannot be a profile's name: give one with --name", name);
                return EXIT_CODE_USAGE;
        }
        from = text_format("%s%s", tuned ? "tuned's profile " : "", arguments[n - 1]);
        int r = name && from ? import_format(&machine.facts, name, from, &assignments, &text)
                             : -ENOMEM;
        if (r < 0)
                return print_errno(r, "import");
        if (assignments.n == 0) {
                print_left_out(&assignments);
                print_error("nothing in it is a memory setting: there is no profile to make of it");
                return EXIT_CODE_FAILED;
        }
        return print_import(name, text, &assignments);
}
