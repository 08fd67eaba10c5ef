/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The command line: every option of every verb in one table, and the globals they set. */

#include "cli/memctl.h"
#include "core/base/problem.h"

typedef enum JsonMode {
        JSON_OFF,
        JSON_SHORT,
        JSON_PRETTY,
} JsonMode;

/* As given on the command line; the only globals. */
extern const char *arg_root;
extern const char *arg_host;
extern JsonMode arg_json;
extern bool arg_pager;
extern bool arg_legend;
extern bool arg_quiet;
extern bool arg_help;
extern bool arg_version;
extern bool arg_all;
extern bool arg_check;
extern bool arg_strict;
extern const char *arg_explain; /* a rule's id, "list", or NULL */
extern const char *arg_name;
/* The machine to judge for; 0: as this one. */
extern unsigned arg_kernel; /* KERNEL_VERSION_OF */
extern uint64_t arg_ram;    /* bytes */
extern unsigned arg_swap;   /* a SwapKind */
extern unsigned arg_nodes;
extern bool arg_dry_run;
extern bool arg_follow;
extern bool arg_list;
extern const char *arg_html; /* the page's file, "-", or NULL */
extern bool arg_watch;
extern bool arg_wait;
extern usec_t arg_confirm_within; /* 0: not given; also below */
extern usec_t arg_probation;
extern const char *arg_reason; /* NULL: not given; also below */
extern const char *arg_profile;
extern usec_t arg_change_at;
extern bool arg_trial;
extern usec_t arg_block;    /* 0: not given */
extern usec_t arg_washout;  /* USEC_INFINITY: not given */
extern int arg_metric;      /* _METRIC_INVALID: not given */
extern usec_t arg_interval; /* 0: not given */
extern usec_t arg_duration;
extern const char *arg_pressure_of;
extern bool arg_force;
extern bool arg_stop;
extern const char *arg_since; /* an event's number or a time, as the verb has it; NULL: not given */
extern const char *arg_until; /* NULL: not given */
extern const char *arg_boot;  /* "" for this one; NULL: not given */
extern uint64_t arg_lines;    /* UINT64_MAX: not given */

typedef struct Option {
        const char *name;     /* without its dashes */
        char letter;          /* or 0 */
        const char *argument; /* NULL when it takes none */
        const char *verbs;    /* blank-separated; NULL: all of them */
        const char *help;
        /* Takes it; returns what was expected when the argument makes no sense, else NULL. */
        const char *(*set)(const char *argument);
        /* Set where the argument may be left out, NULL then: is the next word on the command line
         * one, or already another thing? */
        bool (*is_argument)(const char *word);
} Option;

const Option *option_at(size_t i);
size_t option_count(void);
/* True when that verb takes it; verb NULL asks for options of every verb. */
bool option_is_for(const Option *option, const Verb *verb);

/* Reads the command line into the arg_ globals; what is left begins at argv[optind]. */
ExitCode options_parse(int argc, char **argv);
/* Do the options given fit the verb, and each other? */
ExitCode options_check(const Verb *verb);

/* 'unknown verb "lst": did you mean "list"?'; always EXIT_CODE_USAGE. */
ExitCode usage_error_unknown(const char *kind, const char *word, const Nearest *nearest);

/* A transaction's number as a verb's only argument; 0, the current one, without it. */
ExitCode argument_parse_id(const char *verb, size_t n, char **arguments, uint64_t *ret);
