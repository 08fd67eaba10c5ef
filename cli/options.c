/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/options.h"

#include "cli/print.h"
#include "core/base/quantity.h"
#include "core/kernel-log.h"
#include "core/machine/facts.h"
#include "core/machine/sample.h"

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
const char *arg_html;
bool arg_watch;
bool arg_wait;
usec_t arg_confirm_within;
usec_t arg_probation;
const char *arg_reason;
const char *arg_profile;
usec_t arg_change_at;
bool arg_trial;
usec_t arg_block;
usec_t arg_washout = USEC_INFINITY;
int arg_metric = _METRIC_INVALID;
usec_t arg_interval;
usec_t arg_duration;
const char *arg_pressure_of;
bool arg_force;
bool arg_stop;
const char *arg_since;
const char *arg_until;
const char *arg_boot;
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

static const char *set_json_auto(const char *argument) {
        arg_json = isatty(STDOUT_FILENO) ? JSON_PRETTY : JSON_SHORT;
        return NULL;
}

static bool is_json_mode(const char *word) {
        return streq(word, "short") || streq(word, "pretty") || streq(word, "off");
}

/* "--json" alone is as "-j". */
static const char *set_json(const char *argument) {
        if (!argument)
                return set_json_auto(NULL);
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

static const char *set_html(const char *argument) {
        if (argument[0] == '\0')
                return "a file, or -";
        arg_html = argument;
        return NULL;
}

static const char *set_watch(const char *argument) {
        arg_watch = true;
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
        arg_since = argument;
        return NULL;
}

static const char *set_until(const char *argument) {
        arg_until = argument;
        return NULL;
}

static bool is_boot(const char *word) {
        KernelLogRange range = KERNEL_LOG_RANGE_INIT;

        return *word && kernel_log_parse_boot(word, &range) >= 0;
}

static const char *set_boot(const char *argument) {
        KernelLogRange range = KERNEL_LOG_RANGE_INIT;

        arg_boot = argument ? argument : "";
        if (kernel_log_parse_boot(arg_boot, &range) < 0)
                return "a boot's number like 0, -1 or 2, its id, or all";
        return NULL;
}

static const char *set_lines(const char *argument) {
        return parse_uint64(argument, &arg_lines) < 0 ? "a number" : NULL;
}

static const char *set_profile(const char *argument) {
        arg_profile = argument;
        return NULL;
}

/* "420s", "7min", or a number of seconds; 0 is a time too. */
static const char *set_change_at(const char *argument) {
        uint64_t seconds;

        if (parse_uint64(argument, &seconds) >= 0 && seconds <= USEC_INFINITY / USEC_PER_SEC / 2)
                arg_change_at = seconds * USEC_PER_SEC;
        else if (parse_duration(argument, &arg_change_at) < 0)
                return "a time like 7min, or a number of seconds";
        return NULL;
}

static const char *set_trial(const char *argument) {
        arg_trial = true;
        return NULL;
}

static const char *set_block(const char *argument) {
        return set_time(argument, &arg_block);
}

static const char *set_washout(const char *argument) {
        return set_time(argument, &arg_washout);
}

static const char *set_metric(const char *argument) {
        Metric metric = metric_from_string(argument);

        if (metric < 0)
                return "memory.some, memory.full, io.some, io.full, cpu.some or cpu.full";
        arg_metric = metric;
        return NULL;
}

/* Each verb has its own least. */
static const char *set_interval(const char *argument) {
        usec_t usec = 0;

        if (parse_duration(argument, &usec) < 0 || usec < 100 * USEC_PER_MSEC ||
            usec > USEC_PER_HOUR)
                return "a time from 100ms to 1h";
        arg_interval = usec;
        return NULL;
}

static const char *set_duration(const char *argument) {
        return set_time(argument, &arg_duration);
}

static const char *set_pressure_of(const char *argument) {
        arg_pressure_of = argument;
        return NULL;
}

static const char *set_force(const char *argument) {
        arg_force = true;
        return NULL;
}

static const char *set_stop(const char *argument) {
        arg_stop = true;
        return NULL;
}

/* clang-format off */
static const Option options[] = {
        {"help",           'h', NULL,   NULL,            "Show this help; after a verb, the verb's",          set_help},
        {"version",        0,   NULL,   NULL,            "Show the version",                                  set_version},
        {"json",           0,   "MODE", NULL,            "Print JSON: short (one line), pretty, or off",      set_json, is_json_mode},
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
        {"wait",           'w', NULL,   "apply trial",   "Follow it to its end",                              set_wait},
        {"dry-run",        0,   NULL,   "apply",         "Only show what would change, as diff does",         set_dry_run},
        {"confirm-within", 0,   "TIME", "apply",         "Take it back unless \"memctl keep\" comes in time", set_confirm_within},
        {"probation",      0,   "TIME", "apply replay",  "Watch for this time instead of the profile's",      set_probation},
        {"profile",        0,   "PROFILE", "replay",     "Judge by what this profile watches",                set_profile},
        {"change-at",      0,   "TIME", "replay",        "The change came this long after the first row",     set_change_at},
        {"trial",          0,   NULL,   "replay",        "Judge the column \"arm\" of a recorded trial",      set_trial},
        {"block",          0,   "TIME", "replay trial",  "How long one setting stays, at least",              set_block},
        {"washout",        0,   "TIME", "replay trial",  "How much of the beginning of a block is left out",  set_washout},
        {"metric",         0,   "NAME", "replay trial",  "Which stalls are compared, like io.full",           set_metric},
        {"interval",        0,   "TIME", "inspect record",        "The time between two readings",        set_interval},
        {"duration",       0,   "TIME", "record trial",  "How long, at most",                                 set_duration},
        {"pressure-of",    0,   "SCOPE", "record",       "Of a unit or a cgroup instead of the system",       set_pressure_of},
        {"force",          0,   NULL,   "record",        "Overwrite the file",                                set_force},
        {"stop",           0,   NULL,   "trial",         "End the trial that runs, without a result",         set_stop},
        {"reason",         0,   "TEXT", "revert",        "Why; goes into the events",                         set_reason},
        {"boot",           'b', "ID",   "oom",           "This boot, one like -1, or all; without FILE",      set_boot, is_boot},
        {"since",          0,   "WHEN", "events oom",    "From there on: an event's number, or a time",       set_since},
        {"until",          0,   "WHEN", "oom",           "Up to this time",                                   set_until},
        {"lines",          'n', "N",    "events inspect", "Only the last N events, or the first N rows",       set_lines},
        {"list",           0,   NULL,   "oom",           "One line an event",                                 set_list},
        {"html",           0,   "FILE", "replay report",        "Write a page with plots; - is standard output", set_html},
        {"watch",          0,   NULL,   "inspect",       "Look again and again",                              set_watch},
        {"follow",         'f', NULL,   "events",        "Go on printing events as they happen",              set_follow},
};
/* clang-format on */

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
