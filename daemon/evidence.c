/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/evidence.h"

#include <time.h>

#include "core/base/quantity.h"

static void add_share(Event *event, Metric metric, const char *what, int share) {
        char key[32], text[16];

        if (share < 0)
                return;
        (void) snprintf(key, sizeof(key), "%s-%s", metric_to_string(metric), what);
        format_share((unsigned) share, text);
        (void) event_add(event, key, "%s", text);
}

/* The share of the last window and the time it was measured over; negative when not known. */
static int last_share(Probation *probation, const WatchLimit *limit, usec_t *ret_usec) {
        const Sample *start = &probation_journal(probation)->start;
        Sample now;

        if (baseline_sample(probation_baseline(probation), &now) < 0)
                return -ENODATA;
        const Sample *earlier =
                baseline_find(probation_baseline(probation), &now, limit->window_usec);
        /* What was before the change does not speak about it. */
        const Sample *from = start;
        if (earlier && earlier->at_usec > from->at_usec)
                from = earlier;
        *ret_usec = now.at_usec - from->at_usec;
        return sample_share(from, &now, limit->metric);
}

/* One metric that was judged: its means with intervals, as people read them. */
static void add_mean(Event *event, Metric metric, const char *what, const ReportMean *mean) {
        char key[32];

        if (!mean->known)
                return;
        (void) snprintf(key, sizeof(key), "%s-%s", metric_to_string(metric), what);
        if (mean->low < 0)
                (void) event_add(event, key, "%.2f %%", mean->mean * 100);
        else
                (void) event_add(event,
                                 key,
                                 "%.2f %% (95 %%: %.2f-%.2f)",
                                 mean->mean * 100,
                                 mean->low * 100,
                                 mean->high * 100);
}

static void add_judgement(const Report *report, Event *event) {
        for (size_t i = 0; i < report->n_metrics; i++) {
                const ReportMetric *metric = &report->metrics[i];
                add_mean(event, metric->metric, "mean-before", &metric->before);
                add_mean(event, metric->metric, "mean-since", &metric->since);
        }
        if (report->verdict != REPORT_VERDICT_NONE)
                (void) event_add(event, "verdict", "%s", report_verdict_to_string(report->verdict));
        if (report->reason != REPORT_REASON_NONE)
                (void) event_add(event, "reason", "%s", report_reason_to_string(report->reason));
        if (report->verdict != REPORT_VERDICT_NONE && report->metric >= 0)
                (void) event_add(event, "metric", "%s", metric_to_string(report->metric));
        if (report->e_value > 0)
                (void) event_add(event, "evidence", "1:%.0f", report->e_value);
        if (report->told_sec > 0)
                (void) event_add(event, "blocks-of", "%.0fs", report->told_sec);
        if (report->reason == REPORT_REASON_BUDGET)
                (void) event_add(event,
                                 "stalled-beyond-usual",
                                 "%.1fs of %.1fs allowed",
                                 report->lost_sec,
                                 report->allowed_sec);
        if (report->load)
                (void) event_add(event, "load", "%s", report->load);
}

static void add_kills(const Journal *journal, Event *event) {
        (void) event_add(event, "reason", "%s", report_reason_to_string(REPORT_REASON_OOM));
        (void) event_add(event, "limit", "oom-kill %lu", (unsigned long) journal->oom_limit);
        (void) event_add(event, "killed", "%lu", (unsigned long) journal->kills.killed);
}

void evidence_add(Probation *probation,
                  const Verdict *verdict,
                  const Report *report,
                  Event *event) {
        const Journal *journal = probation_journal(probation);
        int since[_METRIC_MAX];
        char text[64];
        usec_t usec = 0;

        probation_pressure(probation, since);
        for (int metric = 0; metric < _METRIC_MAX; metric++) {
                add_share(event, metric, "before", journal->before[metric]);
                add_share(event, metric, "since", since[metric]);
        }
        if (journal->drifted)
                (void) event_add(event, "drifted", "%s", journal->drifted);
        if (report)
                add_judgement(report, event);
        if (verdict && verdict->kind == VERDICT_KILLS)
                add_kills(journal, event);
        if (!verdict || verdict->kind != VERDICT_LIMIT)
                return;
        watch_limit_format(verdict->limit, text);
        (void) event_add(event, "limit", "%s", text);
        add_share(event,
                  verdict->limit->metric,
                  "last",
                  last_share(probation, verdict->limit, &usec));
}

static char *explain_limit(Probation *probation, const WatchLimit *limit) {
        int was = probation_journal(probation)->before[limit->metric];
        char share[16], duration[64], wanted[64];
        char *text = NULL;
        size_t size = 0;
        usec_t usec = 0;
        FILE *out = open_memstream(&text, &size);

        if (!out)
                return NULL;
        watch_limit_format(limit, wanted);
        (void) fprintf(out, "%s exceeded the limit of %s", metric_to_string(limit->metric), wanted);
        int last = last_share(probation, limit, &usec);
        if (last >= 0) {
                format_share((unsigned) last, share);
                format_duration(usec / (10 * USEC_PER_MSEC) * (10 * USEC_PER_MSEC), duration);
                (void) fprintf(out, ": %s of the last %s was stalled", share, duration);
        }
        if (was >= 0) {
                format_share((unsigned) was, share);
                (void) fprintf(out, "; before the change it was %s", share);
        }
        (void) stream_close(out, &text);
        return text;
}

static char *explain_kills(const Journal *journal) {
        unsigned long n = journal->kills.killed;
        const char *scope = journal->pressure_of ? journal->pressure_of : "system";

        if (n == 1)
                return text_format("the kernel killed a process in %s for want of memory", scope);
        return text_format("the kernel killed %lu processes in %s for want of memory, the limit "
                           "is %lu",
                           n,
                           scope,
                           (unsigned long) journal->oom_limit);
}

/* What the detector says, behind what it means. */
static char *explain_judged(const Report *report, const char *meaning) {
        if (!report || !report->sentence || !report->sentence[0])
                return strdup(meaning);
        return text_format("%s: %s%s%s",
                           meaning,
                           report->sentence,
                           report->load ? "; " : "",
                           report->load ? report->load : "");
}

static char *explain(Probation *probation, const Verdict *verdict, const Report *report) {
        const Journal *journal = probation_journal(probation);
        bool judged = journal->n_regressions > 0;

        switch (verdict->kind) {
        case VERDICT_KEEP:
                return judged ? explain_judged(report, "the probation ended and nothing got worse")
                              : strdup("the probation ended and no limit was exceeded");
        case VERDICT_INCONCLUSIVE:
                return explain_judged(report,
                                      "the probation ended without a limit exceeded, but "
                                      "inconclusive");
        case VERDICT_REGRESSION:
                return explain_judged(report, "it regressed");
        case VERDICT_LIMIT:
                return explain_limit(probation, verdict->limit);
        case VERDICT_KILLS:
                return explain_kills(journal);
        case VERDICT_UNCONFIRMED:
                return text_format("nobody confirmed it with 'memctl keep' in time");
        case VERDICT_UNWATCHED:
                return text_format("the probation ended, but %s could not be watched: the cgroup "
                                   "of %s is gone",
                                   probation_limit_name(verdict->limit),
                                   journal->pressure_of ?: "the system");
        }
        return NULL;
}

/* A setting that something else took out of force has not been judged all the time. */
char *evidence_explain(Probation *probation, const Verdict *verdict, const Report *report) {
        const char *drifted = probation_journal(probation)->drifted;
        char *text = explain(probation, verdict, report);

        if (!text || !drifted)
                return text;
        char *both = text_format("%s; the setting was not in force all the time: %s was changed "
                                 "from outside",
                                 text,
                                 drifted);
        free(text);
        return both;
}

/* Reports */

static int add_steps(const Plan *plan, Report *report) {
        char name[KNOB_NAME_MAX], old[VALUE_TEXT_MAX], new[VALUE_TEXT_MAX];
        int r = 0;

        for (size_t i = 0; r >= 0 && i < plan->n; i++) {
                const Step *step = &plan->steps[i];
                if (step->kind != STEP_SET)
                        continue;
                knob_ref_name(step->ref, name);
                value_format(&step->old, old);
                value_format(&step->new, new);
                r = report_add_step(report, name, old, new, step->origin);
        }
        return r;
}

/* The wall clock at a time since boot: what it says now, less what has passed. */
static usec_t realtime_of(usec_t boottime_usec) {
        struct timespec boottime, realtime;

        (void) clock_gettime(CLOCK_BOOTTIME, &boottime);
        (void) clock_gettime(CLOCK_REALTIME, &realtime);
        usec_t now = (usec_t) boottime.tv_sec * USEC_PER_SEC + (usec_t) boottime.tv_nsec / 1000;
        usec_t passed = now > boottime_usec ? now - boottime_usec : 0;
        return (usec_t) realtime.tv_sec * USEC_PER_SEC + (usec_t) realtime.tv_nsec / 1000 - passed;
}

static double seconds_since(usec_t start_usec) {
        struct timespec now;

        (void) clock_gettime(CLOCK_BOOTTIME, &now);
        return (double) now.tv_sec + (double) now.tv_nsec / 1e9 -
               (double) start_usec / USEC_PER_SEC;
}

static int describe(const Journal *journal, Report *report) {
        report->id = journal->id;
        report->profile = strdup(journal->profile);
        report->scope = strdup(journal->pressure_of ? journal->pressure_of : "system");
        report->state = strdup(EVIDENCE_STATE_PROBATION);
        report->realtime_usec = realtime_of(journal->started_usec);
        report->drifted = journal->drifted ? strdup(journal->drifted) : NULL;
        if (!report->profile || !report->scope || !report->state ||
            (journal->drifted && !report->drifted))
                return -ENOMEM;
        for (size_t i = 0; i < journal->n_limits; i++)
                report->limits[report->n_limits++] = (ReportLimit){
                        .metric = journal->limits[i].metric,
                        .share = journal->limits[i].share_permyriad / 10000.0,
                        .window_sec = (double) journal->limits[i].window_usec / USEC_PER_SEC,
                };
        report->oom.killed = journal->kills.killed;
        report->oom.limit = journal->oom_limit;
        return journal->plan ? add_steps(journal->plan, report) : 0;
}

static void
take_verdict(const Journal *journal, const Judge *judge, const Verdict *verdict, Report *report) {
        report->verdict_sec = seconds_since(journal->started_usec);
        switch (verdict->kind) {
        case VERDICT_KEEP:
                judgement_finish(report, judge_detect(judge));
                report->verdict = REPORT_VERDICT_KEEP;
                break;
        case VERDICT_INCONCLUSIVE:
                judgement_finish(report, judge_detect(judge));
                report->verdict = REPORT_VERDICT_INCONCLUSIVE;
                break;
        case VERDICT_LIMIT:
                report->verdict = REPORT_VERDICT_REVERT;
                report->reason = REPORT_REASON_LIMIT;
                report->metric = verdict->limit->metric;
                break;
        case VERDICT_KILLS:
                report->verdict = REPORT_VERDICT_REVERT;
                report->reason = REPORT_REASON_OOM;
                break;
        case VERDICT_REGRESSION: /* judgement_take has it */
                break;
        case VERDICT_UNCONFIRMED:
        case VERDICT_UNWATCHED:
                report->verdict = REPORT_VERDICT_REVERT;
                break;
        }
}

Report *evidence_report(const Probation *probation, const Verdict *verdict) {
        const Journal *journal = probation_journal(probation);
        const Judge *judge = probation_judge(probation);
        _cleanup_(report_freep) Report *report = report_new();

        if (!report || describe(journal, report) < 0 || judge_report(judge, report) < 0)
                return NULL;
        if (verdict)
                take_verdict(journal, judge, verdict, report);
        if (report->verdict != REPORT_VERDICT_NONE)
                report->sentence = judgement_sentence(report);
        return TAKE_PTR(report);
}
