/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/report.h"

#include "core/base/member.h"

/* A report may come from anywhere: a mail, another version. */

#define SECONDS_MAX 1e9
#define NUMBER_MAX 1e300

static int get_share(json_object *object, const char *key, double missing, double *ret) {
        double percent = 0;

        int r = member_number(object, key, 0, 100, missing * 100, &percent);
        if (r >= 0)
                *ret = percent / 100;
        return r;
}

/* A difference of shares. */
static int get_points(json_object *object, const char *key, double *ret) {
        double points = 0;

        int r = member_number(object, key, -1e6, 1e6, 0, &points);
        if (r >= 0)
                *ret = points / 100;
        return r;
}

static int get_word(json_object *object, const char *key, const char **ret) {
        return member_word(object, key, REPORT_TEXT_MAX, ret);
}

static int get_text(json_object *object, const char *key, char **ret) {
        return member_text(object, key, REPORT_TEXT_MAX, ret);
}

/* One that is not known is _METRIC_INVALID. */
static int get_metric(json_object *object, const char *key, Metric *ret) {
        const char *name = NULL;

        int r = get_word(object, key, &name);
        if (r >= 0)
                *ret = name ? metric_from_string(name) : _METRIC_INVALID;
        return r;
}

/* Of an interval both ends are there, or none. */
static int get_mean(json_object *object, const char *key, ReportMean *ret) {
        json_object *member = member_find(object, key);
        ReportMean mean = {.known = true};

        if (!member)
                return 0;
        if (!json_object_is_type(member, json_type_object) || !member_find(member, "mean"))
                return -EBADMSG;
        int r = get_share(member, "mean", 0, &mean.mean);
        if (r >= 0)
                r = get_share(member, "low", -1, &mean.low);
        /* An interval may end above what can be. */
        if (r >= 0)
                r = member_number(member, "high", 0, 1e6, -100, &mean.high);
        if (r < 0)
                return r;
        mean.high /= 100;
        if ((mean.low < 0) != (mean.high < 0))
                return -EBADMSG;
        *ret = mean;
        return 0;
}

typedef int (*ItemFn)(Report *report, json_object *item);

/* Each item of an array that holds objects, at most max. */
static int
each_item(json_object *object, const char *key, size_t max, Report *report, ItemFn item_fn) {
        json_object *array = member_find(object, key);
        int r = 0;

        if (!array)
                return 0;
        if (!json_object_is_type(array, json_type_array) || json_object_array_length(array) > max)
                return -EBADMSG;
        for (size_t i = 0; r >= 0 && i < json_object_array_length(array); i++) {
                json_object *item = json_object_array_get_idx(array, i);
                r = json_object_is_type(item, json_type_object) ? item_fn(report, item) : -EBADMSG;
        }
        return r;
}

/* Of metrics that a later version may know. */
#define ITEMS_MAX 256

static int add_metric(Report *report, json_object *item) {
        ReportMetric metric = {0};

        int r = get_metric(item, "metric", &metric.metric);
        if (r >= 0)
                r = get_mean(item, "before", &metric.before);
        if (r >= 0)
                r = get_mean(item, "since", &metric.since);
        if (r >= 0)
                r = get_share(item, "harm", 0, &metric.harm);
        if (r < 0 || metric.metric < 0)
                return r;
        for (size_t i = 0; i < report->n_metrics; i++)
                if (report->metrics[i].metric == metric.metric)
                        return -EBADMSG;
        report->metrics[report->n_metrics++] = metric;
        return 0;
}

static int add_limit(Report *report, json_object *item) {
        ReportLimit limit = {0};

        int r = get_metric(item, "metric", &limit.metric);
        if (r >= 0)
                r = get_share(item, "share", 0, &limit.share);
        if (r >= 0)
                r = member_number(item, "over", 0, SECONDS_MAX, 0, &limit.window_sec);
        if (r >= 0 && limit.metric >= 0)
                report->limits[report->n_limits++] = limit;
        return r;
}

static int add_rate(Report *report, json_object *item) {
        size_t i = report->n_rates;
        ReportRate rate = {0};

        int r = member_number(item, "before", 0, NUMBER_MAX, -1, &rate.before);
        if (r >= 0)
                r = member_number(item, "since", 0, NUMBER_MAX, -1, &rate.since);
        if (r >= 0)
                r = get_text(item, "name", &report->names[i]);
        if (r < 0)
                return r;
        rate.name = report->names[i];
        if (!rate.name)
                return -EBADMSG;
        report->rates[report->n_rates++] = rate;
        return 0;
}

static int add_step(Report *report, json_object *item) {
        const char *knob = NULL, *old = NULL, *new = NULL, *origin = NULL;

        int r = get_word(item, "knob", &knob);
        if (r >= 0)
                r = get_word(item, "old", &old);
        if (r >= 0)
                r = get_word(item, "new", &new);
        if (r >= 0)
                r = get_word(item, "origin", &origin);
        if (r < 0)
                return r;
        if (!knob || !old || !new)
                return -EBADMSG;
        return report_add_step(report, knob, old, new, origin);
}

static int get_arm(json_object *item, int *ret) {
        const char *name = NULL;

        int r = get_word(item, "arm", &name);
        if (r < 0)
                return r;
        if (name && !streq(name, "old") && !streq(name, "new"))
                return -EBADMSG;
        *ret = name ? streq(name, "new") : -1;
        return 0;
}

static int add_block(Report *report, json_object *item) {
        ReportBlock block = {0};

        /* Samples that were asked for may lie as near as the clock can tell. */
        if (!member_find(item, "at") || !member_find(item, "length"))
                return -EBADMSG;
        int r = member_number(item, "at", -SECONDS_MAX, SECONDS_MAX, 0, &block.at_sec);
        if (r >= 0)
                r = member_number(item, "length", 1e-6, SECONDS_MAX, 0, &block.length_sec);
        if (r >= 0)
                r = get_arm(item, &block.arm);
        for (int metric = 0; r >= 0 && metric < _METRIC_MAX; metric++)
                r = get_share(item, metric_to_string(metric), -1, &block.shares[metric]);
        return r < 0 ? r : report_add_block(report, &block);
}

static int parse_evidence(json_object *object, Report *report) {
        json_object *evidence = member_find(object, "evidence");

        if (!evidence)
                return 0;
        if (!json_object_is_type(evidence, json_type_object))
                return -EBADMSG;
        int r = member_number(evidence, "against-chance", 0, NUMBER_MAX, 0, &report->e_value);
        if (r >= 0)
                r = member_number(evidence, "block-length", 0, SECONDS_MAX, 0, &report->told_sec);
        if (r >= 0)
                r = member_number(evidence, "lost", 0, SECONDS_MAX, -1, &report->lost_sec);
        if (r >= 0)
                r = member_number(evidence, "allowed", 0, SECONDS_MAX, 0, &report->allowed_sec);
        return r;
}

static int parse_trial_numbers(json_object *object, ReportTrial *trial) {
        uint64_t n_blocks = 0;

        int r = get_points(object, "points", &trial->points);
        if (r >= 0)
                r = get_points(object, "low", &trial->low);
        if (r >= 0)
                r = get_points(object, "high", &trial->high);
        if (r >= 0)
                r = member_number(object, "p", 0, 1, 1, &trial->p);
        if (r >= 0)
                r = member_count(object, "blocks", &n_blocks);
        if (r >= 0)
                r = member_number(object, "block-length", 0, SECONDS_MAX, 0, &trial->block_sec);
        if (r >= 0)
                r = member_number(object, "washout", 0, SECONDS_MAX, 0, &trial->washout_sec);
        if (r < 0 || n_blocks > REPORT_BLOCKS_MAX)
                return r < 0 ? r : -EBADMSG;
        trial->n_blocks = (size_t) n_blocks;
        return 0;
}

static int parse_trial(json_object *object, ReportTrial *trial) {
        json_object *member = member_find(object, "trial");

        if (!member)
                return 0;
        if (!json_object_is_type(member, json_type_object))
                return -EBADMSG;
        trial->known = true;
        int r = get_text(member, "against", &trial->against);
        if (r >= 0)
                r = get_text(member, "effect", &trial->effect);
        if (r >= 0)
                r = get_metric(member, "metric", &trial->metric);
        if (r >= 0)
                r = get_mean(member, "old", &trial->old);
        if (r >= 0)
                r = get_mean(member, "new", &trial->new);
        return r < 0 ? r : parse_trial_numbers(member, trial);
}

/* What the events have in them is looked at where it is shown. */
static int parse_oom_events(json_object *object, ReportOom *oom) {
        json_object *events = member_find(object, "events");

        if (!events)
                return 0;
        if (!json_object_is_type(events, json_type_array) ||
            json_object_array_length(events) > REPORT_OOM_EVENTS_MAX)
                return -EBADMSG;
        for (size_t i = 0; i < json_object_array_length(events); i++)
                if (!json_object_is_type(json_object_array_get_idx(events, i), json_type_object))
                        return -EBADMSG;
        oom->events = json_object_get(events);
        return 0;
}

static int parse_oom(json_object *object, ReportOom *oom) {
        json_object *member = member_find(object, "oom");

        if (!member)
                return 0;
        if (!json_object_is_type(member, json_type_object))
                return -EBADMSG;
        int r = member_count(member, "killed", &oom->killed);
        if (r >= 0)
                r = member_count(member, "limit", &oom->limit);
        if (r >= 0)
                r = get_text(member, "note", &oom->note);
        return r < 0 ? r : parse_oom_events(member, oom);
}

/* Another verdict than those we know cannot be passed over: it is what the report is about. */
static int parse_verdict(json_object *object, Report *report) {
        const char *verdict = NULL, *reason = NULL;

        int r = get_word(object, "verdict", &verdict);
        if (r >= 0)
                r = get_word(object, "reason", &reason);
        if (r < 0)
                return r;
        report->verdict = verdict ? report_verdict_from_string(verdict) : REPORT_VERDICT_NONE;
        report->reason = reason ? report_reason_from_string(reason) : REPORT_REASON_NONE;
        if (report->verdict < 0 || report->reason < 0)
                return -EBADMSG;
        r = get_metric(object, "metric", &report->metric);
        if (r >= 0)
                r = member_number(object, "verdict-at", 0, SECONDS_MAX, -1, &report->verdict_sec);
        if (r >= 0)
                r = get_text(object, "sentence", &report->sentence);
        return r < 0 ? r : parse_evidence(object, report);
}

static int parse_head(json_object *object, Report *report) {
        json_object *changed = member_find(object, "load-changed");

        int r = member_count(object, "id", &report->id);
        if (r >= 0)
                r = member_count(object, "realtime-usec", &report->realtime_usec);
        if (r >= 0)
                r = get_text(object, "profile", &report->profile);
        if (r >= 0)
                r = get_text(object, "scope", &report->scope);
        if (r >= 0)
                r = get_text(object, "state", &report->state);
        if (r >= 0)
                r = get_text(object, "load", &report->load);
        if (r >= 0)
                r = get_text(object, "drifted", &report->drifted);
        if (r >= 0)
                r = member_number(object, "ended-at", 0, SECONDS_MAX, -1, &report->ended_sec);
        if (r >= 0 && changed && !json_object_is_type(changed, json_type_boolean))
                return -EBADMSG;
        report->load_changed = changed && json_object_get_boolean(changed);
        return r;
}

static int parse_lists(json_object *object, Report *report) {
        int r = each_item(object, "metrics", ITEMS_MAX, report, add_metric);
        if (r >= 0)
                r = each_item(object, "limits", REPORT_LIMITS_MAX, report, add_limit);
        if (r >= 0)
                r = each_item(object, "rates", REPORT_RATES_MAX, report, add_rate);
        if (r >= 0)
                r = each_item(object, "plan", REPORT_STEPS_MAX, report, add_step);
        if (r >= 0)
                r = each_item(object, "blocks", REPORT_BLOCKS_MAX, report, add_block);
        return r;
}

int report_from_json(json_object *object, Report **ret) {
        /* What every report has, and little else has. */
        if (!json_object_is_type(object, json_type_object) || !member_find(object, "id") ||
            !member_find(object, "state") || !member_find(object, "blocks"))
                return -EBADMSG;

        _cleanup_(report_freep) Report *report = report_new();
        if (!report)
                return -ENOMEM;
        int r = parse_head(object, report);
        if (r >= 0)
                r = parse_verdict(object, report);
        if (r >= 0)
                r = parse_lists(object, report);
        if (r >= 0)
                r = parse_trial(object, &report->trial);
        if (r >= 0)
                r = parse_oom(object, &report->oom);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(report);
        return 0;
}
