/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Every profile that is shipped resolves on every recorded machine: applicable or not, but without
 * an error. One TAP case a profile and machine.
 */

#include <dirent.h>
#include <err.h>

#include "core/profile/resolve.h"
#include "tests/support/tree.h"

#define INSTALLED "usr/share/memctl/profiles"

static int n_cases, n_failed;

static void report(bool good, const char *profile, const char *machine, const char *text) {
        printf("%sok %d - %s on %s\n", good ? "" : "not ", ++n_cases, profile, machine);
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
        report(r >= 0 && !empty, name, machine, empty ? "it sets nothing" : text);
}

static void run_machine(const char *source, const char *machine) {
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
                        run_machine(folder, item->d_name);
        printf("1..%d\n", n_cases);
        return n_failed > 0;
}
