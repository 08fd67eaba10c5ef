/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/planning.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/tree.h"

static void setting_init(const Facts *facts, const Wanted *wanted, unsigned line, Setting *ret) {
        char *why = NULL;

        assert_int_equal(knob_ref_parse(wanted->knob, &ret->ref), 0);
        assert_int_equal(knob_value_type(ret->ref.knob, &facts->context, &ret->type), 0);
        assert_int_equal(value_parse(&ret->type, wanted->value, &ret->value, &why), 0);
        ret->origin = text_format("x.yaml:%u", line);
        ret->optional = wanted->optional;
        ret->only = wanted->only;
}

static Setting *settings_of(const Facts *facts, const Wanted *wanted, size_t n) {
        Setting *items = calloc(n + 1, sizeof(Setting));

        assert_non_null(items);
        for (size_t i = 0; i < n; i++)
                setting_init(facts, &wanted[i], (unsigned) i + 1, &items[i]);
        return items;
}

void fixture_open(Fixture *fixture, const char *machine) {
        Problems problems = PROBLEMS_INIT;

        *fixture = (Fixture){0};
        assert_int_equal(tree_copy(machine, &fixture->tree), 0);
        assert_int_equal(root_open(fixture->tree, &fixture->root), 0);
        assert_int_equal(facts_read(fixture->root, &problems, &fixture->facts), 0);
        problems_done(&problems);
}

void poke(const Fixture *fixture, const char *knob, const char *text) {
        char path[KNOB_PATH_MAX];
        KnobRef ref;

        assert_int_equal(knob_ref_parse(knob, &ref), 0);
        knob_ref_path(ref, path);
        assert_int_equal(tree_write(fixture->tree, path, text), 0);
}

int make_plan(
        Fixture *fixture, const Wanted *wanted, size_t n, const Wanted *restore, size_t n_restore) {
        Problems problems = PROBLEMS_INIT;

        fixture->settings.profile = strdup("x");
        fixture->settings.items = settings_of(&fixture->facts, wanted, n);
        fixture->settings.n = n;
        fixture->restore = settings_of(&fixture->facts, restore, n_restore);
        fixture->n_restore = n_restore;
        int r = plan_new(fixture->root,
                         &fixture->settings,
                         fixture->restore,
                         n_restore,
                         &problems,
                         &fixture->plan);
        fixture->problem = problems_format(&problems);
        assert_int_equal(r<0, problems.n_errors> 0);
        problems_done(&problems);
        return r;
}

void fixture_done(Fixture *fixture) {
        for (size_t i = 0; i < fixture->settings.n; i++)
                free(fixture->settings.items[i].origin);
        for (size_t i = 0; i < fixture->n_restore; i++)
                free(fixture->restore[i].origin);
        free(fixture->settings.items);
        free(fixture->settings.profile);
        free(fixture->restore);
        free(fixture->problem);
        plan_freep(&fixture->plan);
        root_closep(&fixture->root);
        tree_removep(&fixture->tree);
}

static const char *name_in_section(const char *name) {
        return text_starts_with(name, THP) ? name + strlen(THP) : name + strlen("vm.");
}

void assert_steps(const Fixture *fixture, const char *expected) {
        char shown[4096] = "", name[KNOB_NAME_MAX], value[VALUE_TEXT_MAX];
        size_t used = 0;

        for (size_t i = 0; fixture->plan && i < fixture->plan->n; i++) {
                const Step *step = &fixture->plan->steps[i];
                bool guard = step->kind == STEP_GUARD;
                knob_ref_name(step->ref, name);
                value_format(&step->new, value);
                used += (size_t) snprintf(shown + used,
                                          sizeof(shown) - used,
                                          "%s%s%s=%s%s",
                                          i > 0 ? " " : "",
                                          guard ? "(" : "",
                                          name_in_section(name),
                                          value,
                                          guard ? ")" : "");
        }
        assert_string_equal(shown, expected);
}

void assert_undo(const Step *step, const char *knob, const char *text) {
        char name[KNOB_NAME_MAX], value_text[VALUE_TEXT_MAX];
        KnobRef ref;
        Value value;

        step_undo_target(step, &ref, &value);
        knob_ref_name(ref, name);
        value_format(&value, value_text);
        assert_string_equal(name, knob);
        assert_string_equal(value_text, text);
}
