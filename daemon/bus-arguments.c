/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/bus-arguments.h"

#include "core/base/problem.h"
#include "core/base/quantity.h"
#include "daemon/bus-text.h"

int arguments_read_name(sd_bus_message *call, Arguments *arguments, sd_bus_error *error) {
        char quote[QUOTE_MAX];
        const char *name;
        int r = sd_bus_message_read(call, "s", &name);

        if (r < 0)
                return r;
        if (!profile_name_is_valid(name))
                return sd_bus_error_setf(
                        error,
                        MEMCTL_ERROR_INVALID_ARGUMENT,
                        "name is \"%s\"; expected a profile name: a-z or 0-9 first, then also "
                        "\".\", \"_\" and \"-\", at most %d bytes",
                        bus_text_quote(name, quote),
                        PROFILE_NAME_MAX - 1);
        arguments->name = name;
        return 0;
}

int arguments_read_id(sd_bus_message *call, Arguments *arguments, sd_bus_error *error) {
        return sd_bus_message_read(call, "t", &arguments->id);
}

/* Where the first control character is (C0, DEL, C1), counted from 1; 0 when there is none. */
static size_t find_control(const char *text) {
        for (const unsigned char *p = (const unsigned char *) text; *p; p++)
                if (*p < ' ' || *p == 0x7f || (p[0] == 0xc2 && p[1] < 0xa0))
                        return (size_t) (p - (const unsigned char *) text) + 1;
        return 0;
}

int arguments_read_reason(sd_bus_message *call, Arguments *arguments, sd_bus_error *error) {
        const char *reason;
        int r = sd_bus_message_read(call, "s", &reason); /* sd-bus refuses what is not UTF-8 */

        if (r < 0)
                return r;
        if (strlen(reason) > MEMCTL_REASON_MAX)
                return sd_bus_error_setf(error,
                                         MEMCTL_ERROR_INVALID_ARGUMENT,
                                         "reason is %zu bytes long; expected at most %d",
                                         strlen(reason),
                                         MEMCTL_REASON_MAX);
        size_t at = find_control(reason);
        if (at > 0)
                return sd_bus_error_setf(error,
                                         MEMCTL_ERROR_INVALID_ARGUMENT,
                                         "reason has a control character at byte %zu; expected "
                                         "one line of text",
                                         at);
        arguments->reason = reason;
        return 0;
}

/* Options of Apply */

static const struct {
        const char *key;
        size_t offset; /* of a usec_t in ApplyOptions */
} time_options[] = {
        {"confirm-within", offsetof(ApplyOptions, confirm_within_usec)},
        {"probation", offsetof(ApplyOptions, probation_usec)},
};

static usec_t *find_option(ApplyOptions *options, const char *key) {
        for (size_t i = 0; i < ELEMENTSOF(time_options); i++)
                if (streq(time_options[i].key, key))
                        return (void *) ((char *) options + time_options[i].offset);
        return NULL;
}

static int refuse_key(const char *key, sd_bus_error *error) {
        char quote[QUOTE_MAX];
        Nearest nearest = NEAREST_INIT(key);

        for (size_t i = 0; i < ELEMENTSOF(time_options); i++)
                nearest_offer(&nearest, time_options[i].key);
        _cleanup_(freep) char *hint = nearest_hint(&nearest);
        return sd_bus_error_setf(error,
                                 MEMCTL_ERROR_INVALID_ARGUMENT,
                                 "options has the unknown key \"%s\"; expected \"confirm-within\" "
                                 "or \"probation\"%s%s",
                                 bus_text_quote(key, quote),
                                 hint ? "; " : "",
                                 hint ? hint : "");
}

static int check_time(const char *key, uint64_t usec, sd_bus_error *error) {
        char min[64], max[64];

        if (usec >= MEMCTL_TIME_MIN_USEC && usec <= MEMCTL_TIME_MAX_USEC)
                return 0;
        format_duration(MEMCTL_TIME_MIN_USEC, min);
        format_duration(MEMCTL_TIME_MAX_USEC, max);
        return sd_bus_error_setf(error,
                                 MEMCTL_ERROR_INVALID_ARGUMENT,
                                 "option \"%s\" is %" PRIu64
                                 " microseconds; expected a time from %s to %s",
                                 key,
                                 usec,
                                 min,
                                 max);
}

static int read_time(sd_bus_message *call, const char *key, usec_t *time, sd_bus_error *error) {
        const char *type;
        uint64_t usec;
        int r = sd_bus_message_peek_type(call, NULL, &type); /* within the variant */

        if (r < 0)
                return r;
        if (!streq(type, "t"))
                return sd_bus_error_setf(error,
                                         MEMCTL_ERROR_INVALID_ARGUMENT,
                                         "option \"%s\" has the type \"%s\"; expected \"t\", "
                                         "microseconds",
                                         key,
                                         type);
        if (*time != 0)
                return sd_bus_error_setf(error,
                                         MEMCTL_ERROR_INVALID_ARGUMENT,
                                         "option \"%s\" is given twice; expected it once",
                                         key);
        r = sd_bus_message_read(call, "v", "t", &usec);
        if (r >= 0)
                r = check_time(key, usec, error);
        if (r >= 0)
                *time = usec;
        return r;
}

int arguments_read_options(sd_bus_message *call, Arguments *arguments, sd_bus_error *error) {
        int r = sd_bus_message_enter_container(call, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(call, 'e', "sv")) > 0) {
                const char *key;
                r = sd_bus_message_read(call, "s", &key);
                if (r < 0)
                        return r;
                usec_t *time = find_option(&arguments->options, key);
                r = time ? read_time(call, key, time, error) : refuse_key(key, error);
                if (r >= 0)
                        r = sd_bus_message_exit_container(call);
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(call);
        if (r >= 0 && arguments->options.confirm_within_usec > 0 &&
            arguments->options.probation_usec > 0)
                return sd_bus_error_setf(error,
                                         MEMCTL_ERROR_INVALID_ARGUMENT,
                                         "options has both \"confirm-within\" and \"probation\"; "
                                         "expected one: what waits for Keep is watched until then");
        return r;
}

/* Of a trial */

/* 0 is not given. */
static int check_trial_time(const char *key, usec_t usec, sd_bus_error *error) {
        return usec == 0 ? 0 : check_time(key, usec, error);
}

static int check_metric(const char *name, TrialOptions *options, sd_bus_error *error) {
        char quote[QUOTE_MAX];

        options->metric = name[0] ? metric_from_string(name) : _METRIC_INVALID;
        if (options->metric >= 0 || !name[0])
                return 0;
        return sd_bus_error_setf(error,
                                 MEMCTL_ERROR_INVALID_ARGUMENT,
                                 "metric is \"%s\"; expected memory.some, memory.full, io.some, "
                                 "io.full, cpu.some, cpu.full or nothing",
                                 bus_text_quote(name, quote));
}

int arguments_read_trial(sd_bus_message *call, Arguments *arguments, sd_bus_error *error) {
        TrialOptions *options = &arguments->trial;
        const char *metric;
        char quote[QUOTE_MAX];

        int r = sd_bus_message_read(call,
                                    "ssttt",
                                    &arguments->against,
                                    &metric,
                                    &options->duration_usec,
                                    &options->block_usec,
                                    &options->washout_usec);
        if (r < 0)
                return r;
        if (arguments->against[0] && !profile_name_is_valid(arguments->against))
                return sd_bus_error_setf(error,
                                         MEMCTL_ERROR_INVALID_ARGUMENT,
                                         "against is \"%s\", which is no profile's name",
                                         bus_text_quote(arguments->against, quote));
        r = check_metric(metric, options, error);
        if (r >= 0)
                r = check_trial_time("duration", options->duration_usec, error);
        if (r >= 0)
                r = check_trial_time("block", options->block_usec, error);
        if (r >= 0)
                r = check_trial_time("washout", options->washout_usec, error);
        return r;
}
