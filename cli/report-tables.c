/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/report-tables.h"

#include "cli/html.h"
#include "cli/report-oom.h"
#include "cli/report-series.h"
#include "cli/report-words.h"

/* headings: a name, "#" before it when its column holds numbers; NULL-terminated. */
static void begin_table(FILE *file, const char *title, const char *const headings[]) {
        (void) fputs("<section>\n", file);
        html_element(file, "h2", NULL, title);
        (void) fputs("<div class=\"wide\"><table>\n<thead><tr>", file);
        for (size_t i = 0; headings[i]; i++) {
                bool number = headings[i][0] == '#';
                (void) fprintf(file, "<th scope=\"col\"%s>", number ? " class=\"number\"" : "");
                html_text(file, headings[i] + number);
                (void) fputs("</th>", file);
        }
        (void) fputs("</tr></thead>\n<tbody>\n", file);
}

static void end_table(FILE *file) {
        (void) fputs("</tbody></table></div>\n</section>\n", file);
}

static void begin_row(FILE *file, const char *name) {
        (void) fputs("<tr><th scope=\"row\">", file);
        html_text(file, name);
        (void) fputs("</th>\n", file);
}

static void end_row(FILE *file) {
        (void) fputs("</tr>\n", file);
}

/* --- numbers -----------------------------------------------------------------------------------
 */

static void write_metric(FILE *file, const ReportMetric *metric) {
        bool known = metric->before.known && metric->since.known;
        double rise = metric->since.mean - metric->before.mean;
        char before[WORDS_MAX], since[WORDS_MAX], points[32] = "-", harm[32];

        words_mean(&metric->before, before);
        words_mean(&metric->since, since);
        words_points(metric->harm, harm);
        if (known)
                words_points(rise, points);
        begin_row(file, metric_to_string(metric->metric));
        html_element(file, "td", "number", before);
        html_element(file, "td", "number", since);
        html_element(file, "td", known && rise >= metric->harm ? "number harm" : "number", points);
        html_element(file, "td", "number", harm);
        end_row(file);
}

static void write_metrics(FILE *file, const Report *report) {
        static const char *const headings[] = {
                "Metric", "#Before (95 %)", "#Since (95 %)", "#Change, points", "#Harm from", NULL};

        if (report->n_metrics == 0)
                return;
        begin_table(file, "Before and since", headings);
        for (size_t i = 0; i < report->n_metrics; i++)
                write_metric(file, &report->metrics[i]);
        end_table(file);
}

static void write_arm(FILE *file, const Report *report, bool is_new) {
        const ReportTrial *trial = &report->trial;
        Metric metric = report_main_metric(report);
        char mean[WORDS_MAX], count[32];
        size_t n = 0;

        for (size_t i = 0; metric >= 0 && i < report->n_blocks; i++)
                n += report->blocks[i].arm == is_new && report->blocks[i].shares[metric] >= 0;
        words_mean(is_new ? &trial->new : &trial->old, mean);
        (void) snprintf(count, sizeof(count), "%zu", n);
        begin_row(file, is_new ? "new" : "old");
        html_element(file,
                     "td",
                     NULL,
                     is_new           ? report_title(report)
                     : trial->against ? trial->against
                                      : "what was in force");
        html_element(file, "td", "number", count);
        html_element(file, "td", "number", mean);
        end_row(file);
}

static void write_trial(FILE *file, const Report *report) {
        static const char *const headings[] = {
                "Setting", "Profile", "#Blocks", "#Stalled (95 %)", NULL};
        const ReportTrial *trial = &report->trial;
        char points[32], low[32], high[32], block[64], washout[64];

        if (!trial->known)
                return;
        begin_table(file, "Trial", headings);
        write_arm(file, report, false);
        write_arm(file, report, true);
        end_table(file);
        words_points(trial->points, points);
        words_points(trial->low, low);
        words_points(trial->high, high);
        words_seconds(trial->block_sec, block);
        words_seconds(trial->washout_sec, washout);
        (void) fputs("<p class=\"note\">", file);
        html_format(file,
                    "Effect: %s points (95 %%: %s to %s), p = %.2g. %zu blocks of %s; the first "
                    "%s of each left out, so that the setting before does not count. A coin drew "
                    "the setting of each block.",
                    points,
                    low,
                    high,
                    trial->p,
                    trial->n_blocks,
                    block,
                    washout);
        (void) fputs("</p>\n", file);
}

/* --- words -------------------------------------------------------------------------------------
 */

static void write_labelled(FILE *file, const char *label, const char *text) {
        html_element(file, "dt", NULL, label);
        html_element(file, "dd", NULL, text);
}

static void write_limits(FILE *file, const Report *report) {
        for (size_t i = 0; i < report->n_limits; i++) {
                const ReportLimit *limit = &report->limits[i];
                char share[32], window[64];
                words_axis_share(limit->share, share);
                words_seconds(limit->window_sec, window);
                html_element(file, "dt", NULL, i == 0 ? "Limits" : "");
                (void) fputs("<dd>", file);
                html_format(file, "%s: %s over %s", metric_to_string(limit->metric), share, window);
                (void) fputs("</dd>\n", file);
        }
        if (report->oom.limit == 0)
                return;
        html_element(file, "dt", NULL, report->n_limits == 0 ? "Limits" : "");
        (void) fputs("<dd>", file);
        html_format(file, "oom-kill: %lu", (unsigned long) report->oom.limit);
        (void) fputs("</dd>\n", file);
}

/* The kernel's own account, in the words of "memctl oom". */
static void write_kills(FILE *file, const Report *report) {
        static const char *const headings[] = {"Killed", "At the limit of", "Why", NULL};

        begin_table(file, "The kernel's account", headings);
        for (size_t i = 0; i < report_oom_count(report); i++) {
                json_object *event = report_oom_at(report, i);
                const char *cgroup = report_oom_cgroup(event);
                _cleanup_(freep) char *victim = report_oom_victim(event);
                begin_row(file, victim ? victim : "?");
                html_element(file, "td", "value", cgroup ? cgroup : "the whole system");
                html_element(file, "td", NULL, report_oom_why(event));
                end_row(file);
        }
        end_table(file);
}

static void write_oom(FILE *file, const Report *report) {
        _cleanup_(freep) char *killed = report_oom_killed(report);

        if (!killed && report_oom_count(report) == 0 && !report->oom.note)
                return;
        (void) fputs("<section>\n<h2>Killed for want of memory</h2>\n", file);
        if (killed)
                html_element(file, "p", NULL, killed);
        if (report->oom.note)
                html_element(file, "p", "note", report->oom.note);
        (void) fputs("</section>\n", file);
        if (report_oom_count(report) > 0)
                write_kills(file, report);
}

static void write_evidence(FILE *file, const Report *report) {
        char words[WORDS_EVIDENCE_MAX][WORDS_MAX];
        size_t n = report_evidence(report, words);
        bool loaded = report->load && report->load[0];

        if (n == 0 && !loaded && !report->load_changed && !report->drifted &&
            report->n_limits == 0 && report->oom.limit == 0)
                return;
        (void) fputs("<section>\n<h2>Evidence</h2>\n", file);
        if (report->load_changed)
                html_element(file,
                             "p",
                             "warning",
                             "The load changed too: before and since do not compare well.");
        (void) fputs("<dl class=\"words\">\n", file);
        for (size_t i = 0; i < n; i++)
                write_labelled(file, i == 0 ? "Evidence" : "", words[i]);
        if (loaded)
                write_labelled(file, "Load", report->load);
        if (report->drifted)
                write_labelled(file, "Changed from outside meanwhile", report->drifted);
        write_limits(file, report);
        (void) fputs("</dl>\n</section>\n", file);
}

static void write_rates(FILE *file, const Report *report) {
        static const char *const headings[] = {
                "Counter, a second", "#Before", "#Since", "#Change", "What it counts", NULL};

        if (report->n_rates == 0)
                return;
        begin_table(file, "Load and side effects", headings);
        for (size_t i = 0; i < report->n_rates; i++) {
                const ReportRate *rate = &report->rates[i];
                char before[32], since[32], change[32];
                words_rate(rate->before, before);
                words_rate(rate->since, since);
                words_change(rate, "\u00d7", change);
                begin_row(file, rate->name);
                html_element(file, "td", "number", before);
                html_element(file, "td", "number", since);
                html_element(file, "td", "number", change);
                html_element(file, "td", "from", words_of_rate(rate->name));
                end_row(file);
        }
        end_table(file);
}

static void write_plan(FILE *file, const Report *report) {
        static const char *const headings[] = {"Knob", "Old", "New", "From", NULL};

        if (report->n_steps == 0)
                return;
        begin_table(file, "What was changed", headings);
        for (size_t i = 0; i < report->n_steps; i++) {
                const ReportStep *step = &report->steps[i];
                begin_row(file, step->knob);
                html_element(file, "td", "value", step->old);
                html_element(file, "td", "value", step->new);
                html_element(file, "td", "from", step->origin ? step->origin : "");
                end_row(file);
        }
        end_table(file);
}

void report_tables(const Report *report, FILE *file) {
        write_metrics(file, report);
        write_trial(file, report);
        write_evidence(file, report);
        write_oom(file, report);
        write_plan(file, report);
        write_rates(file, report);
}
