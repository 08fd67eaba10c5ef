/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The command line read by the table of options. */

#include <getopt.h>

#include "cli/options.h"
#include "cli/print.h"

/* As many as the table has, or more. */
#define OPTIONS_MAX 64

/* Which of them the command line holds. */
static bool given[OPTIONS_MAX];

/* "--json", or "-j" for an option that has only a letter. */
static const char *option_spelling(const Option *option, char buffer[static 32]) {
        if (option->name)
                (void) snprintf(buffer, 32, "--%s", option->name);
        else
                (void) snprintf(buffer, 32, "-%c", option->letter);
        return buffer;
}

ExitCode usage_error_unknown(const char *kind, const char *word, const Nearest *nearest) {
        const char *best = nearest_get(nearest);

        if (best)
                print_error("unknown %s \"%s\": did you mean \"%s\"?", kind, word, best);
        else
                print_error("unknown %s \"%s\": see \"memctl --help\"", kind, word);
        return EXIT_CODE_USAGE;
}

static ExitCode usage_error_option(const char *word) {
        char names[OPTIONS_MAX][32];
        _cleanup_(freep) char *word_only = strndup(word, strcspn(word, "="));
        Nearest nearest = NEAREST_INIT(word_only ? word_only : word);

        /* Nothing is like a single letter. */
        for (size_t i = 0; i < option_count() && word[1] == '-'; i++)
                nearest_offer(&nearest, option_spelling(option_at(i), names[i]));
        return usage_error_unknown("option", nearest.word, &nearest);
}

enum {
        LONG_BASE = 256 /* getopt's value of options[0]; above every letter */
};

/* As getopt_long counts: none, needed, optional. */
static int argument_kind(const Option *option) {
        if (!option->argument)
                return no_argument;
        return option->is_argument ? optional_argument : required_argument;
}

/* The tables as getopt_long wants them. */
static void options_for_getopt(struct option *longs, char *letters) {
        size_t n_longs = 0, n_letters = 0;

        letters[n_letters++] = ':'; /* no messages of its own; missing arguments apart */
        for (size_t i = 0; i < option_count(); i++) {
                const Option *option = option_at(i);
                if (option->name)
                        longs[n_longs++] = (struct option){
                                option->name, argument_kind(option), NULL, LONG_BASE + (int) i};
                if (option->letter) {
                        letters[n_letters++] = option->letter;
                        for (int k = argument_kind(option); k > no_argument; k--)
                                letters[n_letters++] = ':';
                }
        }
        longs[n_longs] = (struct option){0};
        letters[n_letters] = '\0';
}

static const Option *option_of(int value) {
        for (size_t i = 0; i < option_count(); i++)
                if (value == LONG_BASE + (int) i || (value && value == option_at(i)->letter))
                        return option_at(i);
        return NULL;
}

/* What getopt_long could not make sense of. */
static ExitCode usage_error_getopt(int answer, char **argv) {
        char spelling[32];
        const Option *option = option_of(optopt);

        if (answer == ':' && option) {
                print_error("%s needs an argument: %s",
                            option_spelling(option, spelling),
                            option->argument);
                return EXIT_CODE_USAGE;
        }
        if (option) {
                print_error("%s takes no argument", option_spelling(option, spelling));
                return EXIT_CODE_USAGE;
        }
        if (optopt) {
                char letter[] = {'-', (char) optopt, '\0'};
                return usage_error_option(letter);
        }
        return usage_error_option(argv[optind - 1]);
}

/* getopt_long takes an optional argument only behind "=": "--json short" and "-b -1" are meant so
 * too. */
static const char *find_argument(const Option *option, int argc, char **argv) {
        if (!optarg && option->is_argument && optind < argc && option->is_argument(argv[optind]))
                return argv[optind++];
        return optarg;
}

ExitCode options_parse(int argc, char **argv) {
        struct option longs[OPTIONS_MAX + 1];
        char letters[3 * OPTIONS_MAX + 2], spelling[32];
        int answer;

        options_for_getopt(longs, letters);
        optind = 0;
        while ((answer = getopt_long(argc, argv, letters, longs, NULL)) >= 0) {
                const Option *option = answer == '?' || answer == ':' ? NULL : option_of(answer);
                if (!option)
                        return usage_error_getopt(answer, argv);
                const char *argument = find_argument(option, argc, argv);
                const char *expected = option->set(argument);
                if (expected) {
                        print_error("%s takes %s, not \"%s\"",
                                    option_spelling(option, spelling),
                                    expected,
                                    argument);
                        return EXIT_CODE_USAGE;
                }
                given[option - option_at(0)] = true;
        }
        return EXIT_CODE_DONE;
}

ExitCode options_check(const Verb *verb) {
        char spelling[32];

        for (size_t i = 0; i < option_count(); i++)
                if (given[i] && option_at(i)->verbs && !option_is_for(option_at(i), verb)) {
                        print_error("%s is no option of \"%s\", only of: %s",
                                    option_spelling(option_at(i), spelling),
                                    verb->name,
                                    option_at(i)->verbs);
                        return EXIT_CODE_USAGE;
                }
        if (arg_host && !streq(arg_root, "/")) {
                print_error("--host and --root exclude each other");
                return EXIT_CODE_USAGE;
        }
        if (arg_host && verb->flags & VERB_OFFLINE) {
                print_error("\"%s\" reads this machine's files and cannot be used with --host: "
                            "run it there",
                            verb->name);
                return EXIT_CODE_USAGE;
        }
        return EXIT_CODE_DONE;
}

ExitCode argument_parse_id(const char *verb, size_t n, char **arguments, uint64_t *ret) {
        *ret = 0;
        if (n == 0)
                return EXIT_CODE_DONE;
        if (parse_uint64(arguments[0], ret) < 0 || *ret == 0) {
                print_error("%s takes a transaction's number, not \"%s\"", verb, arguments[0]);
                return EXIT_CODE_USAGE;
        }
        return EXIT_CODE_DONE;
}
