/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/judgement.h"

#include <math.h>

#include "core/base/quantity.h"

_Static_assert((size_t) DETECT_METRICS == (size_t) _METRIC_MAX, "each metric can be judged");

/* How much of alpha a metric gets beside the others: stalls of memory are what memctl changes. */
static const double proportions[_METRIC_MAX] = {
        [METRIC_MEMORY_SOME] = 0.3,
        [METRIC_MEMORY_FULL] = 0.4,
        [METRIC_IO_SOME] = 0.3,
        [METRIC_IO_FULL] = 0.3,
        [METRIC_CPU_SOME] = 0.1,
        [METRIC_CPU_FULL] = 0.1,
};

void judgement_config(const WatchRegression *regressions,
                      size_t n_regressions,
                      usec_t block_usec,
                      DetectConfig *ret) {
        double sum = 0;

        *ret = (DetectConfig){.block_usec = block_usec};
        for (size_t i = 0; i < n_regressions; i++)
                sum += proportions[regressions[i].metric];
        for (size_t i = 0; i < n_regressions; i++) {
                Metric metric = regressions[i].metric;
                ret->weights[metric] = proportions[metric] / sum;
                ret->margins[metric] = regressions[i].margin_permyriad / 10000.0;
        }
}

ReportMean report_mean(Interval interval) {
        return (ReportMean){
                .known = true,
                .mean = interval.mean,
                .low = interval.half < 0 ? -1 : MAX_OF(0.0, interval.mean - interval.half),
                .high = interval.half < 0 ? -1 : MIN_OF(1.0, interval.mean + interval.half),
        };
}

static ReportReason reason_of(DetectAlarm alarm) {
        switch (alarm) {
        case DETECT_QUIET:
                return REPORT_REASON_NONE;
        case DETECT_REGRESSION:
        case DETECT_ABSOLUTE:
                return REPORT_REASON_REGRESSION;
        case DETECT_BUDGET:
                return REPORT_REASON_BUDGET;
        }
        return REPORT_REASON_NONE;
}

void judgement_take_means(Report *report, const Detect *detect) {
        report->n_metrics = 0;
        for (size_t i = 0; i < DETECT_METRICS; i++) {
                const Stream *stream = &detect->streams[i];
                if (!detect_is_judged(detect, i))
                        continue;
                ReportMetric *metric = &report->metrics[report->n_metrics++];
                *metric = (ReportMetric){.metric = (Metric) i, .harm = detect_harm(detect, i)};
                if (stream_has_before(stream))
                        metric->before = report_mean(detect_before(detect, i));
                if (average_count(&stream->after) > 0)
                        metric->since = report_mean(detect_after(detect, i));
        }
}

void judgement_take(Report *report, const Detect *detect) {
        judgement_take_means(report, detect);
        if (detect->alarm == DETECT_QUIET)
                return;
        const Budget *budget = &detect->streams[detect->alarm_metric].budget;
        report->verdict = REPORT_VERDICT_REVERT;
        report->reason = reason_of(detect->alarm);
        report->metric = (Metric) detect->alarm_metric;
        report->e_value = detect->e_value;
        report->told_sec = (double) detect->told_usec / USEC_PER_SEC;
        if (budget->armed) {
                report->lost_sec = budget->spent;
                report->allowed_sec = budget->limit;
        }
}

void judgement_finish(Report *report, const Detect *detect) {
        size_t metric = _METRIC_MAX;

        judgement_take_means(report, detect);
        report->verdict = detect_finish(detect, &metric) == DETECT_KEEP
                                  ? REPORT_VERDICT_KEEP
                                  : REPORT_VERDICT_INCONCLUSIVE;
        report->metric = metric < _METRIC_MAX ? (Metric) metric : _METRIC_INVALID;
}

/* Load */

/* A change of less than this is what any quarter of an hour does. */
#define WORK_CHANGED 0.25

static double change_of(const ReportRate *rate) {
        return rate->before > 0 && rate->since >= 0 ? rate->since / rate->before - 1 : 0;
}

static const ReportRate *find_rate(const Report *report, Counter counter) {
        for (size_t i = 0; i < report->n_rates; i++)
                if (streq(report->rates[i].name, counter_to_string(counter)))
                        return &report->rates[i];
        return NULL;
}

static void print_work(const Report *report, FILE *out, bool *ret_more, bool *ret_less) {
        static const struct {
                Counter counter;
                const char *name;
        } work[] = {
                {COUNTER_CPU_USEC, "CPU time"},
                {COUNTER_PGFAULT, "page faults"},
                {COUNTER_PGALLOC, "pages allocated"},
        };
        const char *separator = "work done: ";

        for (size_t i = 0; i < ELEMENTSOF(work); i++) {
                const ReportRate *rate = find_rate(report, work[i].counter);
                if (!rate || rate->before <= 0 || rate->since < 0)
                        continue;
                double change = change_of(rate);
                (void) fprintf(out, "%s%s %+.0f %%", separator, work[i].name, change * 100);
                separator = ", ";
                *ret_more |= change > WORK_CHANGED;
                *ret_less |= change < -WORK_CHANGED;
        }
}

static void print_disturbances(const Report *report, FILE *out, bool *ret_changed) {
        static const struct {
                Counter counter;
                const char *what;
        } disturbances[] = {
                {COUNTER_DROP_PAGECACHE, "somebody dropped the page cache"},
                {COUNTER_DROP_SLAB, "somebody dropped the slab caches"},
                {COUNTER_BALLOON, "the hypervisor moved the balloon"},
        };

        for (size_t i = 0; i < ELEMENTSOF(disturbances); i++) {
                const ReportRate *rate = find_rate(report, disturbances[i].counter);
                if (!rate || (rate->before <= 0 && rate->since <= 0))
                        continue;
                (void) fprintf(out, "; %s", disturbances[i].what);
                *ret_changed = true;
        }
}

static void take_rates(Report *report, const Sample *ends[4]) {
        report->n_rates = 0;
        for (int i = 0; i < _COUNTER_MAX; i++) {
                ReportRate rate = {.name = counter_to_string(i), .before = -1, .since = -1};
                if (ends[0] && ends[1])
                        rate.before = counter_rate(i,
                                                   ends[0]->counters[i],
                                                   ends[1]->counters[i],
                                                   ends[1]->at_usec - ends[0]->at_usec);
                if (ends[2] && ends[3])
                        rate.since = counter_rate(i,
                                                  ends[2]->counters[i],
                                                  ends[3]->counters[i],
                                                  ends[3]->at_usec - ends[2]->at_usec);
                if (rate.before >= 0 || rate.since >= 0)
                        report->rates[report->n_rates++] = rate;
        }
}

void judgement_take_load(Report *report,
                         const Sample *before_begin,
                         const Sample *before_end,
                         const Sample *since_begin,
                         const Sample *since_end) {
        const Sample *ends[4] = {before_begin, before_end, since_begin, since_end};
        char *text = NULL;
        size_t size = 0;
        bool more = false, less = false, disturbed = false;

        take_rates(report, ends);
        FILE *out = open_memstream(&text, &size);
        if (!out)
                return;
        print_work(report, out, &more, &less);
        print_disturbances(report, out, &disturbed);
        if (more)
                (void) fputs(": more than before, so the load may be what changed", out);
        else if (less)
                (void) fputs(": less than before", out);
        if (stream_close(out, &text) < 0 || size == 0) {
                free(text);
                return;
        }
        free(report->load);
        report->load = text;
        report->load_changed = more || less || disturbed;
}

void judgement_add_gaps(Report *report, const Detect *detect) {
        unsigned n_gaps = 0, n_resets = 0;

        for (size_t i = 0; i < DETECT_METRICS; i++) {
                n_gaps = MAX_OF(n_gaps, detect->blocks[i].n_gaps);
                n_resets = MAX_OF(n_resets, detect->blocks[i].n_resets);
        }
        if (n_gaps == 0)
                return;
        char *text = text_format(
                "%s%s%u %s in the samples since, left out (suspended, or not to be read)%s",
                report->load ? report->load : "",
                report->load ? "; " : "",
                n_gaps,
                n_gaps == 1 ? "gap" : "gaps",
                n_resets ? ", of which counters began anew, as of another cgroup "
                           "of that name"
                         : "");
        if (!text)
                return;
        free(report->load);
        report->load = text;
}

/* Sentences */

/* "0.48 % (95 %: 0.41-0.56)" */
static void print_mean(FILE *out, const ReportMean *mean, bool first) {
        (void) fprintf(out, "%.2f %%", mean->mean * 100);
        if (mean->low >= 0)
                (void) fprintf(out,
                               " (%s%.2f-%.2f)",
                               first ? "95 %: " : "",
                               mean->low * 100,
                               mean->high * 100);
}

static const ReportMetric *find_metric(const Report *report) {
        for (size_t i = 0; i < report->n_metrics; i++)
                if (report->metrics[i].metric == report->metric)
                        return &report->metrics[i];
        return NULL;
}

static void print_change(FILE *out, const ReportMetric *metric) {
        const char *name = metric_to_string(metric->metric);

        if (!metric->since.known)
                return;
        if (!metric->before.known) {
                (void) fprintf(out, "%s is ", name);
                print_mean(out, &metric->since, true);
                (void) fputs(" of time stalled", out);
                return;
        }
        (void) fprintf(out, "%s went from ", name);
        print_mean(out, &metric->before, true);
        (void) fputs(" to ", out);
        print_mean(out, &metric->since, false);
        (void) fputs(" of time stalled", out);
}

static void print_when(FILE *out, const Report *report) {
        char text[64];

        if (report->verdict_sec < 0)
                return;
        format_duration((usec_t) report->verdict_sec * USEC_PER_SEC, text);
        (void) fprintf(out, ", %s after the change", text);
}

static void print_revert(FILE *out, const Report *report, const ReportMetric *metric) {
        print_when(out, report);
        if (report->reason == REPORT_REASON_BUDGET)
                (void) fprintf(out,
                               "; %.1f s more than usual were lost, %.1f s were allowed",
                               report->lost_sec,
                               report->allowed_sec);
        else if (report->e_value > 0)
                (void) fprintf(out, "; evidence 1:%.0f against chance", report->e_value);
        if (!metric->before.known)
                (void) fprintf(out,
                               "; judged absolutely (at most %.0f %%), as there is no time before "
                               "to compare with",
                               ABSOLUTE_TOLERANCE * 100);
}

/* How far the mean may have risen, at most. */
static void print_keep(FILE *out, const ReportMetric *metric) {
        const ReportMean *before = &metric->before, *since = &metric->since;

        if (!before->known || before->low < 0 || since->low < 0)
                return;
        double half = hypot(before->high - before->mean, since->high - since->mean);
        (void) fprintf(out,
                       ": it rose by at most %.2f points (95 %%), below the harm of %.2f",
                       MAX_OF(0.0, since->mean - before->mean + half) * 100,
                       metric->harm * 100);
}

static void print_inconclusive(FILE *out, const ReportMetric *metric) {
        (void) fprintf(out,
                       "; whether it rose by %.2f points, which would be harm, this time cannot "
                       "tell",
                       metric->harm * 100);
}

/* "50% over 10s" */
static void print_asked(FILE *out, const ReportLimit *limit) {
        char share[16], window[64];

        format_share((unsigned) (limit->share * 10000 + 0.5), share);
        format_duration((usec_t) (limit->window_sec * USEC_PER_SEC + 0.5), window);
        (void) fprintf(out, "%s over %s", share, window);
}

static void print_kills(FILE *out, const ReportOom *oom) {
        if (oom->killed > 1)
                (void) fprintf(out, "the kernel killed %lu processes", (unsigned long) oom->killed);
        else
                (void) fputs("the kernel killed a process", out);
        (void) fputs(" for want of memory", out);
        if (oom->limit > 1)
                (void) fprintf(out, ", %lu are the limit", (unsigned long) oom->limit);
}

/* What ended it at once needs no statistics. */
static char *objection_sentence(const Report *report, const ReportMetric *metric) {
        char *text = NULL;
        size_t size = 0, i = 0;
        FILE *out = open_memstream(&text, &size);

        if (!out)
                return NULL;
        if (report->reason == REPORT_REASON_LIMIT) {
                while (i < report->n_limits && report->limits[i].metric != report->metric)
                        i++;
                (void) fprintf(out, "%s exceeded its limit", metric_to_string(report->metric));
                if (i < report->n_limits) {
                        (void) fputs(" of ", out);
                        print_asked(out, &report->limits[i]);
                }
        } else
                print_kills(out, &report->oom);
        print_when(out, report);
        if (metric && metric->since.known) {
                (void) fputs("; ", out);
                print_change(out, metric);
        }
        (void) stream_close(out, &text);
        return text;
}

char *judgement_sentence(const Report *report) {
        const ReportMetric *metric = find_metric(report);
        char *text = NULL;
        size_t size = 0;

        if (report->reason == REPORT_REASON_LIMIT || report->reason == REPORT_REASON_OOM)
                return objection_sentence(report, metric);
        if (!metric)
                return strdup(report->verdict == REPORT_VERDICT_KEEP
                                      ? "no limit was exceeded, and nothing else was watched"
                              : report->verdict == REPORT_VERDICT_INCONCLUSIVE
                                      ? "nothing was judged against the time before"
                                      : "");
        FILE *out = open_memstream(&text, &size);
        if (!out)
                return NULL;
        if (!metric->since.known) {
                (void) fprintf(out,
                               "not one block of %s was measured since the change",
                               metric_to_string(metric->metric));
                (void) stream_close(out, &text);
                return text;
        }
        print_change(out, metric);
        switch (report->verdict) {
        case REPORT_VERDICT_REVERT:
                print_revert(out, report, metric);
                break;
        case REPORT_VERDICT_KEEP:
                print_keep(out, metric);
                break;
        case REPORT_VERDICT_INCONCLUSIVE:
                print_inconclusive(out, metric);
                break;
        case REPORT_VERDICT_NONE:
        case _REPORT_VERDICT_MAX:
        case _REPORT_VERDICT_INVALID:
                break;
        }
        (void) stream_close(out, &text);
        return text;
}

/* Trials */

static const char *effect_text(TrialEffect effect) {
        switch (effect) {
        case TRIAL_WORSE:
                return "the new setting is worse";
        case TRIAL_BETTER:
                return "the new setting is better";
        case TRIAL_NONE:
                return "no difference that matters";
        case TRIAL_UNDECIDED:
        case _TRIAL_EFFECT_MAX:
                break;
        }
        return "undecided";
}

static char *trial_sentence(const Trial *trial, Metric metric) {
        Interval difference = trial_difference(trial);

        return text_format(
                "%s: %s %.2f %% of time stalled with the old, %.2f %% with the new; "
                "%+.2f points (95 %%, approximate: %+.2f to %+.2f), p = %.2g, %zu blocks",
                effect_text(trial->effect),
                metric_to_string(metric),
                trial_mean(trial, false).mean * 100,
                trial_mean(trial, true).mean * 100,
                difference.mean * 100,
                (difference.mean - MAX_OF(0.0, difference.half)) * 100,
                (difference.mean + MAX_OF(0.0, difference.half)) * 100,
                trial->p,
                trial->n);
}

int judgement_take_trial(
        Report *report, const Trial *trial, Metric metric, double block_sec, double washout_sec) {
        Interval difference = trial_difference(trial);

        report->trial.known = true;
        report->trial.metric = report->metric = metric;
        report->trial.old = report_mean(trial_mean(trial, false));
        report->trial.new = report_mean(trial_mean(trial, true));
        report->trial.points = difference.mean;
        report->trial.low = difference.mean - MAX_OF(0.0, difference.half);
        report->trial.high = difference.mean + MAX_OF(0.0, difference.half);
        report->trial.p = trial->p;
        report->trial.n_blocks = trial->n;
        report->trial.block_sec = block_sec;
        report->trial.washout_sec = washout_sec;
        free(report->trial.effect);
        report->trial.effect = strdup(trial_effect_to_string(trial->effect));
        free(report->sentence);
        report->sentence = trial_sentence(trial, metric);
        return report->trial.effect && report->sentence ? 0 : -ENOMEM;
}
