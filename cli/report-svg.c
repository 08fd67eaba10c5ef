/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/report-svg.h"

#include "cli/html.h"
#include "cli/report-axis.h"
#include "cli/report-words.h"

/* Units of the curve's own width. */
#define CURVE_WIDTH 10000
/* A limit this far above all that happened would leave nothing to see. */
#define LIMIT_FACTOR 3
#define PIXELS_PER_LABEL 40
#define TIME_LABELS 6
/* A lower plot has no room for the means' numbers. */
#define NUMBERS_FROM 200

typedef struct Canvas {
        FILE *file;
        const SvgPlot *plot;
        Series series;
        Axis shares;
        Axis time;
} Canvas;

/* --- places ------------------------------------------------------------------------------------
 */

/* Per cent from the left. */
static double place_of(const Canvas *canvas, double seconds) {
        return axis_at(&canvas->time, seconds) * 100;
}

/* Units of the curve from the left. */
static double units_of(const Canvas *canvas, double seconds) {
        return axis_at(&canvas->time, seconds) * CURVE_WIDTH;
}

/* Pixels from the top. */
static double pixels_of(const Canvas *canvas, double share) {
        return (1 - axis_at(&canvas->shares, share)) * canvas->plot->height;
}

static const ReportMetric *judged(const Canvas *canvas) {
        return report_find_metric(canvas->plot->report, canvas->plot->metric);
}

static bool is_trial(const Canvas *canvas) {
        const ReportTrial *trial = &canvas->plot->report->trial;

        return trial->known && trial->metric == canvas->plot->metric;
}

static double typical_share(const Canvas *canvas) {
        const ReportTrial *trial = &canvas->plot->report->trial;
        const ReportMetric *metric = judged(canvas);

        if (is_trial(canvas))
                return MAX_OF(trial->old.mean, trial->new.mean);
        return metric ? MAX_OF(metric->before.mean, metric->since.mean) : 0;
}

/* The lowest limit of the metric; negative without one. */
static const ReportLimit *limit_of(const Canvas *canvas) {
        const Report *report = canvas->plot->report;
        const ReportLimit *limit = NULL;

        for (size_t i = 0; i < report->n_limits; i++)
                if (report->limits[i].metric == canvas->plot->metric &&
                    (!limit || report->limits[i].share < limit->share))
                        limit = &report->limits[i];
        return limit;
}

static void canvas_scale(Canvas *canvas) {
        const ReportLimit *limit = limit_of(canvas);
        double highest = canvas->series.peak;

        if (limit && limit->share < LIMIT_FACTOR * highest)
                highest = MAX_OF(highest, limit->share);
        canvas->shares = axis_of_shares(
                highest, typical_share(canvas), canvas->plot->height / PIXELS_PER_LABEL + 1);
        canvas->time = axis_of_time(canvas->plot->span, TIME_LABELS);
}

/* --- the ground --------------------------------------------------------------------------------
 */

static void draw_shares(const Canvas *canvas) {
        char label[32];

        for (size_t i = 0; i < canvas->shares.n_ticks; i++) {
                double y = pixels_of(canvas, canvas->shares.ticks[i]);
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

static void draw_times(const Canvas *canvas) {
        unsigned bottom = canvas->plot->height;
        char label[64];

        for (size_t i = 0; i < canvas->time.n_ticks; i++) {
                double x = place_of(canvas, canvas->time.ticks[i]);
                words_tick(canvas->time.ticks[i], label);
                (void) fprintf(canvas->file,
                               "<line class=\"grid\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%u\" "
                               "y2=\"%u\"/><text class=\"time\" x=\"%.2f%%\" y=\"%u\">",
                               x,
                               x,
                               bottom,
                               bottom + 5,
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
                double from = units_of(canvas, point->span.from);
                double to = units_of(canvas, point->span.to);
                double y = pixels_of(canvas, peaks ? point->peak : point->mean);
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
                                       units_of(canvas, canvas->series.points[i - 1].span.to),
                                       canvas->plot->height,
                                       units_of(canvas, canvas->series.points[i].span.from));
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
                                       units_of(canvas, point->span.from),
                                       bottom,
                                       pixels_of(canvas, point->mean),
                                       units_of(canvas, point->span.to),
                                       bottom);
        }
        (void) fputs("\"/>\n", canvas->file);
}

static void draw_curve(const Canvas *canvas) {
        (void) fprintf(canvas->file,
                       "<svg class=\"curve\" width=\"100%%\" height=\"%u\" viewBox=\"0 0 %d %u\" "
                       "preserveAspectRatio=\"none\" aria-hidden=\"true\">\n",
                       canvas->plot->height,
                       CURVE_WIDTH,
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

/* --- what it came to ---------------------------------------------------------------------------
 */

/* The interval as a band, the mean as a line with its number. */
static void draw_mean(const Canvas *canvas, const ReportMean *mean, Span span, const char *name) {
        double from = place_of(canvas, span.from), to = place_of(canvas, span.to);
        double y = pixels_of(canvas, mean->mean);

        if (!mean->known || to <= from)
                return;
        if (mean->low >= 0) {
                double top = pixels_of(canvas, mean->high), bottom = pixels_of(canvas, mean->low);
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
        double x = place_of(canvas, begins ? span.from : span.to);
        double y = pixels_of(canvas, mean->low >= 0 ? mean->high : mean->mean);
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
        const ReportMetric *metric = judged(canvas);
        Span before = {canvas->time.from, 0}, since = {0, canvas->time.to};

        if (is_trial(canvas)) {
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
        const ReportLimit *limit = limit_of(canvas);
        char share[32], window[64];

        if (!limit || limit->share > canvas->shares.to)
                return;
        double y = pixels_of(canvas, limit->share);
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
        double x = place_of(canvas, seconds);

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

static const char *tone_class(Tone tone) {
        static const char *const classes[_TONE_MAX] = {
                [TONE_PLAIN] = "plain",
                [TONE_GOOD] = "good",
                [TONE_WARN] = "warn",
                [TONE_BAD] = "bad",
        };

        return classes[tone];
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
        draw_mark(canvas, at, tone_class(tone), label, 1);
}

/* --- words -------------------------------------------------------------------------------------
 */

static void describe(const Canvas *canvas) {
        const SvgPlot *plot = canvas->plot;
        const ReportMetric *metric = judged(canvas);
        char from[64], to[64], before[WORDS_MAX], since[WORDS_MAX], peak[32];

        words_tick(plot->span.from, from);
        words_tick(plot->span.to, to);
        words_share(canvas->series.n > 0 ? canvas->series.peak : -1, peak);
        (void) fprintf(canvas->file, "<title id=\"plot%u-title\">", plot->number);
        html_format(canvas->file, "%s over time, %s", metric_to_string(plot->metric), plot->part);
        (void) fprintf(canvas->file, "</title>\n<desc id=\"plot%u-text\">", plot->number);
        html_format(canvas->file, "From %s to %s after the change. Highest: %s.", from, to, peak);
        if (metric && !is_trial(canvas)) {
                words_mean(&metric->before, before);
                words_mean(&metric->since, since);
                html_format(canvas->file, " Mean before: %s. Mean since: %s.", before, since);
        }
        (void) fputs("</desc>\n", canvas->file);
}

static void draw_caption(const Canvas *canvas) {
        const SvgPlot *plot = canvas->plot;
        const ReportLimit *limit = limit_of(canvas);
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
        draw_means(canvas);
        draw_limit(canvas);
        draw_marks(canvas);
        (void) fputs("</svg></div>\n</figure>\n", canvas->file);
}

int svg_plot(FILE *file, const SvgPlot *plot) {
        Canvas canvas = {.file = file, .plot = plot};

        int r = series_of(
                plot->report, plot->metric, plot->span, SERIES_POINTS_MAX, &canvas.series);
        if (r < 0)
                return r;
        canvas_scale(&canvas);
        draw(&canvas);
        series_done(&canvas.series);
        return 0;
}
