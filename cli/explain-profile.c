/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/explain.h"

static ExitCode explain_profile_json(const Settings *settings, const Profile *profile) {
        json_object *object = json_object_new_object(), *items = json_object_new_array();
        char name[KNOB_NAME_MAX], text[VALUE_TEXT_MAX];

        for (size_t i = 0; i < settings->n; i++) {
                const Setting *setting = &settings->items[i];
                json_object *item = json_object_new_object();
                knob_ref_name(setting->ref, name);
                value_format(&setting->value, text);
                json_add_text(item, "knob", name);
                json_add_text(item, "value", text);
                json_add_text(item, "summary", setting->ref.knob->summary);
                json_add_text(item, "hazard", setting->ref.knob->hazard);
                json_add_text(item, "origin", setting->origin);
                json_object_array_add(items, item);
        }
        json_add_text(object, "profile", settings->profile);
        json_add_text(object, "summary", settings->summary);
        json_add_text(object, "description", profile->description);
        json_add(object, "settings", items);
        return print_json(object);
}

ExitCode explain_profile(const Machine *machine, const Profile *profile) {
        _cleanup_(settings_freep) Settings *settings = NULL;
        char name[KNOB_NAME_MAX];

        if (machine_resolve(machine, profile->name, &settings) < 0)
                return EXIT_CODE_FAILED;
        if (print_is_json())
                return explain_profile_json(settings, profile);
        _cleanup_(freep) char *summary =
                text_harmless(settings->summary ? settings->summary : "", false);
        print_styled(STYLE_BOLD, "%s", settings->profile);
        (void) printf(": %s\n", summary ? summary : "");
        if (profile->description) {
                (void) putchar('\n');
                print_wrapped(0, profile->description);
        }
        for (size_t i = 0; i < settings->n; i++) {
                const Setting *setting = &settings->items[i];
                _cleanup_(freep) char *human = value_format_human(&setting->type, &setting->value);
                knob_ref_name(setting->ref, name);
                (void) printf("\n%s = ", name);
                print_styled(STYLE_BOLD, "%s", human ? human : "");
                print_styled(STYLE_DIM, "  %s\n", origin_short(setting->origin));
                if (setting->ref.knob->summary)
                        print_wrapped(2, setting->ref.knob->summary);
                if (setting->ref.knob->hazard)
                        print_wrapped(2, setting->ref.knob->hazard);
        }
        return EXIT_CODE_DONE;
}
