/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/lint-internal.h"

#define PROBATION_MIN (5 * USEC_PER_MINUTE)
/* The kernels that a knob should be on. */
#define KERNEL_OLDEST KERNEL_VERSION_OF(5, 10)
#define KERNEL_NEWEST KERNEL_VERSION_OF(7, 0)
#define ANCESTORS_DEPTH_MAX 16

/* Two parents that want different things */

/* Whether a profile of that file is among the ancestors of the profile, or is it. */
static bool descends_from(const Lint *lint, const char *name, const char *file, unsigned depth) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        _cleanup_(profile_freep) Profile *profile = NULL;

        if (depth == ANCESTORS_DEPTH_MAX ||
            store_load(lint->context->root, name, lint->context->trust, &problems, &profile) < 0)
                return false;
        if (streq(profile->file, file))
                return true;
        for (size_t i = 0; i < profile->n_inherits; i++)
                if (descends_from(lint, profile->inherits[i], file, depth + 1))
                        return true;
        return false;
}

/* What the other parent says of the knob came from a profile that this one builds on: it knew, and
 * decided. */
static bool knew(const Lint *lint, const char *parent, const Setting *other) {
        const char *colon = strrchr(other->origin, ':');
        _cleanup_(freep) char *file =
                strndup(other->origin, colon ? (size_t) (colon - other->origin) : 0);

        return file && descends_from(lint, parent, file, 0);
}

/* The line of the profile itself that settles it. */
static bool is_own(const Lint *lint, const Setting *setting) {
        size_t n = strlen(lint->context->settings->file);

        return setting && strncmp(setting->origin, lint->context->settings->file, n) == 0 &&
               setting->origin[n] == ':';
}

static void compare_parents(const Lint *lint,
                            const char *first_name,
                            const Settings *first,
                            const char *second_name,
                            const Settings *second) {
        char name[KNOB_NAME_MAX], a[VALUE_TEXT_MAX], b[VALUE_TEXT_MAX];

        for (size_t i = 0; i < first->n; i++) {
                const Setting *one = &first->items[i];
                const Setting *two = settings_find(second, one->ref);
                const Setting *final = settings_find(lint->context->settings, one->ref);
                if (!two || !final || value_equal(&one->value, &two->value) ||
                    is_own(lint, final) || knew(lint, first_name, two) ||
                    knew(lint, second_name, one))
                        continue;
                knob_ref_name(one->ref, name);
                value_format(&one->value, a);
                value_format(&two->value, b);
                lint_tell(lint,
                          RULE_PARENTS_DISAGREE,
                          final,
                          "set it in the profile itself",
                          "%s wants %s = %s, %s wants %s: the one that is inherited later wins",
                          first_name,
                          name,
                          a,
                          second_name,
                          b);
        }
}

static int resolve_parent(const Lint *lint, const char *name, Settings **ret) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;

        int r = resolve_name(lint->context->root,
                             name,
                             lint->context->trust,
                             lint->context->facts,
                             &problems,
                             ret);
        return r == -ENOMEM ? r : 0; /* what is wrong with it is told where it is inherited */
}

int lint_parents(const Lint *lint) {
        const Profile *profile = lint->context->profile;

        for (size_t i = 1; i < profile->n_inherits; i++) {
                _cleanup_(settings_freep) Settings *later = NULL;
                int r = resolve_parent(lint, profile->inherits[i], &later);
                for (size_t j = 0; r >= 0 && later && j < i; j++) {
                        _cleanup_(settings_freep) Settings *earlier = NULL;
                        r = resolve_parent(lint, profile->inherits[j], &earlier);
                        if (earlier)
                                compare_parents(lint,
                                                profile->inherits[j],
                                                earlier,
                                                profile->inherits[i],
                                                later);
                }
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Where values come from, and where the profile can go */

static bool asks_for(const When *when, unsigned version) {
        return when->kernel_version >= version &&
               (when->kernel == COMPARISON_GE || when->kernel == COMPARISON_GT ||
                when->kernel == COMPARISON_EQ);
}

static void check_kernels(const Lint *lint, const Setting *setting) {
        const Knob *knob = setting->ref.knob;
        char name[KNOB_NAME_MAX];

        bool late = knob->since > KERNEL_OLDEST &&
                    !asks_for(&lint->context->profile->when, knob->since);
        bool gone = knob->until > KERNEL_OLDEST && knob->until <= KERNEL_NEWEST;
        if (setting->optional || (!late && !gone))
                return;
        unsigned version = late ? knob->since : knob->until;
        knob_ref_name(setting->ref, name);
        lint_tell(lint,
                  RULE_KNOB_NOT_EVERYWHERE,
                  setting,
                  "write {value: ..., optional: true}",
                  "%s %s Linux %u.%u: the profile is refused where it is missing",
                  name,
                  late ? "came with" : "is gone from",
                  KERNEL_VERSION_MAJOR(version),
                  KERNEL_VERSION_MINOR(version));
}

static void check_source(const Lint *lint, const Setting *setting) {
        char name[KNOB_NAME_MAX];

        if (setting->source && setting->reviewed)
                return;
        knob_ref_name(setting->ref, name);
        lint_tell(lint,
                  RULE_NO_SOURCE,
                  setting,
                  "write {value: ..., source: \"WHO: WHAT; WHERE\", reviewed: 2026-11}",
                  "%s says not %s",
                  name,
                  setting->source ? "when somebody last looked" : "where its value comes from");
}

void lint_provenance(const Lint *lint) {
        const Settings *settings = lint->context->settings;

        for (size_t i = 0; lint->context->strict && i < settings->n; i++) {
                check_kernels(lint, &settings->items[i]);
                check_source(lint, &settings->items[i]);
        }
        if (settings->watch.n_limits == 0)
                lint_tell(lint,
                          RULE_NO_LIMITS,
                          NULL,
                          "add \"watch: {limits: {memory.full: 10% over 2s}}\", or inherit it",
                          "nothing ends the probation early");
        if (settings->watch.probation_usec < PROBATION_MIN)
                lint_tell(lint,
                          RULE_PROBATION_SHORT,
                          NULL,
                          "30min is the default",
                          "the probation is shorter than 5 minutes: what hurts only when memory "
                          "gets short is not seen");
}
