/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/report.h"

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
        return verdict > 0 && verdict < _REPORT_VERDICT_MAX ? verdict_names[verdict] : NULL;
}

const char *report_reason_to_string(ReportReason reason) {
        return reason > 0 && reason < _REPORT_REASON_MAX ? reason_names[reason] : NULL;
}

ReportVerdict report_verdict_from_string(const char *name) {
        for (int verdict = 1; verdict < _REPORT_VERDICT_MAX; verdict++)
                if (streq(verdict_names[verdict], name))
                        return verdict;
        return _REPORT_VERDICT_INVALID;
}

ReportReason report_reason_from_string(const char *name) {
        for (int reason = 1; reason < _REPORT_REASON_MAX; reason++)
                if (streq(reason_names[reason], name))
                        return reason;
        return _REPORT_REASON_INVALID;
}

Report *report_new(void) {
        Report *report = calloc(1, sizeof(*report));

        if (!report)
                return NULL;
        report->metric = report->trial.metric = _METRIC_INVALID;
        report->ended_sec = report->verdict_sec = report->lost_sec = -1;
        return report;
}

static void step_done(ReportStep *step) {
        free(step->knob);
        free(step->old);
        free(step->new);
        free(step->origin);
}

Report *report_free(Report *report) {
        if (!report)
                return NULL;
        for (size_t i = 0; i < report->n_steps; i++)
                step_done(&report->steps[i]);
        for (size_t i = 0; i < REPORT_RATES_MAX; i++)
                free(report->names[i]);
        free(report->steps);
        free(report->blocks);
        free(report->profile);
        free(report->scope);
        free(report->state);
        free(report->sentence);
        free(report->load);
        free(report->drifted);
        free(report->trial.against);
        free(report->trial.effect);
        (void) json_object_put(report->oom.events);
        free(report->oom.note);
        free(report);
        return NULL;
}

int report_add_block(Report *report, const ReportBlock *block) {
        if (report->n_blocks >= REPORT_BLOCKS_MAX)
                return -E2BIG;
        if (array_grow(&report->blocks, report->n_blocks, sizeof(*block)) < 0)
                return -ENOMEM;
        report->blocks[report->n_blocks++] = *block;
        return 0;
}

int report_add_step(
        Report *report, const char *knob, const char *old, const char *new, const char *origin) {
        if (report->n_steps >= REPORT_STEPS_MAX)
                return -E2BIG;
        if (array_grow(&report->steps, report->n_steps, sizeof(ReportStep)) < 0)
                return -ENOMEM;

        ReportStep step = {
                .knob = strdup(knob),
                .old = strdup(old),
                .new = strdup(new),
                .origin = origin ? strdup(origin) : NULL,
        };
        if (!step.knob || !step.old || !step.new || (origin && !step.origin)) {
                step_done(&step);
                return -ENOMEM;
        }
        report->steps[report->n_steps++] = step;
        return 0;
}

void report_set_oom(Report *report, json_object *events, char *note) {
        (void) json_object_put(report->oom.events);
        free(report->oom.note);
        report->oom.events = events;
        report->oom.note = note;
}
