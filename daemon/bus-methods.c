/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The interface as a table, and the methods that only read: these are open to everyone. */

#include "core/profile/resolve.h"
#include "daemon/bus-arguments.h"
#include "daemon/bus-text.h"

/* A refusal or, without one, an errno, as the method's error. */
static int set_refusal(sd_bus_error *error, int r, const Refusal *refusal) {
        if (!refusal->name || !refusal->text)
                return sd_bus_error_setf(error, MEMCTL_ERROR_FAILED, "%s", strerror(-r));
        bus_text_clean(refusal->text);
        return sd_bus_error_set(error, refusal->name, refusal->text);
}

static int set_problems(sd_bus_error *error, const char *error_name, const Problems *problems) {
        _cleanup_(freep) char *text = problems_format(problems);

        if (!text)
                return -ENOMEM;
        bus_text_clean(text);
        return sd_bus_error_set(error, error_name, text);
}

/* Profiles */

static const char *profile_state(const Manager *manager, const char *name, int resolved, bool ok) {
        if (resolved < 0)
                return "invalid";
        if (manager_is_quarantined(manager, name))
                return "quarantined";
        return ok ? "ok" : "not-applicable";
}

static int append_profile(sd_bus_message *reply, Manager *manager, const StoreEntry *entry) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        _cleanup_(settings_freep) Settings *settings = NULL;
        const Root *root = manager_root(manager);
        int r = resolve_name(
                root, entry->name, STORE_TRUSTED, manager_facts(manager), &problems, &settings);

        if (r == -ENOMEM)
                return r;
        const char *state =
                profile_state(manager, entry->name, r, settings && settings->applicable);
        _cleanup_(freep) char *file = text_format("%s/%s", root_prefix(root), entry->path);
        if (!file)
                return -ENOMEM;
        bus_text_clean(file);
        return sd_bus_message_append(
                reply, "(ssss)", entry->name, file, settings ? settings->summary : "", state);
}

static int method_list_profiles(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(store_list_done) StoreList list = {0};
        Manager *manager = ((const Connection *) userdata)->owner->manager;
        int r = store_list(manager_root(manager), &list);

        if (r >= 0)
                r = sd_bus_message_new_method_return(call, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(ssss)");
        for (size_t i = 0; r >= 0 && i < list.n; i++)
                r = append_profile(reply, manager, &list.items[i]);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int method_get_profile(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        _cleanup_(profile_freep) Profile *profile = NULL;
        const Connection *connection = userdata;
        Arguments arguments = {0};
        int r = arguments_read_name(call, &arguments, error);

        if (r < 0)
                return r;
        r = store_load(manager_root(connection->owner->manager),
                       arguments.name,
                       STORE_TRUSTED,
                       &problems,
                       &profile);
        if (r == -ENOENT)
                return set_problems(error, MEMCTL_ERROR_NO_SUCH_PROFILE, &problems);
        if (r == -EINVAL || r == -EPERM)
                return set_problems(error, MEMCTL_ERROR_INVALID_PROFILE, &problems);
        if (r < 0)
                return r;
        bus_text_clean(profile->file);
        return sd_bus_reply_method_return(call, "ss", profile->file, profile->text);
}

static int method_plan(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        _cleanup_(refusal_done) Refusal refusal = {0};
        _cleanup_(plan_freep) Plan *plan = NULL;
        const Connection *connection = userdata;
        Arguments arguments = {0};
        int r = arguments_read_name(call, &arguments, error);

        if (r < 0)
                return r;
        r = manager_plan(connection->owner->manager, arguments.name, &plan, &refusal);
        if (r < 0)
                return set_refusal(error, r, &refusal);
        _cleanup_(freep) char *line = bus_json_format(plan_to_json(plan));
        if (!line)
                return -ENOMEM;
        return sd_bus_reply_method_return(call, "s", line);
}

/* Events */

static int append_event(const Event *event, void *userdata) {
        _cleanup_(freep) char *line = bus_json_format(event_to_json(event));

        if (!line)
                return -ENOMEM;
        int r = sd_bus_message_append(userdata, "s", line);
        return r < 0 ? r : 0;
}

static int method_list_events(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const Connection *connection = userdata;
        Events *events = manager_events(connection->owner->manager);
        uint64_t since;
        int r = sd_bus_message_read(call, "t", &since);

        if (r >= 0)
                r = sd_bus_message_new_method_return(call, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "s");
        if (r >= 0)
                r = events_visit(events, since, MEMCTL_EVENTS_MAX, append_event, reply);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int method_get_report(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        _cleanup_(refusal_done) Refusal refusal = {0};
        _cleanup_(report_freep) Report *report = NULL;
        const Connection *connection = userdata;
        Arguments arguments = {0};
        int r = arguments_read_id(call, &arguments, error);

        if (r < 0)
                return r;
        r = manager_report(connection->owner->manager, arguments.id, &report, &refusal);
        if (r < 0)
                return set_refusal(error, r, &refusal);
        _cleanup_(freep) char *line = bus_json_format(report_to_json(report));
        if (!line)
                return -ENOMEM;
        return sd_bus_reply_method_return(call, "s", line);
}

/*
 * "Unprivileged" is sd-bus's word for leaving authorisation to us: without it sd-bus would ask for
 * CAP_SYS_ADMIN itself.
 */
/* clang-format off */
const sd_bus_vtable bus_vtable[] = {
        SD_BUS_VTABLE_START(0),

        SD_BUS_PROPERTY("Version", "s", property_get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("State", "s", property_get_state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Profile", "s", property_get_profile, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Transaction", "t", property_get_transaction, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Quarantined", "as", property_get_quarantined, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Damaged", "as", property_get_damaged, 0, 0),
        SD_BUS_PROPERTY("Probation", "a{sv}", property_get_probation, 0, 0),
        SD_BUS_PROPERTY("Trial", "a{sv}", property_get_trial, 0, 0),
        SD_BUS_PROPERTY("Drift", "a(sssts)", property_get_drift, 0, 0),
        SD_BUS_PROPERTY("Conflicts", "as", property_get_conflicts, 0, 0),
        SD_BUS_PROPERTY("Hold", "a{sv}", property_get_hold, 0, 0),

        SD_BUS_METHOD_WITH_ARGS("ListProfiles", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssss)", profiles),
                                method_list_profiles, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetProfile", SD_BUS_ARGS("s", name), SD_BUS_RESULT("s", file, "s", text),
                                method_get_profile, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Plan", SD_BUS_ARGS("s", name), SD_BUS_RESULT("s", plan),
                                method_plan, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Apply", SD_BUS_ARGS("s", name, "a{sv}", options), SD_BUS_RESULT("t", id),
                                method_apply, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Keep", SD_BUS_ARGS("t", id), SD_BUS_NO_RESULT,
                                method_keep, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Revert", SD_BUS_ARGS("t", id, "s", reason), SD_BUS_NO_RESULT,
                                method_revert, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("StartTrial",
                                SD_BUS_ARGS("s", name, "s", against, "s", metric, "t", duration, "t", block, "t", washout),
                                SD_BUS_RESULT("t", id), method_start_trial, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("StopTrial", SD_BUS_ARGS("t", id), SD_BUS_NO_RESULT,
                                method_stop_trial, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListEvents", SD_BUS_ARGS("t", since), SD_BUS_RESULT("as", events),
                                method_list_events, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetReport", SD_BUS_ARGS("t", id), SD_BUS_RESULT("s", report),
                                method_get_report, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Release", SD_BUS_ARGS("s", name), SD_BUS_NO_RESULT,
                                method_release, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ReleaseHold", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT,
                                method_release_hold, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT,
                                method_reload, SD_BUS_VTABLE_UNPRIVILEGED),

        SD_BUS_SIGNAL_WITH_ARGS("Event", SD_BUS_ARGS("s", event), 0),

        SD_BUS_VTABLE_END,
};
/* clang-format on */
