/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/resolve.h"

#include "core/profile/setting.h"
#include "core/profile/watch.h"

typedef struct Resolver {
        const Root *root;
        const Facts *facts;
        const Profile *profile; /* the one asked for */
        Problems *problems;
        Settings *settings;
        Sources sources;
        const Profile *limits_from;
        const Profile *regressions_from;
} Resolver;

Settings *settings_free(Settings *settings) {
        if (!settings)
                return NULL;
        for (size_t i = 0; i < settings->n; i++)
                setting_done(&settings->items[i]);
        for (size_t i = 0; i < settings->n_skipped; i++)
                skipped_done(&settings->skipped[i]);
        free(settings->items);
        free(settings->skipped);
        free(settings->profile);
        free(settings->summary);
        free(settings->file);
        free(settings->why_not);
        watch_done(&settings->watch);
        free(settings);
        return NULL;
}

const Setting *settings_find(const Settings *settings, KnobRef ref) {
        for (size_t i = 0; i < settings->n; i++)
                if (knob_ref_equal(settings->items[i].ref, ref))
                        return &settings->items[i];
        return NULL;
}

static int put_watch(Resolver *resolver, const Profile *profile) {
        if (profile->watch.set & WATCH_SET_LIMITS)
                resolver->limits_from = profile;
        if (profile->watch.set & WATCH_SET_REGRESSIONS)
                resolver->regressions_from = profile;
        if (profile->drift != DRIFT_POLICY_NONE)
                resolver->settings->drift = profile->drift;
        return watch_merge(&resolver->settings->watch, &profile->watch);
}

/* "needs ram >= 4GiB, this machine has 2 GiB; its parent server needs …" */
static int check_when(Resolver *resolver, const Profile *profile) {
        Settings *settings = resolver->settings;

        if (when_holds(&profile->when, resolver->facts))
                return 0;
        settings->applicable = false;
        _cleanup_(freep) char *why = when_explain(&profile->when, resolver->facts);
        if (!why)
                return -ENOMEM;
        bool parent = profile != resolver->profile;
        char *all = text_format("%s%s%s%s%s%s",
                                settings->why_not ? settings->why_not : "",
                                settings->why_not ? "; " : "",
                                parent ? "its parent " : "",
                                parent ? profile->name : "",
                                parent ? " " : "",
                                why);
        if (!all)
                return -ENOMEM;
        free(settings->why_not);
        settings->why_not = all;
        return 0;
}

static int put_ancestry(Resolver *resolver, const Ancestry *ancestry) {
        int r = sources_gather(ancestry, resolver->facts, &resolver->sources);

        for (size_t i = 0; r >= 0 && i < ancestry->n_order; i++) {
                r = check_when(resolver, ancestry->order[i]);
                if (r >= 0)
                        r = put_watch(resolver, ancestry->order[i]);
        }
        return r;
}

/* From what is said to settings */

static int settle_source(const SettingContext *context, Settings *settings, SettingSource source) {
        Setting setting = {0};
        Skipped skipped = {0};

        if (array_grow(&settings->items, settings->n, sizeof(Setting)) < 0 ||
            array_grow(&settings->skipped, settings->n_skipped, sizeof(Skipped)) < 0)
                return -ENOMEM;
        int r = setting_resolve(context, &source, &setting, &skipped);
        if (r > 0 && setting.drift == DRIFT_POLICY_NONE)
                setting.drift = settings->drift;
        if (r > 0)
                settings->items[settings->n++] = setting;
        else if (r == 0)
                settings->skipped[settings->n_skipped++] = skipped;
        return r == -EINVAL ? 0 : r;
}

/* What is not in force here is looked at all the same: a mistake shows on every machine. A range
 * is left to the machines where it counts, unless the file itself always sets it. */
static void check_replaced(const Resolver *resolver, const SettingContext *context) {
        for (size_t i = 0; i < resolver->sources.n_replaced; i++)
                setting_check(context,
                              &resolver->sources.replaced[i],
                              context->applicable &&
                                      resolver->sources.replaced[i].profile == resolver->profile);
}

static void check_idle_overrides(const Resolver *resolver, const SettingContext *context) {
        const Profile *profile = resolver->profile;

        for (size_t i = 0; i < profile->n_overrides; i++) {
                const ProfileOverride *override = &profile->overrides[i];
                if (when_holds(&override->when, resolver->facts))
                        continue;
                for (size_t j = 0; j < override->settings.n; j++)
                        setting_check(context,
                                      &(SettingSource){.profile = profile,
                                                       .said = &override->settings.items[j]},
                                      false);
        }
}

/* balance_dirty_pages takes half the foreground limit when background is not below it, and says
 * nothing. Other units and live values are the plan's to judge. */
static void check_dirty(const Resolver *resolver, const char *background, const char *foreground) {
        const KnobRef refs[] = {{.knob = knob_find(background)}, {.knob = knob_find(foreground)}};
        const Setting *low = settings_find(resolver->settings, refs[0]);
        const Setting *high = settings_find(resolver->settings, refs[1]);
        char texts[2][VALUE_TEXT_MAX];

        if (!low || !high || integer_compare(low->value.integers[0], high->value.integers[0]) < 0)
                return;
        Location where = setting_source_location(sources_find(&resolver->sources, refs[0]));
        value_format(&low->value, texts[0]);
        value_format(&high->value, texts[1]);
        (void) problem_add(resolver->problems,
                           PROBLEM_ERROR,
                           &where,
                           "set the background limit below the other",
                           "%s is %s (%s) and %s is %s (%s): the kernel would silently take half "
                           "the second for the first",
                           background,
                           texts[0],
                           low->origin,
                           foreground,
                           texts[1],
                           high->origin);
        problem_set_id(resolver->problems, "background-above-limit");
}

static void check_watch(const Resolver *resolver) {
        const Watch *watch = &resolver->settings->watch;

        for (size_t i = 0; i < watch->n_limits; i++) {
                const WatchLimit *limit = &watch->limits[i];
                if (limit->metric != METRIC_CPU_FULL || !watch_is_system(watch))
                        continue;
                Location where = {.file = resolver->limits_from->file,
                                  .line = limit->place.line,
                                  .column = limit->place.column,
                                  .text = resolver->limits_from->text};
                (void) problem_add(resolver->problems,
                                   PROBLEM_ERROR,
                                   &where,
                                   "use cpu.some, or set pressure-of to a unit or cgroup",
                                   "cpu.full is always 0 for the whole system: this limit would "
                                   "never be reached");
        }
        for (size_t i = 0; i < watch->n_regressions; i++) {
                if (watch->regressions[i].metric != METRIC_CPU_FULL || !watch_is_system(watch))
                        continue;
                Location where = {.file = resolver->regressions_from->file,
                                  .line = watch->regressions_place.line,
                                  .column = watch->regressions_place.column,
                                  .text = resolver->regressions_from->text};
                (void) problem_add(resolver->problems,
                                   PROBLEM_ERROR,
                                   &where,
                                   "use cpu.some, or set pressure-of to a unit or cgroup",
                                   "cpu.full is always 0 for the whole system: this regression "
                                   "would never be seen");
        }
}

/* Stalls of memory, and those that dirty throttling shows in io. */
static const Metric judged[] = {METRIC_MEMORY_SOME, METRIC_MEMORY_FULL, METRIC_IO_FULL};

static int complete_watch(Watch *watch) {
        if (!(watch->set & WATCH_SET_BASELINE))
                watch->baseline_usec = WATCH_BASELINE_DEFAULT;
        if (!(watch->set & WATCH_SET_PROBATION))
                watch->probation_usec = WATCH_PROBATION_DEFAULT;
        if (!(watch->set & WATCH_SET_REGRESSIONS))
                for (size_t i = 0; i < ELEMENTSOF(judged); i++)
                        watch->regressions[watch->n_regressions++].metric = judged[i];
        if (!watch->pressure_of)
                watch->pressure_of = strdup("system");
        return watch->pressure_of ? 0 : -ENOMEM;
}

static int compare_settings(const void *a, const void *b) {
        char x[KNOB_NAME_MAX], y[KNOB_NAME_MAX];

        knob_ref_name(((const Setting *) a)->ref, x);
        knob_ref_name(((const Setting *) b)->ref, y);
        return strcmp(x, y);
}

static int settle(Resolver *resolver) {
        Settings *settings = resolver->settings;
        const SettingContext context = {.root = resolver->root,
                                        .facts = resolver->facts,
                                        .applicable = settings->applicable,
                                        .problems = resolver->problems};

        for (size_t i = 0; i < resolver->sources.n; i++) {
                int r = settle_source(&context, settings, resolver->sources.items[i]);
                if (r < 0)
                        return r;
        }
        check_replaced(resolver, &context);
        check_idle_overrides(resolver, &context);
        check_dirty(resolver, "vm.dirty_background_bytes", "vm.dirty_bytes");
        check_dirty(resolver, "vm.dirty_background_ratio", "vm.dirty_ratio");
        check_watch(resolver);
        if (settings->n > 0)
                qsort(settings->items, settings->n, sizeof(Setting), compare_settings);
        return complete_watch(&settings->watch);
}

static Settings *settings_new(const Profile *profile) {
        _cleanup_(settings_freep) Settings *settings = calloc(1, sizeof(*settings));

        if (!settings)
                return NULL;
        settings->applicable = true;
        settings->profile = strdup(profile->name);
        settings->summary = strdup(profile->summary);
        settings->file = strdup(profile->file);
        if (!settings->profile || !settings->summary || !settings->file)
                return NULL;
        return TAKE_PTR(settings);
}

int resolve_ancestry(const Root *root,
                     const Ancestry *ancestry,
                     const Facts *facts,
                     Problems *problems,
                     Settings **ret) {
        const Profile *profile = ancestry->order[ancestry->n_order - 1];
        _cleanup_(settings_freep) Settings *settings = settings_new(profile);
        Resolver resolver = {.root = root,
                             .facts = facts,
                             .profile = profile,
                             .problems = problems,
                             .settings = settings};
        size_t n_errors = problems->n_errors;

        if (!settings)
                return -ENOMEM;
        int r = put_ancestry(&resolver, ancestry);
        if (r >= 0)
                r = settle(&resolver);
        sources_done(&resolver.sources);
        if (r < 0)
                return r;
        if (problems->n_errors > n_errors)
                return -EINVAL;
        *ret = TAKE_PTR(settings);
        return 0;
}

int resolve_profile(const Root *root,
                    const Profile *profile,
                    StoreTrust trust,
                    const Facts *facts,
                    Problems *problems,
                    Settings **ret) {
        _cleanup_(ancestry_done) Ancestry ancestry = ANCESTRY_INIT;
        _cleanup_(settings_freep) Settings *settings = NULL;
        size_t n_errors = problems->n_errors;

        int r = ancestry_load(root, profile, trust, problems, &ancestry);
        if (r >= 0)
                r = resolve_ancestry(root, &ancestry, facts, problems, &settings);
        if (r < 0)
                return r;
        if (problems->n_errors > n_errors)
                return -EINVAL;
        *ret = TAKE_PTR(settings);
        return 0;
}

int resolve_name(const Root *root,
                 const char *name,
                 StoreTrust trust,
                 const Facts *facts,
                 Problems *problems,
                 Settings **ret) {
        _cleanup_(profile_freep) Profile *profile = NULL;

        int r = store_load(root, name, trust, problems, &profile);
        return r < 0 ? r : resolve_profile(root, profile, trust, facts, problems, ret);
}
