/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Every profile that is shipped resolves on every recorded machine: applicable or not, but without
 * a problem. One TAP case a profile and machine. Then what one owes its reader: each value says
 * where it comes from and when somebody last looked, there is a description, there are limits, and
 * it is installed.
 */

#include <dirent.h>
#include <err.h>

#include "core/profile/resolve.h"
#include "tests/support/tree.h"

#define INSTALLED "usr/share/memctl/profiles"

static int n_cases, n_failed;

static void report(bool good, const char *profile, const char *machine, const char *text) {
        printf("%sok %d - %s: %s\n", good ? "" : "not ", ++n_cases, profile, machine);
        n_failed += !good;
        while (!good && *text) {
                size_t n = strcspn(text, "\n");
                printf("#   %.*s\n", (int) n, text);
                text += n + (text[n] == '\n');
        }
}

static void run_case(const Root *root, const Facts *facts, const char *name, const char *machine) {
        _cleanup_(settings_freep) Settings *settings = NULL;
        Problems problems = PROBLEMS_INIT;

        int r = resolve_name(root, name, STORE_ANY, facts, &problems, &settings);
        _cleanup_(freep) char *text = problems_format(&problems);
        problems_done(&problems);
        /* A profile that is for none of the knobs of a machine is no help there. */
        bool empty = r >= 0 && settings->applicable && settings->n == 0;
        bool unwatched = r >= 0 && settings->watch.n_limits == 0;
        bool silent = r >= 0 && !settings->applicable && !settings->why_not;
        report(r >= 0 && !empty && !unwatched && !silent && text && !text[0],
               name,
               machine,
               empty       ? "it sets nothing"
               : unwatched ? "nothing is watched"
               : silent    ? "it does not say why it is not applicable"
                           : text);
}

static bool have_origin(const ProfileSettings *settings) {
        for (size_t i = 0; i < settings->n; i++)
                if (!settings->items[i].value.source || !settings->items[i].value.reviewed)
                        return false;
        return true;
}

static bool has_line(const char *source, const char *file, const char *line) {
        _cleanup_(root_closep) Root *root = NULL;
        _cleanup_(freep) char *text = NULL;

        return line && root_open(source, &root) >= 0 && root_read(root, file, &text) >= 0 &&
               strstr(text, line);
}

static void check_profile(const char *source, const Root *root, const char *name) {
        _cleanup_(profile_freep) Profile *profile = NULL;
        Problems problems = PROBLEMS_INIT;

        bool good = store_load(root, name, STORE_ANY, &problems, &profile) >= 0;
        report(good && have_origin(&profile->settings),
               name,
               "each value has a source and a date",
               "add source: and reviewed:");
        for (size_t i = 0; good && i < profile->n_overrides; i++)
                report(have_origin(&profile->overrides[i].settings),
                       name,
                       "each overriding value has a source and a date",
                       "add source: and reviewed:");
        report(good && profile->description, name, "it has a description", "");
        _cleanup_(freep) char *install = text_format("    '%s.yaml',\n", name);
        _cleanup_(freep) char *row =
                text_format("| `%s` | %s |\n", name, good ? profile->summary : "");
        report(has_line(source, "profiles/meson.build", install),
               name,
               "profiles/meson.build installs it",
               "add it there");
        report(has_line(source, "docs/profiles.md", row),
               name,
               "docs/profiles.md has its summary",
               "change it there");
        problems_done(&problems);
}

static void run_machine(const char *source, const char *machine, bool once) {
        _cleanup_(tree_removep) char *tree = NULL;
        _cleanup_(root_closep) Root *root = NULL;
        _cleanup_(freep) char *profiles = text_format("%s/profiles", source);
        Problems problems = PROBLEMS_INIT;
        StoreList list = {0};
        Facts facts;

        if (tree_copy(machine, &tree) < 0 || root_open(tree, &root) < 0 ||
            tree_write(tree, "usr/share/memctl/README", "") < 0 ||
            symlinkat(profiles, root_fd(root), INSTALLED) < 0)
                errx(1, "cannot copy %s", machine);
        if (facts_read(root, &problems, &facts) < 0 || store_list(root, &list) < 0)
                errx(1, "cannot read %s", machine);
        if (list.n == 0)
                errx(1, "no profiles in %s", profiles);
        for (size_t i = 0; i < list.n; i++)
                run_case(root, &facts, list.items[i].name, machine);
        for (size_t i = 0; once && i < list.n; i++)
                check_profile(source, root, list.items[i].name);
        store_list_done(&list);
        problems_done(&problems);
}

int main(void) {
        const char *source = getenv("MEMCTL_SOURCE_ROOT");
        _cleanup_(freep) char *folder = realpath(source ? source : ".", NULL);
        _cleanup_(freep) char *machines = text_format("%s/tests/machines", folder ? folder : "");
        _cleanup_(closedirp) DIR *dir = opendir(machines);

        if (!dir)
                err(1, "%s", machines);
        printf("TAP version 13\n");
        for (struct dirent *item; (item = readdir(dir));)
                if (item->d_name[0] != '.' && item->d_type == DT_DIR)
                        run_machine(folder, item->d_name, n_cases == 0);
        printf("1..%d\n", n_cases);
        return n_failed > 0;
}
