/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/lint-internal.h"

/* Two parents that want different things. */

/* What one of the parents comes to by itself. */
typedef struct Parent {
        const Profile *profile;
        Ancestry ancestry;
        Settings *settings;
} Parent;

typedef struct Parents {
        Parent items[PROFILE_INHERITS_MAX];
        size_t n;
} Parents;

static void parents_done(Parents *parents) {
        for (size_t i = 0; i < parents->n; i++) {
                ancestry_done(&parents->items[i].ancestry);
                (void) settings_free(parents->items[i].settings);
        }
}

/* What the other parent says of the knob came from a profile that this one builds on: it knew, and
 * decided. */
static bool knew(const Parent *parent, const Setting *other) {
        const char *colon = strrchr(other->origin, ':');
        _cleanup_(freep) char *file =
                strndup(other->origin, colon ? (size_t) (colon - other->origin) : 0);

        return file && ancestry_find_file(&parent->ancestry, file);
}

/* The line of the profile itself that settles it. */
static bool is_own(const Lint *lint, const Setting *setting) {
        size_t n = strlen(lint->context->settings->file);

        return setting && strncmp(setting->origin, lint->context->settings->file, n) == 0 &&
               setting->origin[n] == ':';
}

/* Either member of a pair is the same thing said in another unit. */
static const Setting *find_either(const Settings *settings, KnobRef ref) {
        const Setting *setting = settings_find(settings, ref);
        KnobRef partner;

        return !setting && knob_ref_partner(ref, &partner) ? settings_find(settings, partner)
                                                           : setting;
}

static bool wants_same(const Setting *one, const Setting *two) {
        return knob_ref_equal(one->ref, two->ref) && value_equal(&one->value, &two->value);
}

static void tell_disagreement(const Lint *lint,
                              const Parent *first,
                              const Setting *one,
                              const Parent *second,
                              const Setting *two,
                              const Setting *final) {
        char names[2][KNOB_NAME_MAX], values[2][VALUE_TEXT_MAX];

        knob_ref_name(one->ref, names[0]);
        knob_ref_name(two->ref, names[1]);
        value_format(&one->value, values[0]);
        value_format(&two->value, values[1]);
        lint_tell(lint,
                  RULE_PARENTS_DISAGREE,
                  final,
                  "set it in the profile itself",
                  "%s wants %s = %s, %s wants %s = %s: the one that is inherited later wins",
                  first->profile->name,
                  names[0],
                  values[0],
                  second->profile->name,
                  names[1],
                  values[1]);
}

static void compare_parents(const Lint *lint, const Parent *first, const Parent *second) {
        for (size_t i = 0; i < first->settings->n; i++) {
                const Setting *one = &first->settings->items[i];
                const Setting *two = find_either(second->settings, one->ref);
                const Setting *final = find_either(lint->context->settings, one->ref);
                if (two && final && !wants_same(one, two) && !is_own(lint, final) &&
                    !knew(first, two) && !knew(second, one))
                        tell_disagreement(lint, first, one, second, two, final);
        }
}

/* 0 also when it cannot be had: what is wrong with it is told where it is inherited. */
static int add_parent(const Lint *lint, const Profile *profile, Parents *parents) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        Parent *parent = &parents->items[parents->n];

        if (!profile)
                return 0;
        *parent = (Parent){.profile = profile};
        int r = ancestry_of(lint->ancestry, profile, &parent->ancestry);
        if (r < 0)
                return r;
        parents->n++;
        r = resolve_ancestry(lint->context->root,
                             &parent->ancestry,
                             lint->context->facts,
                             &problems,
                             &parent->settings);
        if (r < 0) {
                ancestry_done(&parent->ancestry);
                parents->n--;
        }
        return r == -ENOMEM ? r : 0;
}

int lint_parents(const Lint *lint) {
        const Profile *profile = lint->context->profile;
        _cleanup_(parents_done) Parents parents = {0};

        for (size_t i = 0; profile->n_inherits > 1 && i < profile->n_inherits; i++) {
                int r = add_parent(
                        lint, ancestry_find(lint->ancestry, profile->inherits[i]), &parents);
                if (r < 0)
                        return r;
        }
        for (size_t i = 1; i < parents.n; i++)
                for (size_t j = 0; j < i; j++)
                        compare_parents(lint, &parents.items[j], &parents.items[i]);
        return 0;
}
