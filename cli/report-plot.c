/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/report-plot.h"

#include <math.h>

#include "cli/print.h"
#include "cli/report-words.h"

#define LABEL_WIDTH ((size_t) 8)
/* The label, a blank and the axis. */
#define LEFT (LABEL_WIDTH + 2)
#define WIDTH_PLAIN ((size_t) 80)
#define COLUMNS_MAX ((size_t) 118)
#define COLUMNS_MIN ((size_t) 8)
#define LABEL_MAX 40
/* A row is drawn in eighths. */
#define EIGHTHS 8

/* What the eye needs of a column of the plot. */
typedef struct Column {
        bool known;
        int mean; /* eighths of a row */
        int peak;
        int arm;
        bool mark; /* the change or the verdict */
        bool since;
} Column;

typedef struct Plot {
        Axis shares;
        Axis time;
        size_t height;
        size_t width;
        Column columns[COLUMNS_MAX];
        Style since;
        bool trial;
} Plot;

typedef enum Ink {
        INK_PEAK,
        INK_MARK,
        INK_MARKED, /* a mark through a column */
        INK_AXIS,
        INK_AXIS_GAP,
        INK_AXIS_MARK,
        INK_CORNER,
        INK_TICK,
        INK_SIDE,
        INK_ARM,
        _INK_MAX,
} Ink;

static const char *ink(Ink which) {
        static const char *const inks[_INK_MAX][2] = {
                [INK_PEAK] = {":", "░"},
                [INK_MARK] = {"|", "┆"},
                [INK_MARKED] = {"%", "▒"},
                [INK_AXIS] = {"-", "─"},
                [INK_AXIS_GAP] = {" ", "╌"},
                [INK_AXIS_MARK] = {"+", "┴"},
                [INK_CORNER] = {"+", "┼"},
                [INK_TICK] = {"+", "┤"},
                [INK_SIDE] = {"|", "│"},
                [INK_ARM] = {"=", "▀"},
        };

        return inks[which][print_is_unicode()];
}

/* A column that reaches so many eighths into a row. */
static const char *ink_of_eighths(int eighths) {
        static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

        if (print_is_unicode())
                return blocks[MIN_OF(eighths, EIGHTHS) - 1];
        return eighths >= EIGHTHS / 2 ? "#" : "_";
}

static size_t plot_width(void) {
        size_t width = print_width();

        width = (width == SIZE_MAX ? WIDTH_PLAIN : width) - LEFT - 1;
        return MAX_OF(MIN_OF(width, COLUMNS_MAX), COLUMNS_MIN);
}

static size_t column_of(const Plot *plot, double seconds) {
        size_t column = (size_t) (axis_at(&plot->time, seconds) * (double) plot->width);

        return MIN_OF(column, plot->width - 1);
}

static int eighths_of(const Plot *plot, double share) {
        return (int) lround(axis_at(&plot->shares, share) * (double) plot->height * EIGHTHS);
}

static int arm_in(const Report *report, Span part) {
        double middle = (part.from + part.to) / 2;

        for (size_t i = 0; i < report->n_blocks; i++) {
                const ReportBlock *block = &report->blocks[i];
                if (block->arm >= 0 && fabs(block->at_sec - middle) <= block->length_sec / 2)
                        return block->arm;
        }
        return -1;
}

static void fill_columns(Plot *plot, const Report *report, const Series *series) {
        double step = span_length((Span){plot->time.from, plot->time.to}) / (double) plot->width;

        for (size_t i = 0; i < plot->width; i++) {
                Column *column = &plot->columns[i];
                Span part = {plot->time.from + (double) i * step,
                             plot->time.from + (double) (i + 1) * step};
                double mean = 0, peak = 0;
                column->known = series_at(series, part, &mean, &peak);
                column->mean = eighths_of(plot, mean);
                column->peak = eighths_of(plot, peak);
                column->arm = plot->trial ? arm_in(report, part) : -1;
                column->since = part.from >= 0;
        }
}

static Style style_of_tone(Tone tone) {
        static const Style styles[_TONE_MAX] = {
                [TONE_PLAIN] = STYLE_PLAIN,
                [TONE_GOOD] = STYLE_GOOD,
                [TONE_WARN] = STYLE_WARN,
                [TONE_BAD] = STYLE_BAD,
        };

        return styles[tone];
}

/* What must be told from zero on the axis. */
static double typical_share(const Report *report, Metric metric) {
        const ReportMetric *judged = report_find_metric(report, metric);
        const ReportTrial *trial = &report->trial;
        double typical = 0;

        if (trial->known && trial->metric == metric)
                typical = MAX_OF(trial->old.mean, trial->new.mean);
        if (judged)
                typical = MAX_OF(typical, MAX_OF(judged->before.mean, judged->since.mean));
        return typical;
}

/* --- rows --------------------------------------------------------------------------------------
 */

static void print_left(const char *label, const char *side) {
        (void) printf("%*s ", (int) LABEL_WIDTH, label);
        print_styled(STYLE_DIM, "%s", side);
}

static const char *cell_ink(const Plot *plot, const Column *column, size_t row, Style *ret) {
        int base = (int) (plot->height - 1 - row) * EIGHTHS;
        Style colour = plot->trial ? (column->arm > 0 ? STYLE_WARN : STYLE_PLAIN)
                                   : (column->since ? plot->since : STYLE_PLAIN);

        *ret = STYLE_DIM;
        if (column->known && column->mean > base && !column->mark) {
                *ret = colour;
                return ink_of_eighths(column->mean - base);
        }
        if (column->known && column->mean >= base + EIGHTHS / 2)
                return ink(INK_MARKED);
        if (column->known && !column->mark && column->peak >= base + EIGHTHS / 2)
                return ink(INK_PEAK);
        *ret = column->mark ? STYLE_BOLD : STYLE_PLAIN;
        return column->mark ? ink(INK_MARK) : " ";
}

/* Colour changes only where it must, so that a line stays short. */
static void print_cell(const char *text, Style style, Style *now) {
        if (style != *now && !streq(text, " ")) {
                (void) printf("%s%s", style_end(*now), style_begin(style));
                *now = style;
        }
        (void) fputs(text, stdout);
}

static void print_row(const Plot *plot, size_t row) {
        Style style = STYLE_PLAIN, now = STYLE_PLAIN;
        char label[32] = "";

        for (size_t i = 0; i < plot->shares.n_ticks; i++) {
                double place = axis_at(&plot->shares, plot->shares.ticks[i]);
                if (place > 0 &&
                    (size_t) ceil(place * (double) plot->height - 1e-6) == plot->height - row)
                        words_axis_share(plot->shares.ticks[i], label);
        }
        print_left(label, ink(label[0] ? INK_TICK : INK_SIDE));
        for (size_t i = 0; i < plot->width; i++) {
                const char *text = cell_ink(plot, &plot->columns[i], row, &style);
                print_cell(text, style, &now);
        }
        (void) printf("%s\n", style_end(now));
}

static void print_axis(const Plot *plot) {
        print_left("0 %", ink(INK_CORNER));
        (void) fputs(style_begin(STYLE_DIM), stdout);
        for (size_t i = 0; i < plot->width; i++) {
                const Column *column = &plot->columns[i];
                (void) fputs(ink(column->mark    ? INK_AXIS_MARK
                                 : column->known ? INK_AXIS
                                                 : INK_AXIS_GAP),
                             stdout);
        }
        (void) printf("%s\n", style_end(STYLE_DIM));
}

static void print_arms(const Plot *plot) {
        Style now = STYLE_PLAIN;

        print_left("new", " ");
        for (size_t i = 0; i < plot->width; i++)
                print_cell(plot->columns[i].arm > 0 ? ink(INK_ARM) : " ", STYLE_WARN, &now);
        (void) printf("%s\n", style_end(now));
}

/* --- words above and below ---------------------------------------------------------------------
 */

/* A line of words, each at its column. */
typedef struct Words {
        char text[COLUMNS_MAX + 1];
        size_t end; /* where the last one ends */
} Words;

static void words_init(Words *words, size_t width) {
        memset(words->text, ' ', width);
        words->text[width] = '\0';
        words->end = 0;
}

/* A column a byte, and nothing that acts on the terminal: a report may call its state anything. */
static void words_tame(const char *text, char buffer[static LABEL_MAX]) {
        (void) snprintf(buffer, LABEL_MAX, "%s", text);
        for (char *p = buffer; *p; p++)
                if (*p < ' ' || *p > '~')
                        *p = '?';
}

/* Around that column, as far as there is room; false when another word is there. */
static bool words_put(Words *words, size_t width, size_t column, const char *word) {
        size_t n = strlen(word), from = column > n / 2 ? column - n / 2 : 0;

        if (n > width)
                return false;
        from = MIN_OF(from, width - n);
        if (words->end > 0 && from <= words->end)
                return false;
        memcpy(words->text + from, word, n);
        words->end = from + n;
        return true;
}

static void words_print(Words *words, Style style) {
        words->text[words->end] = '\0';
        (void) printf("%*s", (int) LEFT, "");
        print_styled(style, "%s\n", words->text);
}

static void print_times(const Plot *plot) {
        char label[64];
        Words words;

        words_init(&words, plot->width);
        for (size_t i = 0; i < plot->time.n_ticks; i++) {
                words_tick(plot->time.ticks[i], label);
                (void) words_put(&words, plot->width, column_of(plot, plot->time.ticks[i]), label);
        }
        words_print(&words, STYLE_DIM);
}

static double verdict_time(const Report *report) {
        return report->verdict_sec >= 0 ? report->verdict_sec : report->ended_sec;
}

/* On one line, or on two when they are too near to each other. */
static void print_marks(Plot *plot, const Report *report) {
        Tone tone;
        char verdict[LABEL_MAX];
        const char *change = plot->trial ? "trial begins" : "change";
        double at = verdict_time(report);
        Words words;

        words_tame(report_headline(report, &tone), verdict);
        words_init(&words, plot->width);
        (void) words_put(&words, plot->width, column_of(plot, 0), change);
        plot->columns[column_of(plot, 0)].mark = true;
        if (at >= 0) {
                plot->columns[column_of(plot, at)].mark = true;
                if (!words_put(&words, plot->width, column_of(plot, at), verdict)) {
                        words_print(&words, STYLE_BOLD);
                        words_init(&words, plot->width);
                        (void) words_put(&words, plot->width, column_of(plot, at), verdict);
                }
        }
        if (words.end > 0)
                words_print(&words, STYLE_BOLD);
}

static void print_heading(const Plot *plot, const Report *report, Metric metric) {
        print_styled(STYLE_BOLD, "%s", metric_to_string(metric));
        print_styled(STYLE_DIM,
                     ", share of time stalled%s%s\n",
                     plot->shares.root ? ", by square root" : "",
                     plot->time.from > span_of_report(report).from + 1 ? ", around the change"
                                                                       : "");
}

static void plot_draw(Plot *plot, const Report *report, Metric metric) {
        print_heading(plot, report, metric);
        print_marks(plot, report);
        for (size_t row = 0; row < plot->height; row++)
                print_row(plot, row);
        print_axis(plot);
        if (plot->trial)
                print_arms(plot);
        print_times(plot);
}

void plot_print(const Report *report, Metric metric, Span span, size_t height) {
        Plot plot = {.height = height, .width = plot_width(), .trial = report->trial.known};
        Series series;
        Tone tone;

        if (series_of(report, metric, span, SERIES_POINTS_MAX, &series) < 0) {
                (void) print_errno(-ENOMEM, "plot");
                return;
        }
        (void) report_headline(report, &tone);
        plot.since = style_of_tone(tone);
        plot.shares = axis_of_shares(series.peak, typical_share(report, metric), height / 2 + 1);
        plot.time = axis_of_time(span, MAX_OF(plot.width / 12, (size_t) 2));
        fill_columns(&plot, report, &series);
        plot_draw(&plot, report, metric);
        series_done(&series);
}
