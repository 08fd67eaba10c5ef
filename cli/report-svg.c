/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/report-svg.h"

#include "cli/html.h"
#include "cli/report-canvas.h"
#include "cli/report-words.h"

/* --- the ground --------------------------------------------------------------------------------
 */

static void draw_shares(const Canvas *canvas) {
        char label[32];

        for (size_t i = 0; i < canvas->shares.n_ticks; i++) {
                double y = canvas_pixels(canvas, canvas->shares.ticks[i]);
                words_axis_share(canvas->shares.ticks[i], label);
                (void) fprintf(canvas->file,
                               "<line class=\"grid\" x1=\"0\" x2=\"100%%\" y1=\"%.1f\" "
                               "y2=\"%.1f\"/><text class=\"share\" x=\"-8\" y=\"%.1f\">",
                               y,
                               y,
                               y + 4);
                html_text(canvas->file, label);
                (void) fputs("</text>\n", canvas->file);
        }
}

/* Per cent; a label further right would not end within a narrow page. */
#define NEAR_END 94

static void draw_times(const Canvas *canvas) {
        unsigned bottom = canvas->plot->height;
        char label[64];

        for (size_t i = 0; i < canvas->time.n_ticks; i++) {
                double x = canvas_place(canvas, canvas->time.ticks[i]);
                words_tick(canvas->time.ticks[i], label);
                (void) fprintf(canvas->file,
                               "<line class=\"grid\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%u\" "
                               "y2=\"%u\"/><text class=\"time%s\" x=\"%.2f%%\" y=\"%u\">",
                               x,
                               x,
                               bottom,
                               bottom + 5,
                               x > NEAR_END ? " end" : "",
                               x,
                               bottom + 19);
                html_text(canvas->file, label);
                (void) fputs("</text>\n", canvas->file);
        }
}

/* --- the curve ---------------------------------------------------------------------------------
 */

/* Steps from point to point; closed to the bottom when it is to be filled. */
static void draw_steps(const Canvas *canvas, const char *class, bool peaks, bool filled) {
        unsigned bottom = canvas->plot->height;
        double begin = 0;

        (void) fprintf(canvas->file, "<path class=\"%s\" d=\"", class);
        for (size_t i = 0; i < canvas->series.n; i++) {
                const SeriesPoint *point = &canvas->series.points[i];
                double from = canvas_units(canvas, point->span.from);
                double to = canvas_units(canvas, point->span.to);
                double y = canvas_pixels(canvas, peaks ? point->peak : point->mean);
                if (!point->joined) {
                        if (filled && i > 0)
                                (void) fprintf(canvas->file, "V%uH%.0fZ", bottom, begin);
                        begin = from;
                        (void) fprintf(canvas->file, "M%.0f %.1f", from, y);
                } else
                        (void) fprintf(canvas->file, "V%.1f", y);
                (void) fprintf(canvas->file, "H%.0f", to);
        }
        if (filled && canvas->series.n > 0)
                (void) fprintf(canvas->file, "V%uH%.0fZ", bottom, begin);
        (void) fputs("\"/>\n", canvas->file);
}

/* Where nothing was measured, so that it does not look like no pressure. */
static void draw_gaps(const Canvas *canvas) {
        (void) fputs("<path class=\"gap\" d=\"", canvas->file);
        for (size_t i = 1; i < canvas->series.n; i++)
                if (!canvas->series.points[i].joined)
                        (void) fprintf(canvas->file,
                                       "M%.0f 0V%uH%.0fV0Z",
                                       canvas_units(canvas, canvas->series.points[i - 1].span.to),
                                       canvas->plot->height,
                                       canvas_units(canvas, canvas->series.points[i].span.from));
        (void) fputs("\"/>\n", canvas->file);
}

/* Each block of a trial by itself. */
static void draw_arm(const Canvas *canvas, const char *class, int arm) {
        unsigned bottom = canvas->plot->height;

        (void) fprintf(canvas->file, "<path class=\"%s\" d=\"", class);
        for (size_t i = 0; i < canvas->series.n; i++) {
                const SeriesPoint *point = &canvas->series.points[i];
                if (point->arm == arm)
                        (void) fprintf(canvas->file,
                                       "M%.0f %uV%.1fH%.0fV%uZ",
                                       canvas_units(canvas, point->span.from),
                                       bottom,
                                       canvas_pixels(canvas, point->mean),
                                       canvas_units(canvas, point->span.to),
                                       bottom);
        }
        (void) fputs("\"/>\n", canvas->file);
}

static void draw_curve(const Canvas *canvas) {
        (void) fprintf(canvas->file,
                       "<svg class=\"curve\" width=\"100%%\" height=\"%u\" viewBox=\"0 0 %d %u\" "
                       "preserveAspectRatio=\"none\" aria-hidden=\"true\">\n",
                       canvas->plot->height,
                       CANVAS_CURVE_WIDTH,
                       canvas->plot->height);
        if (canvas->plot->report->trial.known) {
                draw_arm(canvas, "old", 0);
                draw_arm(canvas, "new", 1);
        } else {
                draw_gaps(canvas);
                if (canvas->series.thinned)
                        draw_steps(canvas, "peaks", true, true);
                draw_steps(canvas, "area", false, true);
                draw_steps(canvas, "steps", false, false);
        }
        (void) fputs("</svg>\n", canvas->file);
}

/* --- words -------------------------------------------------------------------------------------
 */

static void describe(const Canvas *canvas) {
        const SvgPlot *plot = canvas->plot;
        const ReportMetric *metric = canvas_metric(canvas);
        const ReportTrial *trial = &plot->report->trial;
        char from[64], to[64], before[WORDS_MAX], since[WORDS_MAX], peak[32];

        words_tick(plot->span.from, from);
        words_tick(plot->span.to, to);
        words_share(canvas->series.n > 0 ? canvas->series.peak : -1, peak);
        (void) fprintf(canvas->file, "<title id=\"plot%u-title\">", plot->number);
        html_format(canvas->file, "%s over time, %s", metric_to_string(plot->metric), plot->part);
        (void) fprintf(canvas->file, "</title>\n<desc id=\"plot%u-text\">", plot->number);
        html_format(canvas->file, "From %s to %s after the change. Highest: %s.", from, to, peak);
        if (canvas_is_trial(canvas)) {
                words_mean(&trial->old, before);
                words_mean(&trial->new, since);
                html_format(canvas->file, " Mean, old setting: %s; new: %s.", before, since);
        } else if (metric) {
                words_mean(&metric->before, before);
                words_mean(&metric->since, since);
                html_format(canvas->file, " Mean before: %s. Mean since: %s.", before, since);
        }
        (void) fputs("</desc>\n", canvas->file);
}

static void draw_caption(const Canvas *canvas) {
        const SvgPlot *plot = canvas->plot;
        const ReportLimit *limit = canvas_limit(canvas);
        char share[32];

        (void) fputs("<figcaption>", canvas->file);
        html_element(canvas->file, "strong", NULL, metric_to_string(plot->metric));
        html_format(canvas->file,
                    "share of time stalled%s, %s",
                    canvas->shares.root ? " (square-root scale)" : "",
                    plot->part);
        if (limit && limit->share > canvas->shares.to) {
                words_axis_share(limit->share, share);
                html_format(canvas->file, "; its limit of %s is above the plot", share);
        }
        (void) fputs("</figcaption>\n", canvas->file);
}

static void draw(const Canvas *canvas) {
        unsigned number = canvas->plot->number;

        (void) fputs("<figure>\n", canvas->file);
        draw_caption(canvas);
        (void) fprintf(canvas->file,
                       "<div class=\"canvas\"><svg xmlns=\"http://www.w3.org/2000/svg\" "
                       "width=\"100%%\" height=\"%u\" role=\"img\" "
                       "aria-labelledby=\"plot%u-title plot%u-text\">\n",
                       canvas->plot->height,
                       number,
                       number);
        describe(canvas);
        draw_shares(canvas);
        draw_times(canvas);
        draw_curve(canvas);
        canvas_draw_marks(canvas);
        (void) fputs("</svg></div>\n</figure>\n", canvas->file);
}

int svg_plot(FILE *file, const SvgPlot *plot) {
        Canvas canvas;

        int r = canvas_init(&canvas, file, plot);
        if (r < 0)
                return r;
        draw(&canvas);
        canvas_done(&canvas);
        return 0;
}
