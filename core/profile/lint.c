/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/lint.h"

#include <stdarg.h>

#include "core/machine/live.h"
#include "core/profile/lint-internal.h"

static const Setting *find_setting(const Lint *lint, const char *knob, KnobRef *ret) {
        return knob_ref_parse(knob, ret) < 0 ? NULL : settings_find(lint->context->settings, *ret);
}

const Setting *lint_setting(const Lint *lint, const char *knob) {
        KnobRef ref;

        return find_setting(lint, knob, &ref);
}

static bool number_of(const Value *value, uint64_t *ret) {
        if (value->n == 0 || value->integers[0].negative)
                return false;
        *ret = value->integers[0].magnitude;
        return true;
}

bool lint_sets(const Lint *lint, const char *knob, uint64_t *ret, const Setting **ret_setting) {
        KnobRef ref;
        const Setting *setting = find_setting(lint, knob, &ref);

        if (!setting || !number_of(&setting->value, ret))
                return false;
        *ret_setting = setting;
        return true;
}

/* What a knob has that the profile leaves alone: the machine's own value, or the kernel's default
 * where the machine is not at hand. A member of a pair whose partner the profile sets will be 0. */
static bool read_other(const Lint *lint, KnobRef ref, Value *ret) {
        const Facts *facts = lint->context->facts;
        KnobRef partner;

        if (knob_ref_partner(ref, &partner) && settings_find(lint->context->settings, partner))
                return false;
        if (facts->assumed)
                return knob_default(ref.knob, &facts->context, ret) >= 0;
        return live_read(lint->context->root, ref, ret) >= 0;
}

bool lint_number(const Lint *lint, const char *knob, uint64_t *ret) {
        KnobRef ref;
        Value live;
        const Setting *setting = find_setting(lint, knob, &ref);

        if (setting)
                return number_of(&setting->value, ret);
        return knob_ref_parse(knob, &ref) >= 0 && read_other(lint, ref, &live) &&
               number_of(&live, ret);
}

bool lint_is_word(const Lint *lint, const char *knob, const char *word) {
        KnobRef ref;
        Value live;
        const Setting *setting = find_setting(lint, knob, &ref);

        if (setting)
                return streq(setting->value.word, word);
        return knob_ref_parse(knob, &ref) >= 0 && read_other(lint, ref, &live) &&
               streq(live.word, word);
}

/* An origin is "file:line"; the file is a profile's of the ancestry. */
static Location location_of(const Lint *lint, const Setting *setting) {
        const char *colon = strrchr(setting->origin, ':');
        _cleanup_(freep) char *file =
                strndup(setting->origin, colon ? (size_t) (colon - setting->origin) : 0);
        const Profile *profile = file ? ancestry_find_file(lint->ancestry, file) : NULL;

        if (!profile)
                return (Location){.file = setting->origin};
        return (Location){.file = profile->file,
                          .line = setting->place.line,
                          .column = setting->place.column,
                          .text = profile->text};
}

static void _printf_(5, 0) tell(const Lint *lint,
                                RuleId rule,
                                const Location *where,
                                const char *hint,
                                const char *format,
                                va_list ap) {
        const LintRule *known = lint_rule_at((size_t) rule);
        _cleanup_(freep) char *message = NULL;

        if (vasprintf(&message, format, ap) < 0) {
                message = NULL;
                lint->problems->incomplete = true;
                return;
        }
        (void) problem_add(lint->problems, known->severity, where, hint, "%s", message);
        problem_set_id(lint->problems, known->id);
}

void lint_tell_at(const Lint *lint,
                  RuleId rule,
                  const Location *where,
                  const char *hint,
                  const char *format,
                  ...) {
        va_list ap;

        va_start(ap, format);
        tell(lint, rule, where, hint, format, ap);
        va_end(ap);
}

void lint_tell(const Lint *lint,
               RuleId rule,
               const Setting *setting,
               const char *hint,
               const char *format,
               ...) {
        const Location where = setting ? location_of(lint, setting)
                                       : (Location){.file = lint->context->settings->file};
        va_list ap;

        va_start(ap, format);
        tell(lint, rule, &where, hint, format, ap);
        va_end(ap);
}

int lint_check(const LintContext *context, Problems *problems) {
        _cleanup_(problems_done) Problems known = PROBLEMS_INIT; /* told when it was resolved */
        _cleanup_(ancestry_done) Ancestry ancestry = ANCESTRY_INIT;
        const Lint lint = {.context = context, .ancestry = &ancestry, .problems = problems};
        size_t n_errors = problems->n_errors;

        int r = ancestry_load(context->root, context->profile, context->trust, &known, &ancestry);
        if (r < 0)
                return r;
        lint_values(&lint);
        lint_writeback(&lint);
        lint_reclaim(&lint);
        lint_overcommit(&lint);
        lint_huge_pages(&lint);
        lint_ksm(&lint);
        lint_provenance(&lint);
        r = lint_parents(&lint);
        if (r >= 0)
                r = lint_kernels(&lint);
        if (r < 0)
                return r;
        return problems->n_errors > n_errors ? -EINVAL : 0;
}
