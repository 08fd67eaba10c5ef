/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/lint-internal.h"

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

void lint_provenance(const Lint *lint) {
        const Settings *settings = lint->context->settings;

        for (size_t i = 0; lint->context->strict && i < settings->n; i++)
                check_source(lint, &settings->items[i]);
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
