/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Every tests/bad-profiles/NAME.yaml, resolved on a machine that never changes, must give exactly
 * the text of NAME.expected; a file that is fine gives "(no problem)". One TAP case a file. With
 * MEMCTL_UPDATE_EXPECTED=1 the texts are written instead of compared; read what git diff says.
 */

#include <err.h>
#include <fcntl.h>

#include "core/profile/resolve.h"
#include "tests/support/made-machine.h"
#include "tests/support/tree.h"

#define FOLDER "tests/bad-profiles"
#define EXPECTED_MAX ((size_t) 256 * 1024)

static int n_cases, n_failed;

/* The text without the folder that the tree happens to have. */
static char *without_prefix(const MadeMachine *machine, const char *text) {
        char *copy = strdup(text);
        size_t n = strlen(machine->tree);

        if (!copy)
                err(1, "strdup");
        for (char *found = copy; (found = strstr(found, machine->tree));)
                memmove(found, found + n, strlen(found + n) + 1);
        return copy;
}

static char *judge(const MadeMachine *machine, const char *name) {
        _cleanup_(settings_freep) Settings *settings = NULL;
        Problems problems = PROBLEMS_INIT;

        int r = resolve_name(machine->root, name, STORE_ANY, &machine->facts, &problems, &settings);
        if ((r < 0) != (problems.n_errors > 0) || (r < 0) != !settings)
                errx(1, "%s: %s, but %zu errors", name, strerror(-r), problems.n_errors);
        _cleanup_(freep) char *text = problems_format(&problems);
        char *shown = without_prefix(machine, problems.n > 0 ? text : "(no problem)\n");
        problems_done(&problems);
        return shown;
}

static char *read_expected(const char *path) {
        char *text = NULL;
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd < 0 || read_all(fd, EXPECTED_MAX, &text, NULL) < 0)
                return NULL;
        return text;
}

static void update_expected(const char *path, const char *text) {
        _cleanup_(fclosep) FILE *file = fopen(path, "we");
        if (!file || fputs(text, file) < 0)
                err(1, "%s", path);
}

static void print_lines(const char *title, const char *text) {
        printf("# %s\n", title);
        while (*text) {
                size_t n = strcspn(text, "\n");
                printf("#   %.*s\n", (int) n, text);
                text += n + (text[n] == '\n');
        }
}

static void run_case(const MadeMachine *machine, const char *folder, const char *name) {
        _cleanup_(freep) char *path = text_format("%s/%s.expected", folder, name);
        _cleanup_(freep) char *got = judge(machine, name);

        if (getenv("MEMCTL_UPDATE_EXPECTED"))
                update_expected(path, got);
        _cleanup_(freep) char *expected = read_expected(path);
        bool same = expected && streq(expected, got);
        printf("%sok %d - %s.yaml\n", same ? "" : "not ", ++n_cases, name);
        if (!same) {
                n_failed++;
                print_lines("expected:", expected ? expected : "(no such file)");
                print_lines("got:", got);
        }
}

/* The folder stands where profiles are looked for, so that parents and loops are found. */
static void install(const MadeMachine *machine, const char *folder) {
        if (tree_write(machine->tree, "etc/memctl/README", "") < 0 ||
            symlinkat(folder, root_fd(machine->root), "etc/memctl/profiles") < 0)
                err(1, "cannot install %s", folder);
}

int main(void) {
        const char *source = getenv("MEMCTL_SOURCE_ROOT");
        _cleanup_(freep) char *folder = realpath(source ? source : ".", NULL);
        _cleanup_(freep) char *profiles = text_format("%s/" FOLDER, folder ? folder : "");
        StoreList list = {0};
        MadeMachine machine;

        made_machine_init(&machine, 6, 12);
        install(&machine, profiles);
        if (store_list(machine.root, &list) < 0 || list.n == 0)
                errx(1, "%s: no profiles", profiles);
        printf("TAP version 13\n1..%zu\n", list.n);
        for (size_t i = 0; i < list.n; i++)
                run_case(&machine, profiles, list.items[i].name);
        store_list_done(&list);
        made_machine_done(&machine);
        return n_failed > 0;
}
