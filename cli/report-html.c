/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/report-html.h"

#include "cli/html.h"
#include "cli/report-css.h"
#include "cli/report-svg.h"
#include "cli/report-tables.h"
#include "cli/report-words.h"

#define HEIGHT_MAIN 260
#define HEIGHT_OTHER 120

static void write_head(FILE *file, const Report *report) {
        Tone tone;

        /* Nothing may be fetched, whatever a name in the report pretends to be. */
        (void) fputs("<!DOCTYPE html>\n"
                     "<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n"
                     "<meta charset=\"utf-8\"/>\n"
                     "<meta http-equiv=\"Content-Security-Policy\" "
                     "content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
                     "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>",
                     file);
        html_format(file, "%s: %s (memctl)", report_title(report), report_headline(report, &tone));
        (void) fprintf(file, "</title>\n<style>\n%s</style>\n</head>\n", report_css);
}

static void write_fact(FILE *file, const char *name, const char *text) {
        if (!text || !text[0])
                return;
        (void) fputs("<div>", file);
        html_element(file, "dt", NULL, name);
        html_element(file, "dd", NULL, text);
        (void) fputs("</div>\n", file);
}

static void write_facts(FILE *file, const Report *report) {
        char number[32], when[64], lasted[64];

        (void) snprintf(number, sizeof(number), "%llu", (unsigned long long) report->id);
        words_when(report->realtime_usec, when);
        words_seconds(report->ended_sec, lasted);
        (void) fputs("<dl class=\"facts\">\n", file);
        if (report->id > 0)
                write_fact(file, report->trial.known ? "Trial" : "Transaction", number);
        write_fact(file, "Pressure of", report->scope);
        write_fact(file,
                   report->trial.known ? "Begun" : "Changed",
                   report->realtime_usec > 0 ? when : NULL);
        write_fact(file, "Watched for", report->ended_sec >= 0 ? lasted : NULL);
        (void) fputs("</dl>\n", file);
}

static void write_verdict(FILE *file, const Report *report) {
        _cleanup_(freep) char *sentence = report_sentence(report);
        Tone tone;
        const char *headline = report_headline(report, &tone);
        char class[32];

        (void) snprintf(class, sizeof(class), "verdict %s", tone_to_string(tone));
        (void) fputs("<header>\n", file);
        html_element(file, "span", class, headline);
        html_element(file, "h1", NULL, report_title(report));
        html_element(file, "p", "sentence", sentence ? sentence : "");
        write_facts(file, report);
        (void) fputs("</header>\n", file);
}

/* --- plots -------------------------------------------------------------------------------------
 */

static void write_key(FILE *file, const char *drawing, const char *text) {
        (void) fprintf(file,
                       "<li><svg xmlns=\"http://www.w3.org/2000/svg\" width=\"26\" height=\"14\" "
                       "aria-hidden=\"true\">%s</svg>%s</li>\n",
                       drawing,
                       text);
}

static bool any_before(const Report *report) {
        for (size_t i = 0; i < report->n_metrics; i++)
                if (report->metrics[i].before.known)
                        return true;
        return false;
}

/* All texts here are ours. */
static void write_legend(FILE *file, const Report *report) {
        (void) fputs("<ul class=\"legend\">\n", file);
        if (report->trial.known) {
                write_key(file,
                          "<path class=\"old\" d=\"M2 14V4H24V14Z\"/>",
                          "a block with the old setting");
                write_key(file,
                          "<path class=\"new\" d=\"M2 14V4H24V14Z\"/>",
                          "a block with the new setting");
                write_key(file,
                          "<rect class=\"band old\" y=\"3\" width=\"26\" height=\"8\"/>"
                          "<line class=\"mean old\" x2=\"26\" y1=\"7\" y2=\"7\"/>",
                          "mean of each, with its 95 % interval");
        } else {
                write_key(file,
                          "<path class=\"area\" d=\"M0 14V6H13V3H26V14Z\"/>"
                          "<path class=\"steps\" d=\"M0 6H13V3H26\"/>",
                          "stalled share of each block of time");
                if (any_before(report))
                        write_key(file,
                                  "<rect class=\"band before\" y=\"3\" width=\"26\" height=\"8\"/>"
                                  "<line class=\"mean before\" x2=\"26\" y1=\"7\" y2=\"7\"/>",
                                  "mean before, with its 95 % interval");
                write_key(file,
                          "<rect class=\"band since\" y=\"3\" width=\"26\" height=\"8\"/>"
                          "<line class=\"mean since\" x2=\"26\" y1=\"7\" y2=\"7\"/>",
                          "mean since, with its interval");
                write_key(file, "<path class=\"gap\" d=\"M2 14V0H24V14Z\"/>", "not measured");
        }
        if (report->n_blocks > SERIES_POINTS_MAX)
                write_key(file,
                          "<path class=\"peaks\" d=\"M0 14V2H26V14Z\"/>",
                          "the worst block where several are drawn as one");
        if (report->n_limits > 0)
                write_key(
                        file, "<line class=\"limit\" x2=\"26\" y1=\"7\" y2=\"7\"/>", "hard limit");
        (void) fputs("</ul>\n", file);
}

static int write_main_plots(FILE *file, const Report *report, Metric metric, unsigned *number) {
        Span all = span_of_report(report), near = span_around_change(report);
        bool zoomed = near.from > all.from + 1;
        SvgPlot plot = {
                .report = report,
                .metric = metric,
                .span = near,
                .height = HEIGHT_MAIN,
                .part = zoomed ? "around the change" : "the whole time",
                .number = ++*number,
        };

        int r = svg_plot(file, &plot);
        if (r < 0 || !zoomed)
                return r;
        plot.span = all;
        plot.height = HEIGHT_OTHER;
        plot.part = "the whole time";
        plot.number = ++*number;
        return svg_plot(file, &plot);
}

static int write_plots(FILE *file, const Report *report) {
        Metric main_metric = report_main_metric(report), others[_METRIC_MAX];
        size_t n = report_other_metrics(report, others);
        unsigned number = 0;
        int r = 0;

        (void) fputs("<section>\n<h2>Pressure over time</h2>\n", file);
        if (main_metric < 0 || !report_has_metric(report, main_metric)) {
                html_element(file, "p", NULL, "No pressure was recorded.");
        } else {
                write_legend(file, report);
                r = write_main_plots(file, report, main_metric, &number);
        }
        for (size_t i = 0; r >= 0 && i < n; i++) {
                const SvgPlot plot = {
                        .report = report,
                        .metric = others[i],
                        .span = span_around_change(report),
                        .height = HEIGHT_OTHER,
                        .part = number > 1 ? "around the change" : "the whole time",
                        .number = (unsigned) i + 10,
                };
                r = svg_plot(file, &plot);
        }
        (void) fputs("</section>\n", file);
        return r;
}

static void write_foot(FILE *file) {
        (void) fputs(
                "<footer class=\"note\">\n<p>Shares are parts of time, from the kernel's Pressure "
                "Stall Information: <b>some</b> is the time in which at least one task waited for "
                "memory, disks or a CPU, <b>full</b> the time in which all that had work waited. "
                "Times are counted from the change. Evidence of 1:100 means: were nothing "
                "changed, as much would be seen in one of a hundred watches, or less.</p>\n",
                file);
        (void) fprintf(
                file, "<p>Made by memctl %s.</p>\n</footer>\n</body>\n</html>\n", MEMCTL_VERSION);
}

int report_html(const Report *report, FILE *file) {
        write_head(file, report);
        (void) fputs("<body>\n", file);
        write_verdict(file, report);
        int r = write_plots(file, report);
        if (r < 0)
                return r;
        report_tables(report, file);
        write_foot(file);
        errno = 0;
        if (fflush(file) != 0)
                return errno > 0 ? -errno : -EIO;
        return ferror(file) ? -EIO : 0;
}
