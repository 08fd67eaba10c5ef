/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/options.h"

#include <getopt.h>

#include "cli/print.h"
#include "core/base/quantity.h"
#include "core/machine/facts.h"

const char *arg_root = "/";
const char *arg_host;
JsonMode arg_json = JSON_OFF;
bool arg_pager = true;
bool arg_legend = true;
bool arg_quiet;
bool arg_all;
bool arg_check;
bool arg_strict;
const char *arg_explain;
const char *arg_name;
unsigned arg_kernel;
uint64_t arg_ram;
unsigned arg_swap;
unsigned arg_nodes;
bool arg_dry_run;
bool arg_follow;
bool arg_list;
bool arg_watch;
usec_t arg_interval;
bool arg_wait;
usec_t arg_confirm_within;
usec_t arg_probation;
const char *arg_reason;
uint64_t arg_since;
uint64_t arg_lines = UINT64_MAX;

bool arg_help;
bool arg_version;

static const char *set_help(const char *argument) {
        arg_help = true;
        return NULL;
}

static const char *set_version(const char *argument) {
        arg_version = true;
        return NULL;
}

static const char *set_json(const char *argument) {
        if (streq(argument, "short"))
                arg_json = JSON_SHORT;
        else if (streq(argument, "pretty"))
                arg_json = JSON_PRETTY;
        else if (streq(argument, "off"))
                arg_json = JSON_OFF;
        else
                return "short, pretty or off";
        return NULL;
}

static const char *set_json_auto(const char *argument) {
        arg_json = isatty(STDOUT_FILENO) ? JSON_PRETTY : JSON_SHORT;
        return NULL;
}

static const char *set_no_pager(const char *argument) {
        arg_pager = false;
        return NULL;
}

static const char *set_no_legend(const char *argument) {
        arg_legend = false;
        return NULL;
}

static const char *set_quiet(const char *argument) {
        arg_quiet = true;
        return NULL;
}

static const char *set_host(const char *argument) {
        /* It becomes an argument of ssh, which must not take it for an option. */
        if (argument[0] == '\0' || argument[0] == '-')
                return "a host, or user@host";
        arg_host = argument;
        return NULL;
}

static const char *set_root(const char *argument) {
        if (argument[0] == '\0')
                return "a folder";
        arg_root = argument;
        return NULL;
}

static const char *set_all(const char *argument) {
        arg_all = true;
        return NULL;
}

static const char *set_check(const char *argument) {
        arg_check = true;
        return NULL;
}

static const char *set_strict(const char *argument) {
        arg_strict = true;
        return NULL;
}

static const char *set_explain(const char *argument) {
        arg_explain = argument;
        return NULL;
}

static const char *set_name(const char *argument) {
        arg_name = argument;
        return NULL;
}

static const char *set_kernel(const char *argument) {
        return kernel_version_parse(argument, &arg_kernel) < 0 ? "a version like 5.10" : NULL;
}

static const char *set_ram(const char *argument) {
        return parse_size(argument, &arg_ram) < 0 || arg_ram == 0 ? "a size like 64GiB" : NULL;
}

static const char *set_swap(const char *argument) {
        int kind = swap_kind_from_string(argument);

        if (kind < 0)
                return "none, disk, zram or file";
        arg_swap = (unsigned) kind;
        return NULL;
}

static const char *set_nodes(const char *argument) {
        uint64_t n = 0;

        if (parse_uint64(argument, &n) < 0 || n == 0 || n > 1024)
                return "a number from 1 to 1024";
        arg_nodes = (unsigned) n;
        return NULL;
}

static const char *set_wait(const char *argument) {
        arg_wait = true;
        return NULL;
}

static const char *set_dry_run(const char *argument) {
        arg_dry_run = true;
        return NULL;
}

static const char *set_follow(const char *argument) {
        arg_follow = true;
        return NULL;
}

static const char *set_list(const char *argument) {
        arg_list = true;
        return NULL;
}

static const char *set_watch(const char *argument) {
        arg_watch = true;
        return NULL;
}

static const char *set_interval(const char *argument) {
        usec_t usec = 0;

        if (parse_duration(argument, &usec) < 0 || usec < 100 * USEC_PER_MSEC ||
            usec > USEC_PER_HOUR)
                return "a time from 100ms to 1h";
        arg_interval = usec;
        return NULL;
}

static const char *set_time(const char *argument, usec_t *ret) {
        usec_t usec = 0;

        if (parse_duration(argument, &usec) < 0)
                return "a time like 30s, 10min or 2h";
        if (usec < MEMCTL_TIME_MIN_USEC || usec > MEMCTL_TIME_MAX_USEC)
                return "a time from 1s to 7d";
        *ret = usec;
        return NULL;
}

static const char *set_confirm_within(const char *argument) {
        return set_time(argument, &arg_confirm_within);
}

static const char *set_probation(const char *argument) {
        return set_time(argument, &arg_probation);
}

static const char *set_reason(const char *argument) {
        if (strlen(argument) > MEMCTL_REASON_MAX)
                return "at most 256 bytes";
        arg_reason = argument;
        return NULL;
}

static const char *set_since(const char *argument) {
        return parse_uint64(argument, &arg_since) < 0 ? "an event's number" : NULL;
}

static const char *set_lines(const char *argument) {
        return parse_uint64(argument, &arg_lines) < 0 ? "a number" : NULL;
}

/* clang-format off */
static const Option options[] = {
        {"help",           'h', NULL,   NULL,            "Show this help; after a verb, the verb's",          set_help},
        {"version",        0,   NULL,   NULL,            "Show the version",                                  set_version},
        {"json",           0,   "MODE", NULL,            "Print JSON: short (one line), pretty, or off",      set_json},
        {NULL,             'j', NULL,   NULL,            "JSON: pretty on a terminal, otherwise short",       set_json_auto},
        {"no-pager",       0,   NULL,   NULL,            "Do not send long output through a pager",           set_no_pager},
        {"no-legend",      0,   NULL,   NULL,            "Leave out headings and footers",                    set_no_legend},
        {"quiet",          'q', NULL,   NULL,            "Say only what was asked for, and errors",           set_quiet},
        {"host",           'H', "HOST", NULL,            "Talk to memctld on another machine, through ssh",   set_host},
        {"root",           0,   "DIR",  NULL,            "Work on the tree in DIR instead of this machine",   set_root},
        {"all",            'a', NULL,   "list diff inspect", "Also what is usually left out",                     set_all},
        {"check",          0,   NULL,   "validate",      "Also compare with the machine's live values",       set_check},
        {"strict",         0,   NULL,   "validate",      "Warnings are mistakes, and more is asked for",      set_strict},
        {"explain",        0,   "ID",   "validate",      "What a rule is about; \"list\" for all of them",    set_explain},
        {"name",           0,   "NAME", "import",        "The profile's name, instead of the file's",         set_name},
        {"kernel",         0,   "VERSION",  "validate",      "Judge for a machine with this kernel",              set_kernel},
        {"ram",            0,   "SIZE", "validate",      "Judge for a machine with this much memory",         set_ram},
        {"swap",           0,   "KIND", "validate",      "Judge for a machine with this kind of swap", set_swap},
        {"nodes",          0,   "N",    "validate",      "Judge for a machine with N NUMA nodes",             set_nodes},
        {"wait",           'w', NULL,   "apply",         "Follow the probation to its end",                   set_wait},
        {"dry-run",        0,   NULL,   "apply",         "Only show what would change, as diff does",         set_dry_run},
        {"confirm-within", 0,   "TIME", "apply",         "Take it back unless \"memctl keep\" comes in time", set_confirm_within},
        {"probation",      0,   "TIME", "apply",         "Watch for this time instead of the profile's",      set_probation},
        {"reason",         0,   "TEXT", "revert",        "Why; goes into the events",                         set_reason},
        {"since",          0,   "SEQ",  "events",        "Only events after this number",                     set_since},
        {"lines",          'n', "N",    "events inspect", "Only the last N events, or the first N rows",       set_lines},
        {"list",           0,   NULL,   "oom",           "One line an event",                                 set_list},
        {"watch",          0,   NULL,   "inspect",       "Look again and again",                              set_watch},
        {"interval",       0,   "TIME", "inspect",       "The time between two readings",                     set_interval},
        {"follow",         'f', NULL,   "events",        "Go on printing events as they happen",              set_follow},
};
/* clang-format on */

/* Which of them the command line holds. */
static bool given[ELEMENTSOF(options)];

size_t option_count(void) {
        return ELEMENTSOF(options);
}

const Option *option_at(size_t i) {
        return &options[i];
}

bool option_is_for(const Option *option, const Verb *verb) {
        if (!option->verbs || !verb)
                return !option->verbs;
        for (const char *p = option->verbs; *p; p += *p == ' ') {
                size_t n = strcspn(p, " ");
                if (strlen(verb->name) == n && strncmp(p, verb->name, n) == 0)
                        return true;
                p += n;
        }
        return false;
}

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
        char names[ELEMENTSOF(options)][32];
        _cleanup_(freep) char *word_only = strndup(word, strcspn(word, "="));
        Nearest nearest = NEAREST_INIT(word_only ? word_only : word);

        /* Nothing is like a single letter. */
        for (size_t i = 0; i < ELEMENTSOF(options) && word[1] == '-'; i++)
                nearest_offer(&nearest, option_spelling(&options[i], names[i]));
        return usage_error_unknown("option", nearest.word, &nearest);
}

enum {
        LONG_BASE = 256 /* getopt's value of options[0]; above every letter */
};

/* The tables as getopt_long wants them. */
static void options_for_getopt(struct option *longs, char *letters) {
        size_t n_longs = 0, n_letters = 0;

        letters[n_letters++] = ':'; /* no messages of its own; missing arguments apart */
        for (size_t i = 0; i < ELEMENTSOF(options); i++) {
                const Option *option = &options[i];
                if (option->name)
                        longs[n_longs++] = (struct option){
                                option->name, option->argument ? 1 : 0, NULL, LONG_BASE + (int) i};
                if (option->letter) {
                        letters[n_letters++] = option->letter;
                        if (option->argument)
                                letters[n_letters++] = ':';
                }
        }
        longs[n_longs] = (struct option){0};
        letters[n_letters] = '\0';
}

static const Option *option_of(int value) {
        for (size_t i = 0; i < ELEMENTSOF(options); i++)
                if (value == LONG_BASE + (int) i || (value && value == options[i].letter))
                        return &options[i];
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

ExitCode options_parse(int argc, char **argv) {
        struct option longs[ELEMENTSOF(options) + 1];
        char letters[2 * ELEMENTSOF(options) + 2], spelling[32];
        int answer;

        options_for_getopt(longs, letters);
        optind = 0;
        while ((answer = getopt_long(argc, argv, letters, longs, NULL)) >= 0) {
                const Option *option = answer == '?' || answer == ':' ? NULL : option_of(answer);
                if (!option)
                        return usage_error_getopt(answer, argv);
                const char *expected = option->set(optarg);
                if (expected) {
                        print_error("%s takes %s, not \"%s\"",
                                    option_spelling(option, spelling),
                                    expected,
                                    optarg);
                        return EXIT_CODE_USAGE;
                }
                given[option - options] = true;
        }
        return EXIT_CODE_DONE;
}

ExitCode options_check(const Verb *verb) {
        char spelling[32];

        for (size_t i = 0; i < ELEMENTSOF(options); i++)
                if (given[i] && options[i].verbs && !option_is_for(&options[i], verb)) {
                        print_error("%s is no option of \"%s\", only of: %s",
                                    option_spelling(&options[i], spelling),
                                    verb->name,
                                    options[i].verbs);
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
