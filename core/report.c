/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/report.h"

#include <math.h>

#include "core/base/json.h"

/* More than any daemon keeps; a report that says more is none. */
#define BLOCKS_MAX_READ 100000
#define STEPS_MAX_READ 1000

static const char *const verdict_names[_REPORT_VERDICT_MAX] = {
        [REPORT_VERDICT_REVERT] = "revert",
        [REPORT_VERDICT_KEEP] = "keep",
        [REPORT_VERDICT_INCONCLUSIVE] = "inconclusive",
};

static const char *const reason_names[_REPORT_REASON_MAX] = {
        [REPORT_REASON_LIMIT] = "limit",
        [REPORT_REASON_BUDGET] = "budget",
        [REPORT_REASON_REGRESSION] = "regression",
        [REPORT_REASON_OOM] = "oom",
};

const char *report_verdict_to_string(ReportVerdict verdict) {
        return verdict >= 0 && verdict < _REPORT_VERDICT_MAX ? verdict_names[verdict] : NULL;
}

const char *report_reason_to_string(ReportReason reason) {
        return reason >= 0 && reason < _REPORT_REASON_MAX ? reason_names[reason] : NULL;
}

Report *report_new(void) {
        Report *report = calloc(1, sizeof(*report));

        if (!report)
                return NULL;
        report->metric = _METRIC_INVALID;
        report->ended_sec = report->verdict_sec = report->lost_sec = -1;
        return report;
}

Report *report_free(Report *report) {
        if (!report)
                return NULL;
        for (size_t i = 0; i < report->n_steps; i++) {
                free(report->steps[i].knob);
                free(report->steps[i].old);
                free(report->steps[i].new);
                free(report->steps[i].origin);
        }
        free(report->steps);
        free(report->blocks);
        free(report->profile);
        free(report->scope);
        free(report->state);
        free(report->sentence);
        free(report->load);
        free(report->trial.against);
        free(report->trial.effect);
        free(report);
        return NULL;
}

int report_add_block(Report *report, const ReportBlock *block) {
        if (array_grow(&report->blocks, report->n_blocks, sizeof(ReportBlock)) < 0)
                return -ENOMEM;
        report->blocks[report->n_blocks++] = *block;
        return 0;
}

int report_add_step(
        Report *report, const char *knob, const char *old, const char *new, const char *origin) {
        if (array_grow(&report->steps, report->n_steps, sizeof(ReportStep)) < 0)
                return -ENOMEM;
        ReportStep *step = &report->steps[report->n_steps++];
        *step = (ReportStep){
                .knob = strdup(knob),
                .old = strdup(old),
                .new = strdup(new),
                .origin = origin ? strdup(origin) : NULL,
        };
        return step->knob && step->old && step->new && (!origin || step->origin) ? 0 : -ENOMEM;
}

/* To JSON */

static void set_double(json_object *object, const char *key, double value, const char *text) {
        json_set(object, key, isfinite(value) ? json_object_new_double_s(value, text) : NULL);
}

/* In the few digits that were measured: "0.48", not "0.47999999999999998". */
static void set_number(json_object *object, const char *key, double value, int digits) {
        char text[400];

        (void) snprintf(text, sizeof(text), "%.*g", digits, value);
        set_double(object, key, value, text);
}

static void set_decimal(json_object *object, const char *key, double value, int decimals) {
        char text[400];

        (void) snprintf(text, sizeof(text), "%.*f", decimals, value);
        set_double(object, key, value, text);
}

static void set_percent(json_object *object, const char *key, double share) {
        set_number(object, key, share * 100, 4);
}

/* null when negative: not known. */
static void set_seconds(json_object *object, const char *key, double seconds) {
        if (seconds < 0)
                json_set(object, key, NULL);
        else
                set_decimal(object, key, seconds, 1);
}

static void set_text(json_object *object, const char *key, const char *text) {
        json_set(object, key, text ? json_object_new_string(text) : NULL);
}

static json_object *mean_to_json(const ReportMean *mean) {
        if (!mean->known)
                return NULL;
        json_object *object = json_object_new_object();
        set_percent(object, "mean", mean->mean);
        if (mean->low >= 0) {
                set_percent(object, "low", mean->low);
                set_percent(object, "high", mean->high);
        }
        return object;
}

static json_object *metrics_to_json(const Report *report) {
        json_object *array = json_object_new_array();

        for (size_t i = 0; i < report->n_metrics; i++) {
                const ReportMetric *metric = &report->metrics[i];
                json_object *object = json_object_new_object();
                set_text(object, "metric", metric_to_string(metric->metric));
                json_set(object, "before", mean_to_json(&metric->before));
                json_set(object, "since", mean_to_json(&metric->since));
                set_percent(object, "harm", metric->harm);
                (void) json_object_array_add(array, object);
        }
        return array;
}

static json_object *rates_to_json(const Report *report) {
        json_object *array = json_object_new_array();

        for (size_t i = 0; i < report->n_rates; i++) {
                const ReportRate *rate = &report->rates[i];
                json_object *object = json_object_new_object();
                set_text(object, "counter", rate->name);
                if (rate->before >= 0)
                        set_number(object, "before", rate->before, 6);
                if (rate->since >= 0)
                        set_number(object, "since", rate->since, 6);
                (void) json_object_array_add(array, object);
        }
        return array;
}

static json_object *steps_to_json(const Report *report) {
        json_object *array = json_object_new_array();

        for (size_t i = 0; i < report->n_steps; i++) {
                const ReportStep *step = &report->steps[i];
                json_object *object = json_object_new_object();
                set_text(object, "knob", step->knob);
                set_text(object, "old", step->old);
                set_text(object, "new", step->new);
                set_text(object, "origin", step->origin);
                (void) json_object_array_add(array, object);
        }
        return array;
}

static json_object *blocks_to_json(const Report *report) {
        json_object *array = json_object_new_array();

        for (size_t i = 0; i < report->n_blocks; i++) {
                const ReportBlock *block = &report->blocks[i];
                json_object *object = json_object_new_object();
                set_decimal(object, "at", block->at_sec, 1);
                set_decimal(object, "length", block->length_sec, 1);
                if (block->arm >= 0)
                        json_set(object, "arm", json_object_new_int(block->arm));
                for (int metric = 0; metric < _METRIC_MAX; metric++)
                        if (block->shares[metric] >= 0)
                                set_percent(
                                        object, metric_to_string(metric), block->shares[metric]);
                (void) json_object_array_add(array, object);
        }
        return array;
}

static json_object *trial_to_json(const ReportTrial *trial) {
        if (!trial->known)
                return NULL;
        json_object *object = json_object_new_object();
        set_text(object, "against", trial->against);
        set_text(object, "effect", trial->effect);
        set_text(object, "metric", metric_to_string(trial->metric));
        json_set(object, "old", mean_to_json(&trial->old));
        json_set(object, "new", mean_to_json(&trial->new));
        set_percent(object, "points", trial->points);
        set_percent(object, "low", trial->low);
        set_percent(object, "high", trial->high);
        set_number(object, "p", trial->p, 6);
        json_set(object, "blocks", json_object_new_uint64(trial->n_blocks));
        set_decimal(object, "block", trial->block_sec, 1);
        set_decimal(object, "washout", trial->washout_sec, 1);
        return object;
}

static json_object *evidence_to_json(const Report *report) {
        json_object *object = json_object_new_object();

        if (report->e_value > 0)
                set_number(object, "e-value", report->e_value, 6);
        if (report->told_sec > 0)
                set_decimal(object, "block", report->told_sec, 1);
        if (report->lost_sec >= 0) {
                set_decimal(object, "lost", report->lost_sec, 2);
                set_decimal(object, "allowed", report->allowed_sec, 2);
        }
        return object;
}

json_object *report_to_json(const Report *report) {
        json_object *object = json_object_new_object();

        if (!object)
                return NULL;
        json_set(object, "id", json_object_new_uint64(report->id));
        set_text(object, "profile", report->profile);
        set_text(object, "scope", report->scope);
        set_text(object, "state", report->state);
        json_set(object, "realtime-usec", json_object_new_uint64(report->realtime_usec));
        set_seconds(object, "ended", report->ended_sec);
        set_text(object, "verdict", report_verdict_to_string(report->verdict));
        set_text(object, "reason", report_reason_to_string(report->reason));
        set_text(object, "metric", metric_to_string(report->metric));
        set_seconds(object, "at", report->verdict_sec);
        set_text(object, "sentence", report->sentence);
        json_set(object, "evidence", evidence_to_json(report));
        set_text(object, "load", report->load);
        json_set(object, "load-changed", json_object_new_boolean(report->load_changed));
        json_set(object, "metrics", metrics_to_json(report));
        json_set(object, "rates", rates_to_json(report));
        json_set(object, "plan", steps_to_json(report));
        json_set(object, "trial", trial_to_json(&report->trial));
        json_set(object, "blocks", blocks_to_json(report));
        return object;
}

/* From JSON */

static double get_number(json_object *object, const char *key, double otherwise) {
        json_object *member = NULL;

        if (!json_object_object_get_ex(object, key, &member) ||
            (!json_object_is_type(member, json_type_double) &&
             !json_object_is_type(member, json_type_int)))
                return otherwise;
        double value = json_object_get_double(member);
        return isfinite(value) ? value : otherwise;
}

/* A share of time, from percent. */
static double get_share(json_object *object, const char *key, double otherwise) {
        double percent = get_number(object, key, NAN);

        return isnan(percent) ? otherwise : MIN_OF(MAX_OF(percent / 100, -1.0), 1.0);
}

static Metric get_metric(json_object *object, const char *key) {
        const char *name = json_get_string(object, key);

        return name ? metric_from_string(name) : _METRIC_INVALID;
}

static int copy_text(json_object *object, const char *key, char **ret) {
        const char *text = json_get_string(object, key);

        if (text && !(*ret = strdup(text)))
                return -ENOMEM;
        return 0;
}

static ReportMean get_mean(json_object *object, const char *key) {
        json_object *mean = NULL;

        if (!json_object_object_get_ex(object, key, &mean) ||
            !json_object_is_type(mean, json_type_object))
                return (ReportMean){0};
        return (ReportMean){
                .known = true,
                .mean = get_share(mean, "mean", 0),
                .low = get_share(mean, "low", -1),
                .high = get_share(mean, "high", -1),
        };
}

/* The array, and how many of it are read; -EBADMSG when there are more. */
static int
get_array(json_object *object, const char *key, size_t max, json_object **ret, size_t *ret_n) {
        *ret = NULL;
        *ret_n = 0;
        if (!json_object_object_get_ex(object, key, ret) || !*ret)
                return 0;
        if (!json_object_is_type(*ret, json_type_array) || json_object_array_length(*ret) > max)
                return -EBADMSG;
        *ret_n = json_object_array_length(*ret);
        return 0;
}

static int metrics_from_json(json_object *object, Report *report) {
        json_object *array;
        size_t n;

        int r = get_array(object, "metrics", _METRIC_MAX, &array, &n);
        for (size_t i = 0; r >= 0 && i < n; i++) {
                json_object *item = json_object_array_get_idx(array, i);
                Metric metric = get_metric(item, "metric");
                if (metric < 0)
                        continue;
                report->metrics[report->n_metrics++] = (ReportMetric){
                        .metric = metric,
                        .before = get_mean(item, "before"),
                        .since = get_mean(item, "since"),
                        .harm = get_share(item, "harm", 0),
                };
        }
        return r;
}

static int rates_from_json(json_object *object, Report *report) {
        json_object *array;
        size_t n;

        int r = get_array(object, "rates", 1000, &array, &n);
        for (size_t i = 0; r >= 0 && i < n && report->n_rates < REPORT_RATES_MAX; i++) {
                json_object *item = json_object_array_get_idx(array, i);
                const char *name = json_get_string(item, "counter");
                Counter counter = name ? counter_from_string(name) : _COUNTER_INVALID;
                if (counter >= 0)
                        report->rates[report->n_rates++] = (ReportRate){
                                .name = counter_to_string(counter),
                                .before = get_number(item, "before", -1),
                                .since = get_number(item, "since", -1),
                        };
        }
        return r;
}

static int steps_from_json(json_object *object, Report *report) {
        json_object *array;
        size_t n;

        int r = get_array(object, "plan", STEPS_MAX_READ, &array, &n);
        for (size_t i = 0; r >= 0 && i < n; i++) {
                json_object *item = json_object_array_get_idx(array, i);
                const char *knob = json_get_string(item, "knob");
                const char *old = json_get_string(item, "old"), *new = json_get_string(item, "new");
                r = knob && old && new
                            ? report_add_step(
                                      report, knob, old, new, json_get_string(item, "origin"))
                            : -EBADMSG;
        }
        return r;
}

static int blocks_from_json(json_object *object, Report *report) {
        json_object *array;
        size_t n;

        int r = get_array(object, "blocks", BLOCKS_MAX_READ, &array, &n);
        for (size_t i = 0; r >= 0 && i < n; i++) {
                json_object *item = json_object_array_get_idx(array, i);
                ReportBlock block = {
                        .at_sec = get_number(item, "at", 0),
                        .length_sec = MAX_OF(0.0, get_number(item, "length", 0)),
                        .arm = (int) MIN_OF(MAX_OF(get_number(item, "arm", -1), -1.0), 1.0),
                };
                for (int metric = 0; metric < _METRIC_MAX; metric++)
                        block.shares[metric] = get_share(item, metric_to_string(metric), -1);
                r = report_add_block(report, &block);
        }
        return r;
}

static int trial_from_json(json_object *object, ReportTrial *trial) {
        json_object *item = NULL;

        if (!json_object_object_get_ex(object, "trial", &item) || !item)
                return 0;
        if (!json_object_is_type(item, json_type_object))
                return -EBADMSG;
        trial->known = true;
        trial->metric = get_metric(item, "metric");
        trial->old = get_mean(item, "old");
        trial->new = get_mean(item, "new");
        trial->points = get_share(item, "points", 0);
        trial->low = get_share(item, "low", 0);
        trial->high = get_share(item, "high", 0);
        trial->p = get_number(item, "p", 1);
        trial->n_blocks = json_get_uint64(item, "blocks");
        trial->block_sec = get_number(item, "block", 0);
        trial->washout_sec = get_number(item, "washout", 0);
        int r = copy_text(item, "against", &trial->against);
        return r < 0 ? r : copy_text(item, "effect", &trial->effect);
}

static int texts_from_json(json_object *object, Report *report) {
        const struct {
                const char *key;
                char **target;
        } texts[] = {
                {"profile", &report->profile},
                {"scope", &report->scope},
                {"state", &report->state},
                {"sentence", &report->sentence},
                {"load", &report->load},
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(texts); i++)
                r = copy_text(object, texts[i].key, texts[i].target);
        return r;
}

/* The place of a name in a table, 0 when there is none. */
static int find_name(const char *const *names, int n, const char *name) {
        for (int i = 1; name && i < n; i++)
                if (streq(names[i], name))
                        return i;
        return 0;
}

static void numbers_from_json(json_object *object, Report *report) {
        json_object *evidence = NULL;

        report->id = json_get_uint64(object, "id");
        report->realtime_usec = json_get_uint64(object, "realtime-usec");
        report->ended_sec = get_number(object, "ended", -1);
        report->verdict =
                find_name(verdict_names, _REPORT_VERDICT_MAX, json_get_string(object, "verdict"));
        report->reason =
                find_name(reason_names, _REPORT_REASON_MAX, json_get_string(object, "reason"));
        report->metric = get_metric(object, "metric");
        report->verdict_sec = get_number(object, "at", -1);
        report->load_changed =
                json_object_get_boolean(json_object_object_get(object, "load-changed"));
        if (!json_object_object_get_ex(object, "evidence", &evidence) ||
            !json_object_is_type(evidence, json_type_object))
                return;
        report->e_value = get_number(evidence, "e-value", 0);
        report->told_sec = get_number(evidence, "block", 0);
        report->lost_sec = get_number(evidence, "lost", -1);
        report->allowed_sec = get_number(evidence, "allowed", 0);
}

int report_from_json(json_object *object, Report **ret) {
        if (!json_object_is_type(object, json_type_object) ||
            !json_object_object_get_ex(object, "blocks", NULL))
                return -EBADMSG;
        _cleanup_(report_freep) Report *report = report_new();
        if (!report)
                return -ENOMEM;
        numbers_from_json(object, report);
        int r = texts_from_json(object, report);
        if (r >= 0)
                r = metrics_from_json(object, report);
        if (r >= 0)
                r = rates_from_json(object, report);
        if (r >= 0)
                r = steps_from_json(object, report);
        if (r >= 0)
                r = blocks_from_json(object, report);
        if (r >= 0)
                r = trial_from_json(object, &report->trial);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(report);
        return 0;
}
