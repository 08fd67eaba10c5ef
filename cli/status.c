/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/status.h"

static json_object *member(json_object *object, const char *key) {
        json_object *value = NULL;

        if (!json_object_is_type(object, json_type_object))
                return NULL;
        return json_object_object_get_ex(object, key, &value) ? value : NULL;
}

static const char *text_of(json_object *value) {
        return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

static json_object *array_of(json_object *value) {
        return json_object_is_type(value, json_type_array) ? value : NULL;
}

const char *status_item(json_object *array, size_t i) {
        if (!array_of(array) || i >= json_object_array_length(array))
                return "";
        return text_of(json_object_array_get_idx(array, i));
}

static Shares shares_of(json_object *object) {
        Shares shares;

        for (Metric metric = 0; metric < _METRIC_MAX; metric++) {
                json_object *value = member(object, metric_to_string(metric));
                shares.permyriad[metric] =
                        json_object_is_type(value, json_type_int) ? json_object_get_int(value) : -1;
        }
        return shares;
}

static void read_probation(json_object *object, Status *status) {
        usec_t started = json_object_get_uint64(member(object, "started-usec"));
        usec_t deadline = json_object_get_uint64(member(object, "deadline-usec"));
        usec_t now = json_object_get_uint64(member(object, "now-usec"));

        status->on_probation = deadline > 0;
        status->left_usec = deadline > now ? deadline - now : 0;
        status->since_usec = now > started ? now - started : 0;
        status->confirm = json_object_get_boolean(member(object, "confirm"));
        status->oom_kills = json_object_get_uint64(member(object, "oom-kills"));
        status->limits = array_of(member(object, "limits"));
        status->regressions = array_of(member(object, "regressions"));
        status->on_regression = text_of(member(object, "on-regression"));
        status->baseline_blocks = json_object_get_uint64(member(object, "baseline-blocks"));
        status->evidence = json_object_get_double(member(object, "evidence"));
        status->now = shares_of(member(object, "pressure"));
        status->before = shares_of(member(object, "before"));
}

static void read_trial(json_object *object, Status *status) {
        status->n_blocks = json_object_get_uint64(member(object, "blocks"));
        status->on_trial = status->n_blocks > 0;
        status->against = text_of(member(object, "against"));
        status->metric = text_of(member(object, "metric"));
        status->block = json_object_get_uint64(member(object, "block"));
        status->block_usec = json_object_get_uint64(member(object, "block-usec"));
}

static void read_hold(json_object *object, Status *status) {
        usec_t until = json_object_get_uint64(member(object, "until-usec"));
        usec_t now = json_object_get_uint64(member(object, "now-usec"));

        status->reverts = array_of(member(object, "reverts"));
        status->hold_left_usec = until > now ? until - now : 0;
}

ExitCode status_load(Client *client, Status *ret) {
        json_object *properties = NULL;

        ExitCode code = client_properties(client, &properties);
        if (code != EXIT_CODE_DONE)
                return code;
        Status status = {
                .properties = properties,
                .version = text_of(member(properties, "Version")),
                .state = text_of(member(properties, "State")),
                .profile = text_of(member(properties, "Profile")),
                .transaction = json_object_get_uint64(member(properties, "Transaction")),
                .drift = array_of(member(properties, "Drift")),
                .conflicts = array_of(member(properties, "Conflicts")),
                .quarantined = array_of(member(properties, "Quarantined")),
                .damaged = array_of(member(properties, "Damaged")),
        };
        read_probation(member(properties, "Probation"), &status);
        read_trial(member(properties, "Trial"), &status);
        read_hold(member(properties, "Hold"), &status);
        *ret = status;
        return EXIT_CODE_DONE;
}

void status_done(Status *status) {
        json_object_put(status->properties);
        *status = (Status){0};
}
