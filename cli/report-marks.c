/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/html.h"
#include "cli/report-canvas.h"
#include "cli/report-words.h"

/* A lower plot has no room for the means' numbers. */
#define NUMBERS_FROM 200

/* The interval as a band, the mean as a line with its number. */
static void draw_mean(const Canvas *canvas, const ReportMean *mean, Span span, const char *name) {
        double from = canvas_place(canvas, span.from), to = canvas_place(canvas, span.to);
        double y = canvas_pixels(canvas, mean->mean);

        if (!mean->known || to <= from)
                return;
        if (mean->low >= 0) {
                double top = canvas_pixels(canvas, mean->high),
                       bottom = canvas_pixels(canvas, mean->low);
                (void) fprintf(canvas->file,
                               "<rect class=\"band %s\" x=\"%.2f%%\" width=\"%.2f%%\" y=\"%.1f\" "
                               "height=\"%.1f\"/>\n",
                               name,
                               from,
                               to - from,
                               top,
                               MAX_OF(bottom - top, 1.5));
        }
        (void) fprintf(canvas->file,
                       "<line class=\"mean %s\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%.1f\" "
                       "y2=\"%.1f\"/>\n",
                       name,
                       from,
                       to,
                       y,
                       y);
}

/* Its number: where it begins, or since the change where it ends, above it. */
static void write_mean(const Canvas *canvas, const ReportMean *mean, Span span, const char *name) {
        bool begins = streq(name, "before") || streq(name, "old");
        double x = canvas_place(canvas, begins ? span.from : span.to);
        double y = canvas_pixels(canvas, mean->low >= 0 ? mean->high : mean->mean);
        char share[32];

        if (!mean->known || span.to <= span.from || canvas->plot->height < NUMBERS_FROM)
                return;
        words_share(mean->mean, share);
        (void) fprintf(canvas->file,
                       "<text class=\"mean %s\" x=\"%.2f%%\" dx=\"%d\" y=\"%.1f\">",
                       name,
                       x,
                       begins ? 4 : -4,
                       y - 5);
        html_format(canvas->file, "%s %s", name, share);
        (void) fputs("</text>\n", canvas->file);
}

static void draw_means(const Canvas *canvas) {
        const Report *report = canvas->plot->report;
        const ReportMetric *metric = canvas_metric(canvas);
        Span before = {canvas->time.from, 0}, since = {0, canvas->time.to};

        if (canvas_is_trial(canvas)) {
                draw_mean(canvas, &report->trial.old, since, "old");
                draw_mean(canvas, &report->trial.new, since, "new");
                write_mean(canvas, &report->trial.old, since, "old");
                write_mean(canvas, &report->trial.new, since, "new");
        } else if (metric) {
                draw_mean(canvas, &metric->before, before, "before");
                draw_mean(canvas, &metric->since, since, "since");
                write_mean(canvas, &metric->before, before, "before");
                write_mean(canvas, &metric->since, since, "since");
        }
}

static void draw_limit(const Canvas *canvas) {
        const ReportLimit *limit = canvas_limit(canvas);
        char share[32], window[64];

        if (!limit || limit->share > canvas->shares.to)
                return;
        double y = canvas_pixels(canvas, limit->share);
        words_axis_share(limit->share, share);
        words_seconds(limit->window_sec, window);
        (void) fprintf(canvas->file,
                       "<line class=\"limit\" x1=\"0\" x2=\"100%%\" y1=\"%.1f\" y2=\"%.1f\"/>"
                       "<text class=\"limit\" x=\"4\" y=\"%.1f\">",
                       y,
                       y,
                       y - 4);
        html_format(canvas->file, "limit: %s over %s", share, window);
        (void) fputs("</text>\n", canvas->file);
}

/* row: labels of two marks may be at the same place. */
static void
draw_mark(const Canvas *canvas, double seconds, const char *class, const char *label, int row) {
        double x = canvas_place(canvas, seconds);

        (void) fprintf(canvas->file,
                       "<line class=\"mark %s\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%d\" y2=\"%u\"/>"
                       "<text class=\"mark %s\" x=\"%.2f%%\" dx=\"%d\" y=\"%d\" "
                       "text-anchor=\"%s\">",
                       class,
                       x,
                       x,
                       -18 * row - 4,
                       canvas->plot->height,
                       class,
                       x,
                       x < 50 ? 5 : -5,
                       -18 * row + 5,
                       x < 50 ? "start" : "end");
        html_text(canvas->file, label);
        (void) fputs("</text>\n", canvas->file);
}

static void draw_marks(const Canvas *canvas) {
        const Report *report = canvas->plot->report;
        double at = report->verdict_sec >= 0 ? report->verdict_sec : report->ended_sec;
        char label[WORDS_MAX], when[64];
        Tone tone;
        const char *headline = report_headline(report, &tone);

        draw_mark(canvas, 0, "change", report->trial.known ? "trial begins" : "change", 2);
        if (at < 0)
                return;
        words_tick(at, when);
        (void) snprintf(label, sizeof(label), "%.100s, %s", headline, when);
        draw_mark(canvas, at, tone_to_string(tone), label, 1);
}

void canvas_draw_marks(const Canvas *canvas) {
        draw_means(canvas);
        draw_limit(canvas);
        draw_marks(canvas);
}
