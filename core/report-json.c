/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/report.h"

#include <math.h>

#include "core/base/json.h"

/* Nine digits are more than was measured, and "0.1" stays "0.1". */
static json_object *number(double value) {
        char text[32];

        if (!isfinite(value))
                return NULL;
        (void) snprintf(text, sizeof(text), "%.9g", value);
        return json_object_new_double_s(value, text);
}

/* What is negative is not known: null. */
static json_object *number_if_known(double value) {
        return value >= 0 ? number(value) : NULL;
}

static json_object *percent(double share) {
        return number(share * 100);
}

static json_object *percent_if_known(double share) {
        return share >= 0 ? percent(share) : NULL;
}

static json_object *text(const char *string) {
        return string ? json_object_new_string(string) : NULL;
}

static json_object *metric_name(Metric metric) {
        return metric >= 0 && metric < _METRIC_MAX ? text(metric_to_string(metric)) : NULL;
}

static json_object *mean_to_json(const ReportMean *mean) {
        json_object *object = mean->known ? json_object_new_object() : NULL;

        if (!object)
                return NULL;
        json_set(object, "mean", percent(mean->mean));
        json_set(object, "low", percent_if_known(mean->low));
        json_set(object, "high", mean->low >= 0 ? percent_if_known(mean->high) : NULL);
        return object;
}

static json_object *metrics_to_json(const Report *report) {
        json_object *array = json_object_new_array();

        for (size_t i = 0; array && i < report->n_metrics; i++) {
                const ReportMetric *metric = &report->metrics[i];
                json_object *object = json_object_new_object();
                if (!object)
                        break;
                json_set(object, "metric", metric_name(metric->metric));
                json_set(object, "before", mean_to_json(&metric->before));
                json_set(object, "since", mean_to_json(&metric->since));
                json_set(object, "harm", percent(metric->harm));
                json_object_array_add(array, object);
        }
        return array;
}

static json_object *limits_to_json(const Report *report) {
        json_object *array = json_object_new_array();

        for (size_t i = 0; array && i < report->n_limits; i++) {
                json_object *object = json_object_new_object();
                if (!object)
                        break;
                json_set(object, "metric", metric_name(report->limits[i].metric));
                json_set(object, "share", percent(report->limits[i].share));
                json_set(object, "over", number(report->limits[i].window_sec));
                json_object_array_add(array, object);
        }
        return array;
}

static json_object *rates_to_json(const Report *report) {
        json_object *array = json_object_new_array();

        for (size_t i = 0; array && i < report->n_rates; i++) {
                json_object *object = json_object_new_object();
                if (!object)
                        break;
                json_set(object, "name", text(report->rates[i].name));
                json_set(object, "before", number_if_known(report->rates[i].before));
                json_set(object, "since", number_if_known(report->rates[i].since));
                json_object_array_add(array, object);
        }
        return array;
}

static json_object *plan_to_json(const Report *report) {
        json_object *array = json_object_new_array();

        for (size_t i = 0; array && i < report->n_steps; i++) {
                const ReportStep *step = &report->steps[i];
                json_object *object = json_object_new_object();
                if (!object)
                        break;
                json_set(object, "knob", text(step->knob));
                json_set(object, "old", text(step->old));
                json_set(object, "new", text(step->new));
                json_set(object, "origin", text(step->origin));
                json_object_array_add(array, object);
        }
        return array;
}

/* A metric that is not known is left out: there may be many blocks. */
static json_object *block_to_json(const ReportBlock *block) {
        json_object *object = json_object_new_object();

        if (!object)
                return NULL;
        json_set(object, "at", number(block->at_sec));
        json_set(object, "length", number(block->length_sec));
        for (int metric = 0; metric < _METRIC_MAX; metric++)
                if (block->shares[metric] >= 0)
                        json_set(object, metric_to_string(metric), percent(block->shares[metric]));
        if (block->arm >= 0)
                json_set(object, "arm", text(block->arm > 0 ? "new" : "old"));
        return object;
}

static json_object *blocks_to_json(const Report *report) {
        json_object *array = json_object_new_array();

        for (size_t i = 0; array && i < report->n_blocks; i++) {
                json_object *object = block_to_json(&report->blocks[i]);
                if (!object || json_object_array_add(array, object) < 0) {
                        (void) json_object_put(object);
                        (void) json_object_put(array);
                        return NULL;
                }
        }
        return array;
}

static json_object *evidence_to_json(const Report *report) {
        json_object *object = json_object_new_object();

        if (!object)
                return NULL;
        json_set(object, "against-chance", report->e_value > 0 ? number(report->e_value) : NULL);
        json_set(object, "block-length", number(report->told_sec));
        json_set(object, "lost", number_if_known(report->lost_sec));
        json_set(object, "allowed", number(report->allowed_sec));
        return object;
}

static json_object *trial_to_json(const ReportTrial *trial) {
        json_object *object = trial->known ? json_object_new_object() : NULL;

        if (!object)
                return NULL;
        json_set(object, "against", text(trial->against));
        json_set(object, "effect", text(trial->effect));
        json_set(object, "metric", metric_name(trial->metric));
        json_set(object, "old", mean_to_json(&trial->old));
        json_set(object, "new", mean_to_json(&trial->new));
        json_set(object, "points", percent(trial->points));
        json_set(object, "low", percent(trial->low));
        json_set(object, "high", percent(trial->high));
        json_set(object, "p", number(trial->p));
        json_set(object, "blocks", json_object_new_uint64(trial->n_blocks));
        json_set(object, "block-length", number(trial->block_sec));
        json_set(object, "washout", number(trial->washout_sec));
        return object;
}

/* Where nothing was killed and nobody asked, there is nothing to say. */
static json_object *oom_to_json(const ReportOom *oom) {
        bool told = oom->killed > 0 || oom->limit > 0 || oom->events || oom->note;
        json_object *object = told ? json_object_new_object() : NULL;

        if (!object)
                return NULL;
        json_set(object, "killed", json_object_new_uint64(oom->killed));
        json_set(object, "limit", oom->limit > 0 ? json_object_new_uint64(oom->limit) : NULL);
        json_set(object,
                 "events",
                 oom->events ? json_object_get(oom->events) : json_object_new_array());
        json_set(object, "note", text(oom->note));
        return object;
}

json_object *report_to_json(const Report *report) {
        json_object *object = json_object_new_object(), *blocks = blocks_to_json(report);

        if (!object || !blocks) {
                (void) json_object_put(object);
                (void) json_object_put(blocks);
                return NULL;
        }
        json_set(object, "id", json_object_new_uint64(report->id));
        json_set(object, "profile", text(report->profile));
        json_set(object, "scope", text(report->scope));
        json_set(object, "state", text(report->state ? report->state : ""));
        json_set(object, "realtime-usec", json_object_new_uint64(report->realtime_usec));
        json_set(object, "ended-at", number_if_known(report->ended_sec));
        json_set(object, "verdict", text(report_verdict_to_string(report->verdict)));
        json_set(object, "reason", text(report_reason_to_string(report->reason)));
        json_set(object, "metric", metric_name(report->metric));
        json_set(object, "verdict-at", number_if_known(report->verdict_sec));
        json_set(object, "sentence", text(report->sentence));
        json_set(object, "load", text(report->load));
        if (report->drifted)
                json_set(object, "drifted", text(report->drifted));
        json_set(object, "load-changed", json_object_new_boolean(report->load_changed));
        json_set(object, "evidence", evidence_to_json(report));
        json_set(object, "metrics", metrics_to_json(report));
        json_set(object, "limits", limits_to_json(report));
        json_set(object, "rates", rates_to_json(report));
        json_set(object, "plan", plan_to_json(report));
        json_set(object, "trial", trial_to_json(&report->trial));
        json_set(object, "oom", oom_to_json(&report->oom));
        json_set(object, "blocks", blocks);
        return object;
}
