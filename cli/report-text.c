/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/report-text.h"

#include <ctype.h>
#include <math.h>

#include "cli/print.h"
#include "cli/report-oom.h"
#include "cli/report-plot.h"
#include "cli/report-words.h"
#include "cli/table.h"

#define HEIGHT_MAIN 10
#define HEIGHT_OTHER 4

static Style tone_style(Tone tone) {
        static const Style styles[_TONE_MAX] = {
                [TONE_PLAIN] = STYLE_BOLD,
                [TONE_GOOD] = STYLE_GOOD,
                [TONE_WARN] = STYLE_WARN,
                [TONE_BAD] = STYLE_BAD,
        };

        return styles[tone];
}

static void print_headline(const Report *report) {
        _cleanup_(freep) char *title = text_harmless(report_title(report), false);
        Tone tone;
        _cleanup_(freep) char *words = text_harmless(report_headline(report, &tone), false);

        for (char *p = words; p && *p; p++)
                *p = (char) toupper((unsigned char) *p);
        print_styled(tone_style(tone), "%s %s", glyph(GLYPH_DOT), words ? words : "");
        print_styled(STYLE_BOLD, "  %s\n", title ? title : "");
        _cleanup_(freep) char *sentence = report_sentence(report);
        print_wrapped(2, sentence ? sentence : "");
}

/* "; " between what is known. */
static void add_fact(FILE *file, bool *any, const char *name, const char *text) {
        if (!text || !text[0])
                return;
        (void) fprintf(file, "%s%s %s", *any ? "; " : "", name, text);
        *any = true;
}

static char *facts_of(const Report *report) {
        char id[32], when[64], lasted[64], *text = NULL;
        size_t size = 0;
        bool any = false;
        FILE *file = open_memstream(&text, &size);

        if (!file)
                return NULL;
        (void) snprintf(id, sizeof(id), "%llu", (unsigned long long) report->id);
        words_when(report->realtime_usec, when);
        words_seconds(report->ended_sec, lasted);
        add_fact(file,
                 &any,
                 report->trial.known ? "trial" : "transaction",
                 report->id > 0 ? id : NULL);
        add_fact(file, &any, "pressure of", report->scope);
        add_fact(file,
                 &any,
                 report->trial.known ? "begun" : "changed",
                 report->realtime_usec > 0 ? when : NULL);
        add_fact(file, &any, "watched for", report->ended_sec >= 0 ? lasted : NULL);
        (void) fclose(file);
        return text;
}

static void print_facts(const Report *report) {
        _cleanup_(freep) char *facts = facts_of(report);

        if (!facts || !facts[0])
                return;
        (void) fputs(style_begin(STYLE_DIM), stdout);
        print_wrapped(2, facts);
        (void) fputs(style_end(STYLE_DIM), stdout);
}

static void print_plots(const Report *report) {
        Metric main_metric = report_main_metric(report), others[_METRIC_MAX];
        size_t n = report_other_metrics(report, others);
        Span span = span_around_change(report);

        if (main_metric >= 0 && report_has_metric(report, main_metric)) {
                (void) putchar('\n');
                plot_print(report, main_metric, span, HEIGHT_MAIN);
        }
        for (size_t i = 0; i < n; i++) {
                (void) putchar('\n');
                plot_print(report, others[i], span, HEIGHT_OTHER);
        }
}

static void print_table(const char *title, Table *table) {
        if (table_rows(table) > 0) {
                (void) putchar('\n');
                if (title)
                        print_styled(STYLE_BOLD, "%s\n", title);
                (void) table_print(table);
        }
        table_done(table);
}

static void print_metrics(const Report *report) {
        static const char *const headings[] = {
                "STALLED", "BEFORE (95 %)", "SINCE (95 %)", "POINTS", "HARM FROM", NULL};
        Table table;

        table_init(&table, headings);
        table.drop_last = true;
        for (size_t i = 0; i < report->n_metrics; i++) {
                const ReportMetric *metric = &report->metrics[i];
                double rise = metric->since.mean - metric->before.mean;
                bool known = metric->since.known && metric->before.known;
                char before[WORDS_MAX], since[WORDS_MAX], points[32] = "-", harm[32];
                words_mean(&metric->before, before);
                words_mean(&metric->since, since);
                words_points(metric->harm, harm);
                if (known)
                        words_points(rise, points);
                table_add_text(&table,
                               metric->metric == report->metric ? STYLE_BOLD : STYLE_PLAIN,
                               metric_to_string(metric->metric));
                table_add_text(&table, STYLE_PLAIN, before);
                table_add_text(&table, STYLE_PLAIN, since);
                table_add_text(
                        &table, known && rise >= metric->harm ? STYLE_WARN : STYLE_PLAIN, points);
                table_add_text(&table, STYLE_DIM, harm);
        }
        print_table(NULL, &table);
}

/* What blocks of an arm came to, beside the mean. */
typedef struct Arm {
        size_t n;
        double least;
        double most;
} Arm;

static Arm arm_of(const Report *report, int which) {
        Metric metric = report_main_metric(report);
        Arm arm = {.least = 1};

        for (size_t i = 0; metric >= 0 && i < report->n_blocks; i++) {
                const ReportBlock *block = &report->blocks[i];
                if (block->arm != which || !(block->shares[metric] >= 0))
                        continue;
                arm.n++;
                arm.least = MIN_OF(arm.least, block->shares[metric]);
                arm.most = MAX_OF(arm.most, block->shares[metric]);
        }
        return arm;
}

static void add_arm(Table *table, const Report *report, int which) {
        const ReportTrial *trial = &report->trial;
        char mean[WORDS_MAX], least[32], most[32];
        Arm arm = arm_of(report, which);

        words_mean(which > 0 ? &trial->new : &trial->old, mean);
        words_share(arm.n > 0 ? arm.least : -1, least);
        words_share(arm.n > 0 ? arm.most : -1, most);
        if (which > 0)
                table_add(table, STYLE_WARN, "new: %s", report_title(report));
        else
                table_add(table,
                          STYLE_PLAIN,
                          "old: %s",
                          trial->against ? trial->against : "what was in force");
        table_add(table, STYLE_PLAIN, "%zu", arm.n);
        table_add_text(table, STYLE_PLAIN, mean);
        table_add_text(table, STYLE_PLAIN, least);
        table_add_text(table, STYLE_PLAIN, most);
}

static void print_trial(const Report *report) {
        static const char *const headings[] = {
                "SETTING", "BLOCKS", "STALLED (95 %)", "BEST", "WORST", NULL};
        const ReportTrial *trial = &report->trial;
        char points[32], low[32], high[32], block[64], washout[64];
        Table table;

        if (!trial->known)
                return;
        table_init(&table, headings);
        add_arm(&table, report, 0);
        add_arm(&table, report, 1);
        print_table(NULL, &table);
        words_points(trial->points, points);
        words_points(trial->low, low);
        words_points(trial->high, high);
        words_seconds(trial->block_sec, block);
        words_seconds(trial->washout_sec, washout);
        (void) printf("\nEffect %s points (95 %%: %s to %s), p = %.2g\n"
                      "%zu blocks of %s, the first %s of each left out\n",
                      points,
                      low,
                      high,
                      trial->p,
                      trial->n_blocks,
                      block,
                      washout);
}

static void print_labelled(const char *label, const char *text) {
        print_styled(STYLE_DIM, "%-10s", label);
        print_beside(10, text);
}

static void print_drifted(const char *knobs) {
        _cleanup_(freep) char *text = text_format(
                "%s was changed from outside meanwhile: the setting was not in force all the time",
                knobs);

        print_labelled("Drift", text ? text : knobs);
}

static bool has_limits(const Report *report) {
        return report->n_limits > 0 || report->oom.limit > 0;
}

static void print_limits(const Report *report) {
        char text[WORDS_MAX];

        for (size_t i = 0; i < report->n_limits; i++) {
                const ReportLimit *limit = &report->limits[i];
                char share[32], window[64];
                words_axis_share(limit->share, share);
                words_seconds(limit->window_sec, window);
                (void) snprintf(text,
                                sizeof(text),
                                "%s %s over %s",
                                metric_to_string(limit->metric),
                                share,
                                window);
                print_labelled(i == 0 ? "Limits" : "", text);
        }
        if (report->oom.limit == 0)
                return;
        (void) snprintf(text, sizeof(text), "oom-kill %lu", (unsigned long) report->oom.limit);
        print_labelled(report->n_limits == 0 ? "Limits" : "", text);
}

/* Each account of the kernel's on a line of its own, and why below it. */
static void print_oom(const Report *report) {
        _cleanup_(freep) char *killed = report_oom_killed(report);

        if (!killed && report_oom_count(report) == 0 && !report->oom.note)
                return;
        (void) putchar('\n');
        if (killed)
                print_labelled("Killed", killed);
        for (size_t i = 0; i < report_oom_count(report); i++) {
                json_object *event = report_oom_at(report, i);
                const char *cgroup = report_oom_cgroup(event);
                _cleanup_(freep) char *victim = report_oom_victim(event);
                _cleanup_(freep) char *line = text_format("%s%s%s",
                                                          victim ? victim : "?",
                                                          cgroup ? ", at the limit of " : "",
                                                          cgroup ? cgroup : "");
                print_labelled("", line ? line : "?");
                print_labelled("  why", report_oom_why(event));
        }
        if (report->oom.note)
                print_labelled(killed ? "" : "Killed", report->oom.note);
}

static void print_evidence(const Report *report) {
        char words[WORDS_EVIDENCE_MAX][WORDS_MAX];
        size_t n = report_evidence(report, words);

        if (n > 0 || (report->load && report->load[0]) || report->drifted || has_limits(report))
                (void) putchar('\n');
        for (size_t i = 0; i < n; i++)
                print_labelled(i == 0 ? "Evidence" : "", words[i]);
        if (report->load && report->load[0])
                print_labelled("Load", report->load);
        if (report->load_changed)
                print_labelled("", "the load changed too: before and since do not compare well");
        if (report->drifted)
                print_drifted(report->drifted);
        print_limits(report);
}

static void print_rates(const Report *report) {
        static const char *const headings[] = {
                "A SECOND", "BEFORE", "SINCE", "CHANGE", "WHAT", NULL};
        Table table;

        table_init(&table, headings);
        table.drop_last = true;
        for (size_t i = 0; i < report->n_rates; i++) {
                const ReportRate *rate = &report->rates[i];
                char before[32], since[32], change[32];
                words_rate(rate->before, before);
                words_rate(rate->since, since);
                words_change(rate, print_is_unicode() ? "×" : "x", change);
                table_add_text(&table, STYLE_PLAIN, rate->name);
                table_add_text(&table, STYLE_PLAIN, before);
                table_add_text(&table, STYLE_PLAIN, since);
                table_add_text(&table, STYLE_PLAIN, change);
                table_add_text(&table, STYLE_DIM, words_of_rate(rate->name));
        }
        print_table(NULL, &table);
}

static void print_plan(const Report *report) {
        static const char *const headings[] = {"KNOB", "OLD", "", "NEW", "FROM", NULL};
        Table table;

        table_init(&table, headings);
        table.keep_last = true;
        for (size_t i = 0; i < report->n_steps; i++) {
                const ReportStep *step = &report->steps[i];
                const char *name = step->origin ? strrchr(step->origin, '/') : NULL;
                table_add_text(&table, STYLE_PLAIN, step->knob);
                table_add_text(&table, STYLE_PLAIN, step->old);
                table_add_text(&table, STYLE_DIM, glyph(GLYPH_ARROW));
                table_add_text(&table, STYLE_PLAIN, step->new);
                table_add_text(&table, STYLE_DIM, name ? name + 1 : step->origin);
        }
        print_table(NULL, &table);
}

void report_print(const Report *report) {
        print_headline(report);
        print_facts(report);
        print_plots(report);
        print_metrics(report);
        print_trial(report);
        print_evidence(report);
        print_oom(report);
        print_rates(report);
        print_plan(report);
}
