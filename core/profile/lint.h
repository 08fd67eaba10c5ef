/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What an expert would say of a profile that is correct: combinations without effect, values that
 * have caused outages, knobs that not every kernel has. Each rule has an id, by which a person
 * finds its reason ("memctl validate --explain ID"). The rules are those that profiles shipped by
 * others have broken, and what kernel sources say of the values.
 */

#include "core/profile/resolve.h"

typedef struct LintContext {
        const Root *root;
        StoreTrust trust;
        const Facts *facts;
        const Profile *profile;
        const Settings *settings; /* what the profile comes to, on that machine */
        bool strict;              /* also what only a reader of the profile misses */
} LintContext;

typedef struct LintRule {
        const char *id;
        ProblemSeverity severity;
        bool strict;        /* only where strictness is asked for */
        const char *title;  /* what it is about, one line */
        const char *reason; /* why, and what to do; a paragraph */
} LintRule;

size_t lint_rule_count(void);
const LintRule *lint_rule_at(size_t i);
/* NULL when there is none of that id. */
const LintRule *lint_rule_find(const char *id);

/* Adds what it finds, with the rule's id. 0, -EINVAL when an error is among it, or -ENOMEM. */
int lint_check(const LintContext *context, Problems *problems);
