/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/print.h"

/* "  -h --help", "     --json=MODE" */
static void print_option(const Option *option) {
        char spelling[40] = "";
        char letter[4] = "  ";

        if (option->letter)
                (void) snprintf(letter, sizeof(letter), "-%c", option->letter);
        if (option->name)
                (void) snprintf(spelling,
                                sizeof(spelling),
                                "--%s%s%s",
                                option->name,
                                option->argument ? "=" : "",
                                option->argument ? option->argument : "");
        (void) printf("  %s %-22s %s\n", letter, spelling, option->help);
}

static void print_verbs(const char *title, bool offline) {
        print_styled(STYLE_BOLD, "\n%s\n", title);
        for (size_t i = 0; i < verb_count(); i++) {
                const Verb *verb = verb_at(i);
                if (offline != ((verb->flags & VERB_OFFLINE) != 0))
                        continue;
                _cleanup_(freep) char *usage = text_format("%s %s", verb->name, verb->arguments);
                (void) printf("  %-26s %s\n", usage ? usage : verb->name, verb->summary);
        }
}

static void print_general(void) {
        (void) puts("memctl [OPTIONS...] VERB [ARGUMENTS...]\n");
        print_wrapped(0,
                      "Tunes the kernel's memory management by profiles, and takes the tuning back "
                      "when it hurts.");
        print_verbs("Look (needs no daemon and no root):", true);
        print_verbs("Act and watch (through memctld):", false);
        print_styled(STYLE_BOLD, "\nOptions:\n");
        for (size_t i = 0; i < option_count(); i++)
                if (option_is_for(option_at(i), NULL))
                        print_option(option_at(i));
        (void) puts(
                "\nmemctl VERB --help shows a verb's own options and an example.\n"
                "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused or reverted, 4 differs,\n"
                "5 not authorised, 6 no daemon. See memctl(1).");
}

static void print_verb(const Verb *verb) {
        bool any = false;

        (void) printf("memctl %s [OPTIONS...]%s%s\n\n",
                      verb->name,
                      verb->arguments[0] ? " " : "",
                      verb->arguments);
        print_wrapped(0, verb->description);
        for (size_t i = 0; i < option_count(); i++) {
                if (option_is_for(option_at(i), NULL) || !option_is_for(option_at(i), verb))
                        continue;
                if (!any)
                        print_styled(STYLE_BOLD, "\nOptions:\n");
                any = true;
                print_option(option_at(i));
        }
        print_styled(STYLE_BOLD, "\nExample:\n");
        (void) printf("  %s\n\nmemctl --help shows the options of every verb.\n", verb->example);
}

void help_print(const Verb *verb) {
        if (verb)
                print_verb(verb);
        else
                print_general();
}
