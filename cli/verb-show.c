/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/machine.h"
#include "cli/memctl.h"
#include "cli/table.h"
#include "core/base/quantity.h"

/* What the file itself says, beside what it comes to. NULL when it was just not readable. */
static Profile *load_profile(const Machine *machine, const char *name) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        Profile *profile = NULL;

        return store_load(machine->root, name, STORE_ANY, &problems, &profile) < 0 ? NULL : profile;
}

static const char *drift_text(DriftPolicy policy) {
        return policy == DRIFT_POLICY_NONE ? NULL : drift_policy_to_string(policy);
}

static json_object *setting_json(const Setting *setting) {
        char name[KNOB_NAME_MAX], text[VALUE_TEXT_MAX];
        json_object *object = json_object_new_object();
        _cleanup_(freep) char *human = value_format_human(&setting->type, &setting->value);

        knob_ref_name(setting->ref, name);
        value_format(&setting->value, text);
        json_add_text(object, "knob", name);
        json_add_text(object, "value", text);
        json_add_text(object, "human", human);
        json_add_text(object, "origin", setting->origin);
        json_add_bool(object, "optional", setting->optional);
        json_add_text(
                object, "only", setting->only == ONLY_NONE ? NULL : only_to_string(setting->only));
        json_add_text(object, "drift", drift_text(setting->drift));
        json_add_text(object, "source", setting->source);
        json_add_text(object, "reviewed", setting->reviewed);
        return object;
}

static json_object *skipped_json(const Skipped *skipped) {
        char name[KNOB_NAME_MAX];
        json_object *object = json_object_new_object();

        knob_ref_name(skipped->ref, name);
        json_add_text(object, "knob", name);
        json_add_text(object, "reason", skipped->reason);
        json_add_text(object, "origin", skipped->origin);
        return object;
}

static json_object *limit_json(const WatchLimit *limit) {
        json_object *object = json_object_new_object();

        json_add_text(object, "metric", metric_to_string(limit->metric));
        json_add_number(object, "share-permyriad", limit->share_permyriad);
        json_add_number(object, "window-usec", limit->window_usec);
        return object;
}

static json_object *regression_json(const WatchRegression *regression) {
        json_object *object = json_object_new_object();

        json_add_text(object, "metric", metric_to_string(regression->metric));
        json_add_number(object, "margin-permyriad", regression->margin_permyriad);
        return object;
}

static json_object *watch_json(const Watch *watch) {
        json_object *object = json_object_new_object();
        json_object *limits = json_object_new_array();
        json_object *regressions = json_object_new_array();

        for (size_t i = 0; i < watch->n_limits; i++)
                json_object_array_add(limits, limit_json(&watch->limits[i]));
        for (size_t i = 0; i < watch->n_regressions; i++)
                json_object_array_add(regressions, regression_json(&watch->regressions[i]));
        json_add_text(object, "pressure-of", watch->pressure_of ? watch->pressure_of : "system");
        json_add_number(object, "baseline-usec", watch->baseline_usec);
        json_add_number(object, "probation-usec", watch->probation_usec);
        json_add(object, "limits", limits);
        json_add(object,
                 "oom-kill",
                 watch->oom_kills > 0 ? json_object_new_uint64(watch->oom_kills) : NULL);
        json_add(object, "regressions", regressions);
        json_add_text(object, "on-regression", on_regression_to_string(watch->on_regression));
        json_add_text(object, "on-inconclusive", on_inconclusive_to_string(watch->on_inconclusive));
        return object;
}

static json_object *show_json(const Settings *settings, const Profile *profile) {
        json_object *object = json_object_new_object();
        json_object *inherits = json_object_new_array();
        json_object *items = json_object_new_array();
        json_object *skipped = json_object_new_array();

        for (size_t i = 0; profile && i < profile->n_inherits; i++)
                json_object_array_add(inherits, json_text(profile->inherits[i]));
        for (size_t i = 0; i < settings->n; i++)
                json_object_array_add(items, setting_json(&settings->items[i]));
        for (size_t i = 0; i < settings->n_skipped; i++)
                json_object_array_add(skipped, skipped_json(&settings->skipped[i]));
        json_add_text(object, "name", settings->profile);
        json_add_text(object, "summary", settings->summary);
        json_add_text(object, "description", profile ? profile->description : NULL);
        json_add_text(object, "file", settings->file);
        json_add(object, "inherits", inherits);
        json_add_bool(object, "applicable", settings->applicable);
        json_add_text(object, "why-not", settings->why_not);
        json_add(object, "settings", items);
        json_add(object, "skipped", skipped);
        json_add_text(object, "drift", drift_text(settings->drift));
        json_add(object, "watch", watch_json(&settings->watch));
        return object;
}

static ExitCode print_settings(const Settings *settings, const KnobContext *context) {
        static const char *const headings[] = {"KNOB", "VALUE", "FROM", NULL};
        _cleanup_(table_done) Table table = {0};
        char name[KNOB_NAME_MAX];

        table_init(&table, headings);
        table.keep_last = true;
        for (size_t i = 0; i < settings->n; i++) {
                const Setting *setting = &settings->items[i];
                _cleanup_(freep) char *human =
                        knob_value_brief(setting->ref.knob, context, &setting->value);
                knob_ref_name(setting->ref, name);
                table_add_text(&table, STYLE_PLAIN, name);
                if (setting->only != ONLY_NONE && human)
                        table_add(&table,
                                  STYLE_BOLD,
                                  "%s %s",
                                  setting->only == ONLY_RAISE ? "at least" : "at most",
                                  human);
                else
                        table_add_text(&table, STYLE_BOLD, human);
                table_add_text(&table, STYLE_DIM, origin_short(setting->origin));
        }
        return table_print(&table);
}

static void print_skipped(const Settings *settings) {
        char name[KNOB_NAME_MAX];

        if (settings->n_skipped > 0)
                print_styled(STYLE_BOLD, "\nSkipped here\n");
        for (size_t i = 0; i < settings->n_skipped; i++) {
                const Skipped *skipped = &settings->skipped[i];
                knob_ref_name(skipped->ref, name);
                _cleanup_(freep) char *line = text_format(
                        "%s: %s (%s)", name, skipped->reason, origin_short(skipped->origin));
                (void) fputs("  ", stdout);
                print_beside(2, line ? line : name);
        }
}

/* What becomes of a value that something else changes, where the profile says it. */
static void print_drift(const Settings *settings) {
        char name[KNOB_NAME_MAX];

        if (settings->drift != DRIFT_POLICY_NONE)
                (void) printf("  a value that is changed from outside: %s\n",
                              drift_policy_to_string(settings->drift));
        for (size_t i = 0; i < settings->n; i++) {
                if (settings->items[i].drift == settings->drift)
                        continue;
                knob_ref_name(settings->items[i].ref, name);
                (void) printf("  %s, when it is changed from outside: %s\n",
                              name,
                              drift_policy_to_string(settings->items[i].drift));
        }
}

static void print_watch(const Watch *watch) {
        char probation[64], baseline[64], share[16], limit[64];
        _cleanup_(freep) char *of =
                text_harmless(watch->pressure_of ? watch->pressure_of : "system", false);

        format_duration(watch->probation_usec, probation);
        format_duration(watch->baseline_usec, baseline);
        print_styled(STYLE_BOLD, "\nWatched after apply\n");
        (void) printf("  pressure of %s for %s, compared with the %s before\n",
                      of ? of : "",
                      probation,
                      baseline);
        for (size_t i = 0; i < watch->n_limits; i++) {
                watch_limit_format(&watch->limits[i], limit);
                (void) printf("  reverted at once when %s exceeds %s\n",
                              metric_to_string(watch->limits[i].metric),
                              limit);
        }
        if (watch->oom_kills > 0)
                (void) printf(
                        "  reverted at once when the kernel kills %lu %s for want of memory\n",
                        (unsigned long) watch->oom_kills,
                        watch->oom_kills == 1 ? "process" : "processes");
        for (size_t i = 0; i < watch->n_regressions; i++) {
                format_share(watch->regressions[i].margin_permyriad, share);
                (void) printf("  %s is judged against the time before%s%s\n",
                              metric_to_string(watch->regressions[i].metric),
                              watch->regressions[i].margin_permyriad ? ": it may rise by " : "",
                              watch->regressions[i].margin_permyriad ? share : "");
        }
        if (watch->n_regressions > 0)
                (void) printf("  a regression: %s; what stays unclear: %s\n",
                              on_regression_to_string(watch->on_regression),
                              on_inconclusive_to_string(watch->on_inconclusive));
}

static void print_heading(const Settings *settings, const Profile *profile) {
        _cleanup_(freep) char *summary =
                text_harmless(settings->summary ? settings->summary : "", false);

        print_styled(STYLE_BOLD, "%s", settings->profile);
        (void) printf("%s%s\n", summary && summary[0] ? ": " : "", summary ? summary : "");
        print_styled(STYLE_DIM, "%s", settings->file);
        for (size_t i = 0; profile && i < profile->n_inherits; i++)
                print_styled(
                        STYLE_DIM, "%s%s", i == 0 ? ", on top of " : ", ", profile->inherits[i]);
        (void) putchar('\n');
        if (!settings->applicable) {
                _cleanup_(freep) char *why = text_format(
                        "Not applicable here: %s", settings->why_not ? settings->why_not : "");
                print_styled(STYLE_WARN, "%s\n", why ? why : "");
        }
        (void) putchar('\n');
}

ExitCode verb_show(size_t n, char **arguments) {
        _cleanup_(machine_done) Machine machine = {0};
        _cleanup_(settings_freep) Settings *settings = NULL;

        if (machine_open(&machine) < 0 || machine_resolve(&machine, arguments[0], &settings) < 0)
                return EXIT_CODE_FAILED;
        _cleanup_(profile_freep) Profile *profile = load_profile(&machine, arguments[0]);
        if (print_is_json())
                return print_json(show_json(settings, profile));
        print_heading(settings, profile);
        ExitCode code = print_settings(settings, &machine.facts.context);
        print_skipped(settings);
        print_watch(&settings->watch);
        print_drift(settings);
        return code;
}
