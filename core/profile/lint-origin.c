/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/lint-internal.h"
#include "core/profile/watch.h"

#define PROBATION_MIN (5 * USEC_PER_MINUTE)

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

/* The limits in force: where the last file stands that sets them. */
static Location limits_location(const Lint *lint) {
        const Watch *watch = &lint->context->settings->watch;

        for (size_t i = lint->ancestry->n_order; i-- > 0;) {
                const Profile *profile = lint->ancestry->order[i];
                if (profile->watch.set & WATCH_SET_LIMITS)
                        return (Location){.file = profile->file,
                                          .line = watch->oom_kills_place.line,
                                          .column = watch->oom_kills_place.column,
                                          .text = profile->text};
        }
        return (Location){.file = lint->context->settings->file};
}

static void check_limits(const Lint *lint) {
        const Watch *watch = &lint->context->settings->watch;

        if (watch->n_limits == 0 && watch->oom_kills == 0)
                lint_tell(lint,
                          RULE_NO_LIMITS,
                          NULL,
                          "add \"watch: {limits: {memory.full: 10% over 2s}}\", or inherit it",
                          "nothing ends the probation early");
        if (watch->oom_kills == 0 || !watch_is_system(watch))
                return;
        const Location where = limits_location(lint);
        lint_tell_at(lint,
                     RULE_OOM_KILL_SYSTEM,
                     &where,
                     "set pressure-of to a unit or cgroup",
                     "a process killed in any container counts, as pressure-of is system");
}

void lint_provenance(const Lint *lint) {
        const Settings *settings = lint->context->settings;

        for (size_t i = 0; lint->context->strict && i < settings->n; i++)
                check_source(lint, &settings->items[i]);
        check_limits(lint);
        if (settings->watch.probation_usec < PROBATION_MIN)
                lint_tell(lint,
                          RULE_PROBATION_SHORT,
                          NULL,
                          "30min is the default",
                          "the probation is shorter than 5 minutes: what hurts only when memory "
                          "gets short is not seen");
}
