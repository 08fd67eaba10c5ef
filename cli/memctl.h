/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The command: the verb table and the functions behind it. Every verb returns
 * the exit code and has told the person what went wrong before it returns.
 */

#include "core/base/util.h"
#include "core/protocol.h"

typedef enum VerbFlags {
        VERB_OFFLINE = 1 << 0, /* needs no daemon and no root, honours --root */
        VERB_PAGER = 1 << 1,   /* its output may be longer than the screen */
} VerbFlags;

typedef struct Verb {
        const char *name;
        const char *arguments; /* as in the usage line; "" for none */
        size_t n_min;
        size_t n_max;
        VerbFlags flags;
        const char *summary;     /* one line of "memctl --help" */
        const char *description; /* paragraphs of "memctl VERB --help" */
        const char *example;
        ExitCode (*run)(size_t n, char **arguments);
} Verb;

const Verb *verb_at(size_t i);
size_t verb_count(void);
/* "memctl --help", or "memctl VERB --help". */
void help_print(const Verb *verb);

/* Everything but main(), which is one line: tests link this. */
int memctl_main(int argc, char **argv);

ExitCode verb_apply(size_t n, char **arguments);
ExitCode verb_diff(size_t n, char **arguments);
ExitCode verb_events(size_t n, char **arguments);
ExitCode verb_explain(size_t n, char **arguments);
ExitCode verb_export(size_t n, char **arguments);
ExitCode verb_import(size_t n, char **arguments);
ExitCode verb_inspect(size_t n, char **arguments);
ExitCode verb_keep(size_t n, char **arguments);
ExitCode verb_list(size_t n, char **arguments);
ExitCode verb_oom(size_t n, char **arguments);
ExitCode verb_record(size_t n, char **arguments);
ExitCode verb_replay(size_t n, char **arguments);
ExitCode verb_trial(size_t n, char **arguments);
ExitCode verb_release(size_t n, char **arguments);
ExitCode verb_reload(size_t n, char **arguments);
ExitCode verb_report(size_t n, char **arguments);
ExitCode verb_revert(size_t n, char **arguments);
ExitCode verb_show(size_t n, char **arguments);
ExitCode verb_status(size_t n, char **arguments);
ExitCode verb_validate(size_t n, char **arguments);
