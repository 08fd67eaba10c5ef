/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "cli/report-series.h"
#include "cli/report-words.h"

/* "memory.some rose from 0.48 % (0.41 to 0.56) to 1.9 % (1.6 to 2.2) of time stalled" */
static char *metric_sentence(const Report *report) {
        const ReportMetric *metric = report_find_metric(report, report_main_metric(report));
        char before[WORDS_MAX], since[WORDS_MAX];

        if (!metric || !metric->since.known)
                return NULL;
        words_mean(&metric->before, before);
        words_mean(&metric->since, since);
        if (!metric->before.known)
                return text_format("%s was %s of time stalled since the change",
                                   metric_to_string(metric->metric),
                                   since);
        return text_format("%s went from %s to %s of time stalled",
                           metric_to_string(metric->metric),
                           before,
                           since);
}

static char *trial_sentence(const ReportTrial *trial) {
        char old[WORDS_MAX], new[WORDS_MAX], points[32], low[32], high[32];

        if (trial->metric < 0 || !trial->old.known || !trial->new.known)
                return NULL;
        words_mean(&trial->old, old);
        words_mean(&trial->new, new);
        words_points(trial->points, points);
        words_points(trial->low, low);
        words_points(trial->high, high);
        return text_format("%s was %s of time stalled with the old setting and %s with the new "
                           "one: %s points (95 %%: %s to %s), p = %.2g over %zu blocks",
                           metric_to_string(trial->metric),
                           old,
                           new,
                           points,
                           low,
                           high,
                           trial->p,
                           trial->n_blocks);
}

char *report_sentence(const Report *report) {
        char *sentence = NULL;

        if (report->sentence && report->sentence[0])
                return strdup(report->sentence);
        sentence = report->trial.known ? trial_sentence(&report->trial) : metric_sentence(report);
        return sentence ? sentence : strdup("nothing was measured");
}

/* "1:140 against chance, told by blocks of 40s" */
static void chance_words(const Report *report, char buffer[static WORDS_MAX]) {
        char length[64], odds[32];

        (void) snprintf(
                odds, sizeof(odds), report->e_value < 1e7 ? "%.0f" : "%.1e", report->e_value);
        words_seconds(report->told_sec, length);
        if (report->e_value < 1.5)
                (void) snprintf(buffer, WORDS_MAX, "none against chance");
        else
                (void) snprintf(buffer,
                                WORDS_MAX,
                                "1:%s against chance, told by %s%s",
                                odds,
                                report->told_sec > 0 ? "blocks of " : "bursts",
                                report->told_sec > 0 ? length : "");
}

static const char *reason_words(ReportReason reason) {
        static const char *const words[_REPORT_REASON_MAX] = {
                [REPORT_REASON_LIMIT] = "a hard limit was exceeded",
                [REPORT_REASON_BUDGET] = "the budget of stalled seconds was spent",
                [REPORT_REASON_REGRESSION] = "more was stalled than the time before explains",
                [REPORT_REASON_OOM] = "the kernel killed a process",
        };

        return reason > 0 && reason < _REPORT_REASON_MAX ? words[reason] : NULL;
}

size_t report_evidence(const Report *report, char ret[static WORDS_EVIDENCE_MAX][WORDS_MAX]) {
        const char *reason = reason_words(report->reason);
        char lost[64], allowed[64];
        size_t n = 0;

        if (reason)
                (void) snprintf(ret[n++], WORDS_MAX, "%s", reason);
        if (report->e_value > 0)
                chance_words(report, ret[n++]);
        if (report->lost_sec >= 0) {
                words_seconds(report->lost_sec, lost);
                words_seconds(report->allowed_sec, allowed);
                (void) snprintf(ret[n++],
                                WORDS_MAX,
                                "%s stalled beyond what was usual, of %s allowed",
                                lost,
                                allowed);
        }
        if (report->trial.known)
                (void) snprintf(ret[n++],
                                WORDS_MAX,
                                "p = %.2g: so often would the coin alone show as much",
                                report->trial.p);
        return n;
}
