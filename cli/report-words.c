/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/report-words.h"

#include <math.h>
#include <time.h>

#include "core/base/quantity.h"

static bool state_is(const Report *report, const char *state) {
        return report->state && streq(report->state, state);
}

static const char *trial_headline(const ReportTrial *trial, Tone *ret) {
        static const struct {
                const char *effect;
                const char *words;
                Tone tone;
        } effects[] = {
                {"worse", "the new setting is worse", TONE_BAD},
                {"better", "the new setting is better", TONE_GOOD},
                {"none", "no difference that matters", TONE_GOOD},
                {"undecided", "undecided", TONE_WARN},
        };

        for (size_t i = 0; trial->effect && i < ELEMENTSOF(effects); i++)
                if (streq(effects[i].effect, trial->effect)) {
                        *ret = effects[i].tone;
                        return effects[i].words;
                }
        *ret = TONE_WARN;
        return trial->effect ? trial->effect : "void";
}

/* No verdict: it is still watched, or a person ended it. */
static const char *state_headline(const Report *report, Tone *ret) {
        *ret = TONE_PLAIN;
        if (state_is(report, "probation")) {
                *ret = TONE_WARN;
                return "on probation";
        }
        return report->state && report->state[0] ? report->state : "no verdict";
}

const char *report_headline(const Report *report, Tone *ret) {
        bool replay = state_is(report, "replay");

        if (report->trial.known)
                return trial_headline(&report->trial, ret);
        switch (report->verdict) {
        case REPORT_VERDICT_REVERT:
                *ret = TONE_BAD;
                if (state_is(report, "kept"))
                        return "regression, but kept";
                return replay ? "would be reverted" : "reverted";
        case REPORT_VERDICT_KEEP:
                *ret = TONE_GOOD;
                return replay ? "would be kept" : "kept";
        case REPORT_VERDICT_INCONCLUSIVE:
                *ret = TONE_WARN;
                return "inconclusive";
        case REPORT_VERDICT_NONE:
        case _REPORT_VERDICT_MAX:
        case _REPORT_VERDICT_INVALID:
                break;
        }
        return state_headline(report, ret);
}

const char *tone_to_string(Tone tone) {
        static const char *const names[_TONE_MAX] = {
                [TONE_PLAIN] = "plain",
                [TONE_GOOD] = "good",
                [TONE_WARN] = "warn",
                [TONE_BAD] = "bad",
        };

        return names[tone];
}

const char *report_title(const Report *report) {
        return report->profile && report->profile[0] ? report->profile : "(no profile)";
}

/* As many digits as tell something. */
void words_percent(double share, char buffer[static 32]) {
        double percent = share * 100, size = fabs(percent);

        if (size >= 9.95)
                (void) snprintf(buffer, 32, "%.0f", percent);
        else if (size >= 0.995)
                (void) snprintf(buffer, 32, "%.1f", percent);
        else if (size >= 0.005)
                (void) snprintf(buffer, 32, "%.2f", percent);
        else
                (void) snprintf(buffer, 32, size > 0 ? "<0.01" : "0");
}

void words_share(double share, char buffer[static 32]) {
        char percent[32];

        words_percent(share, percent);
        (void) snprintf(buffer, 32, share >= 0 ? "%.24s %%" : "-", percent);
}

void words_mean(const ReportMean *mean, char buffer[static WORDS_MAX]) {
        char share[32], low[32], high[32];

        words_share(mean->known ? mean->mean : -1, share);
        words_percent(mean->low, low);
        words_percent(mean->high, high);
        if (mean->known && mean->low >= 0 && mean->low < mean->high)
                (void) snprintf(buffer, WORDS_MAX, "%s (%s to %s)", share, low, high);
        else
                (void) snprintf(buffer, WORDS_MAX, "%s", share);
}

void words_points(double points, char buffer[static 32]) {
        char percent[32];

        words_percent(fabs(points) < 0.00005 ? 0 : points, percent);
        (void) snprintf(buffer, 32, "%s%.24s", points >= 0.00005 ? "+" : "", percent);
}

void words_axis_share(double share, char buffer[static 32]) {
        (void) snprintf(buffer, 32, "%.4g %%", share * 100);
}

void words_seconds(double seconds, char buffer[static 64]) {
        /* What lasts has no tenths. */
        double rounded = seconds >= 10 ? round(seconds) : round(seconds * 10) / 10;

        if (seconds >= 0 && seconds < 1e11)
                format_duration((usec_t) llround(rounded * USEC_PER_SEC), buffer);
        else
                (void) snprintf(buffer, 64, "-");
}

void words_tick(double seconds, char buffer[static 64]) {
        char size[64];

        words_seconds(fabs(seconds), size);
        if (fabs(seconds) < 1e-6)
                (void) snprintf(buffer, 64, "0");
        else
                (void) snprintf(buffer, 64, "%s%.60s", seconds < 0 ? "-" : "+", size);
}

void words_when(usec_t realtime_usec, char buffer[static 64]) {
        time_t seconds = (time_t) (realtime_usec / USEC_PER_SEC);
        struct tm local;

        if (realtime_usec == 0 || !localtime_r(&seconds, &local) ||
            strftime(buffer, 64, "%Y-%m-%d %H:%M:%S %Z", &local) == 0)
                (void) snprintf(buffer, 64, "-");
}

void words_rate(double rate, char buffer[static 32]) {
        if (!(rate >= 0))
                (void) snprintf(buffer, 32, "-");
        else if (rate >= 1e9)
                (void) snprintf(buffer, 32, "%.3g", rate);
        else if (rate >= 99.5 || rate == 0)
                (void) snprintf(buffer, 32, "%.0f", rate);
        else
                (void) snprintf(buffer, 32, "%.*f", rate >= 9.95 ? 1 : 2, rate);
}

void words_change(const ReportRate *rate, const char *times, char buffer[static 32]) {
        double ratio = rate->before > 0 ? rate->since / rate->before : 0;

        if (!(rate->before >= 0) || !(rate->since >= 0))
                (void) snprintf(buffer, 32, "-");
        else if (rate->before <= 0)
                (void) snprintf(buffer, 32, rate->since > 0 ? "new" : "same");
        else if (rate->since <= 0)
                (void) snprintf(buffer, 32, "gone");
        else if (ratio >= 2)
                (void) snprintf(buffer, 32, "%s%.*g", times, ratio < 10 ? 2 : 3, ratio);
        else if (fabs(ratio - 1) < 0.005)
                (void) snprintf(buffer, 32, "same");
        else
                (void) snprintf(buffer, 32, "%+.0f %%", (ratio - 1) * 100);
}

const char *words_of_rate(const char *name) {
        static const struct {
                const char *name;
                const char *words;
        } rates[] = {
                {"work", "work done: page faults and allocations"},
                {"cpu_busy", "CPUs at work"},
                {"pgfault", "page faults"},
                {"pgmajfault", "page faults that read from disk"},
                {"pgalloc", "pages allocated"},
                {"allocstall", "processes that had to reclaim memory themselves"},
                {"pgscan_direct", "pages that such processes looked at"},
                {"workingset_refault", "pages read back soon after they were dropped"},
                {"pswpin", "pages read from swap"},
                {"pswpout", "pages written to swap"},
                {"compact_stall", "processes that had to compact memory themselves"},
                {"thp_fault_fallback", "huge pages that could not be had"},
                {"oom_kill", "processes killed for memory"},
                {"drop_pagecache", "page cache dropped by hand: no comparison holds"},
                {"drop_slab", "slab dropped by hand: no comparison holds"},
        };

        for (size_t i = 0; i < ELEMENTSOF(rates); i++)
                if (streq(rates[i].name, name))
                        return rates[i].words;
        return "";
}
