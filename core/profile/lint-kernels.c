/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/lint-internal.h"
#include "core/profile/source.h"

/* The kernels that a profile should be good on: all of these series. */
static const struct {
        unsigned major, first, last;
} series[] = {
        {5, 10, 19},
        {6, 0, 19},
        {7, 0, 0},
};

/* Lines that were told of: one of them lacks its knob on many kernels. */
typedef struct Told {
        const ProfileSetting **items;
        size_t n;
} Told;

static void told_done(Told *told) {
        free(told->items);
}

/* 1 when it was told of, 0 when it is now taken down as that. */
static int remember(Told *told, const ProfileSetting *said) {
        for (size_t i = 0; i < told->n; i++)
                if (told->items[i] == said)
                        return 1;
        int r = array_grow(&told->items, told->n, sizeof(ProfileSetting *));
        if (r >= 0)
                told->items[told->n++] = said;
        return r;
}

static bool is_applicable(const Ancestry *ancestry, const Facts *facts) {
        for (size_t i = 0; i < ancestry->n_order; i++)
                if (!when_holds(&ancestry->order[i]->when, facts))
                        return false;
        return true;
}

static bool has_knob(const Knob *knob, unsigned kernel) {
        return kernel >= knob->since && (knob->until == 0 || kernel < knob->until);
}

static void tell_missing(const Lint *lint, const SettingSource *source, unsigned kernel) {
        const Knob *knob = source->said->ref.knob;
        bool late = kernel < knob->since;
        unsigned version = late ? knob->since : knob->until;
        const Location where = {.file = source->profile->file,
                                .line = source->said->line,
                                .column = source->said->column,
                                .text = source->profile->text};
        char name[KNOB_NAME_MAX];

        knob_ref_name(source->said->ref, name);
        lint_tell_at(lint,
                     RULE_KNOB_NOT_EVERYWHERE,
                     &where,
                     "write {value: ..., optional: true}",
                     "%s %s Linux %u.%u: the profile is refused where it is missing",
                     name,
                     late ? "came with" : "is gone from",
                     KERNEL_VERSION_MAJOR(version),
                     KERNEL_VERSION_MINOR(version));
}

/* The machine at hand with that kernel. */
static int check_kernel(const Lint *lint, unsigned kernel, Told *told) {
        _cleanup_(sources_done) Sources sources = SOURCES_INIT;
        Facts facts = *lint->context->facts;

        facts.context.kernel = kernel;
        if (!is_applicable(lint->ancestry, &facts))
                return 0;
        int r = sources_gather(lint->ancestry, &facts, &sources);
        for (size_t i = 0; r >= 0 && i < sources.n; i++) {
                const ProfileSetting *said = sources.items[i].said;
                if (said->value.optional || has_knob(said->ref.knob, kernel))
                        continue;
                r = remember(told, said);
                if (r == 0)
                        tell_missing(lint, &sources.items[i], kernel);
        }
        return MIN_OF(r, 0);
}

int lint_kernels(const Lint *lint) {
        _cleanup_(told_done) Told told = {0};

        for (size_t i = 0; lint->context->strict && i < ELEMENTSOF(series); i++)
                for (unsigned minor = series[i].first; minor <= series[i].last; minor++) {
                        int r = check_kernel(
                                lint, KERNEL_VERSION_OF(series[i].major, minor), &told);
                        if (r < 0)
                                return r;
                }
        return 0;
}
