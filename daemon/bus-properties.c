/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The properties, as the manager has them now. */

#include "daemon/bus-text.h"

#define PROPERTY(name)                                 \
        int property_get_##name(sd_bus *bus,           \
                                const char *path,      \
                                const char *interface, \
                                const char *property,  \
                                sd_bus_message *reply, \
                                void *userdata,        \
                                sd_bus_error *error)

static Manager *manager_of(void *userdata) {
        return ((const Connection *) userdata)->owner->manager;
}

PROPERTY(version) {
        return sd_bus_message_append(reply, "s", MEMCTL_VERSION);
}

PROPERTY(state) {
        return sd_bus_message_append(
                reply, "s", manager_state_to_string(manager_state(manager_of(userdata))));
}

PROPERTY(profile) {
        return sd_bus_message_append(reply, "s", manager_profile(manager_of(userdata)));
}

PROPERTY(transaction) {
        return sd_bus_message_append(reply, "t", manager_transaction(manager_of(userdata)));
}

PROPERTY(quarantined) {
        const Manager *manager = manager_of(userdata);
        int r = sd_bus_message_open_container(reply, 'a', "s");

        for (size_t i = 0; r >= 0 && i < manager_n_quarantined(manager); i++)
                r = sd_bus_message_append(reply, "s", manager_quarantined(manager, i));
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

PROPERTY(damaged) {
        _cleanup_(state_aside_done) StateAside aside = {0};
        int r = manager_list_damaged(manager_of(userdata), &aside);

        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "s");
        for (size_t i = 0; r >= 0 && i < aside.n; i++)
                r = sd_bus_message_append(reply, "s", aside.names[i]);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* Probation */

static int open_entry(sd_bus_message *reply, const char *key, const char *type) {
        int r = sd_bus_message_open_container(reply, 'e', "sv");

        if (r >= 0)
                r = sd_bus_message_append(reply, "s", key);
        return r < 0 ? r : sd_bus_message_open_container(reply, 'v', type);
}

static int close_entry(sd_bus_message *reply) {
        int r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_limits(sd_bus_message *reply, const ProbationView *view) {
        char text[64];
        int r = open_entry(reply, "limits", "as");

        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "s");
        for (size_t i = 0; r >= 0 && i < view->n_limits; i++) {
                const char *metric = metric_to_string(view->limits[i].metric);
                watch_limit_format(&view->limits[i], text);
                _cleanup_(freep) char *limit = text_format("%s %s", metric, text);
                r = limit ? sd_bus_message_append(reply, "s", limit) : -ENOMEM;
        }
        if (r >= 0 && view->oom_limit > 0) {
                (void) snprintf(
                        text, sizeof(text), "oom-kill %lu", (unsigned long) view->oom_limit);
                r = sd_bus_message_append(reply, "s", text);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : close_entry(reply);
}

static int append_regressions(sd_bus_message *reply, const ProbationView *view) {
        int r = open_entry(reply, "regressions", "as");

        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "s");
        for (size_t i = 0; r >= 0 && i < view->n_regressions; i++)
                r = sd_bus_message_append(
                        reply, "s", metric_to_string(view->regressions[i].metric));
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = close_entry(reply);
        if (r >= 0)
                r = sd_bus_message_append(reply,
                                          "{sv}{sv}{sv}",
                                          "on-regression",
                                          "s",
                                          on_regression_to_string(view->on_regression),
                                          "baseline-blocks",
                                          "u",
                                          (uint32_t) view->n_baseline,
                                          "evidence",
                                          "d",
                                          view->evidence);
        return r;
}

/* Metrics that are not known are left out. */
static int
append_pressure(sd_bus_message *reply, const char *key, const int pressure[static _METRIC_MAX]) {
        int r = open_entry(reply, key, "a{su}");

        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "{su}");
        for (int metric = 0; r >= 0 && metric < _METRIC_MAX; metric++)
                if (pressure[metric] >= 0)
                        r = sd_bus_message_append(reply,
                                                  "{su}",
                                                  metric_to_string(metric),
                                                  (uint32_t) pressure[metric]);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : close_entry(reply);
}

static int append_probation(sd_bus_message *reply, const ProbationView *view) {
        int r = sd_bus_message_append(reply,
                                      "{sv}{sv}{sv}{sv}",
                                      "started-usec",
                                      "t",
                                      view->started_usec,
                                      "deadline-usec",
                                      "t",
                                      view->deadline_usec,
                                      "now-usec",
                                      "t",
                                      view->now_usec,
                                      "confirm",
                                      "b",
                                      (int) view->confirm);

        if (r >= 0)
                r = append_limits(reply, view);
        if (r >= 0)
                r = append_regressions(reply, view);
        if (r >= 0)
                r = append_pressure(reply, "pressure", view->pressure);
        if (r >= 0)
                r = append_pressure(reply, "before", view->before);
        if (r >= 0)
                r = sd_bus_message_append(reply, "{sv}", "oom-kills", "t", view->killed);
        return r;
}

PROPERTY(probation) {
        ProbationView view = {0};
        int r = sd_bus_message_open_container(reply, 'a', "{sv}");

        if (r >= 0 && manager_probation(manager_of(userdata), &view))
                r = append_probation(reply, &view);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

PROPERTY(trial) {
        TrialView view;
        int r = sd_bus_message_open_container(reply, 'a', "{sv}");

        if (r >= 0 && manager_trial(manager_of(userdata), &view))
                r = sd_bus_message_append(reply,
                                          "{sv}{sv}{sv}{sv}{sv}{sv}{sv}",
                                          "against",
                                          "s",
                                          view.against ? view.against : "",
                                          "metric",
                                          "s",
                                          metric_to_string(view.schedule->metric),
                                          "block-usec",
                                          "t",
                                          view.schedule->block_usec,
                                          "washout-usec",
                                          "t",
                                          view.schedule->washout_usec,
                                          "block",
                                          "u",
                                          (uint32_t) view.block + 1,
                                          "blocks",
                                          "u",
                                          (uint32_t) view.schedule->n_blocks,
                                          "new-setting",
                                          "b",
                                          (int) view.arm);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_drift(sd_bus_message *reply, const DriftView *view) {
        char name[KNOB_NAME_MAX], set[VALUE_TEXT_MAX], live[DRIFT_TEXT_MAX];

        knob_ref_name(view->drift.ref, name);
        value_format(&view->drift.set, set);
        drift_format_live(&view->drift, live);
        bus_text_clean(view->writers);
        return sd_bus_message_append(
                reply, "(sssts)", name, set, live, view->since_usec, view->writers);
}

PROPERTY(drift) {
        DriftView *views = NULL;
        size_t n = 0;
        int r = manager_drift(manager_of(userdata), &views, &n);

        if (r < 0)
                return r;
        r = sd_bus_message_open_container(reply, 'a', "(sssts)");
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = append_drift(reply, &views[i]);
        drift_views_free(views, n);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* Each line is one string; an empty text is none. */
static int append_lines(sd_bus_message *reply, char *text) {
        char *rest = NULL;
        int r = sd_bus_message_open_container(reply, 'a', "s");

        bus_text_clean(text);
        for (char *line = strtok_r(text, "\n", &rest); r >= 0 && line;
             line = strtok_r(NULL, "\n", &rest))
                r = sd_bus_message_append(reply, "s", line);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

PROPERTY(conflicts) {
        _cleanup_(freep) char *conflicts = manager_conflicts(manager_of(userdata));

        return conflicts ? append_lines(reply, conflicts) : -ENOMEM;
}

static int append_hold(sd_bus_message *reply, const HoldView *view) {
        _cleanup_(freep) char *reverts = hold_format(view->hold, view->now_usec);
        int r = reverts ? open_entry(reply, "reverts", "as") : -ENOMEM;

        if (r >= 0)
                r = append_lines(reply, reverts);
        if (r >= 0)
                r = close_entry(reply);
        return r < 0 ? r
                     : sd_bus_message_append(reply,
                                             "{sv}{sv}",
                                             "until-usec",
                                             "t",
                                             view->until_usec,
                                             "now-usec",
                                             "t",
                                             view->now_usec);
}

PROPERTY(hold) {
        HoldView view;
        int r = sd_bus_message_open_container(reply, 'a', "{sv}");

        if (r >= 0 && manager_hold(manager_of(userdata), &view))
                r = append_hold(reply, &view);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}
