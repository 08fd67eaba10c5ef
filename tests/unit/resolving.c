/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/resolving.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

int resolving_init(void **state) {
        MadeMachine *machine = calloc(1, sizeof(*machine));

        if (!machine)
                return -1;
        made_machine_init(machine, 6, 12);
        *state = machine;
        return 0;
}

int resolving_done(void **state) {
        made_machine_done(*state);
        free(*state);
        return 0;
}

void put(const MadeMachine *machine, const char *name, const char *body) {
        _cleanup_(freep) char *text = text_format("profile: %s\nsummary: s\n%s", name, body);
        made_machine_profile(machine, name, text);
}

Settings *resolve(const MadeMachine *machine, const char *name) {
        Settings *settings = NULL;
        Problems problems = PROBLEMS_INIT;

        int r = resolve_name(machine->root, name, STORE_ANY, &machine->facts, &problems, &settings);
        if (r < 0 || problems.n > 0) {
                _cleanup_(freep) char *all = problems_format(&problems);
                fail_msg("%s: %d\n%s", name, r, all);
        }
        problems_done(&problems);
        return settings;
}

void assert_complaint(const MadeMachine *machine,
                      const char *name,
                      int expected,
                      const char *words) {
        _cleanup_(settings_freep) Settings *settings = NULL;
        Problems problems = PROBLEMS_INIT;

        int r = resolve_name(machine->root, name, STORE_ANY, &machine->facts, &problems, &settings);
        _cleanup_(freep) char *all = problems_format(&problems);
        problems_done(&problems);
        if (r != expected || !strstr(all, words))
                fail_msg("got %d, expected %d and \"%s\" in:\n%s", r, expected, words, all);
        assert_int_equal(r < 0, settings == NULL);
}

const Setting *find(const Settings *settings, const char *name) {
        KnobRef ref;

        assert_int_equal(knob_ref_parse(name, &ref), 0);
        return settings_find(settings, ref);
}

void assert_value(const Settings *settings, const char *name, const char *expected) {
        const Setting *setting = find(settings, name);
        char text[VALUE_TEXT_MAX];

        if (!setting)
                fail_msg("%s is not set", name);
        value_format(&setting->value, text);
        assert_string_equal(text, expected);
}
