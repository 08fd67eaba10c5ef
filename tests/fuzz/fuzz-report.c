/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as a report in JSON, as somebody may have mailed it: what is taken is written again as
 * the same, and its page holds no markup but ours, and a bounded number of points. */

#include "cli/report-html.h"
#include "cli/report-series.h"
#include "core/base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds) {
        if (!holds)
                abort();
}

static void check_again(const Report *report) {
        _cleanup_(json_putp) json_object *first = report_to_json(report);
        _cleanup_(report_freep) Report *again = NULL;

        check(first && report_from_json(first, &again) == 0);
        check(again->n_blocks == report->n_blocks && again->n_steps == report->n_steps);
        check(again->verdict == report->verdict && again->metric == report->metric);
        check(again->n_rates == report->n_rates && again->n_metrics == report->n_metrics);
        check(again->trial.known == report->trial.known);
}

static void check_page(const Report *report) {
        size_t n = 0;
        char *page = NULL;
        FILE *file = open_memstream(&page, &n);

        check(file && report_html(report, file) == 0 && fclose(file) == 0);
        check(!strstr(page, "<script") && !strstr(page, "<img") && !strstr(page, "href=\""));
        check(!strstr(page, "=\"nan") && !strstr(page, "=\"inf") && !strstr(page, "=\"-inf"));
        free(page);
}

static void check_series(const Report *report) {
        Metric metric = report_main_metric(report);
        Series series;

        if (metric < 0)
                return;
        check(series_of(report, metric, span_around_change(report), 10, &series) == 0);
        check(series.n <= 10);
        for (size_t i = 0; i < series.n; i++)
                check(series.points[i].mean >= 0 && series.points[i].peak <= 1);
        series_done(&series);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(freep) char *text = strndup((const char *) data, size);
        _cleanup_(json_putp) json_object *json = text ? json_tokener_parse(text) : NULL;
        _cleanup_(report_freep) Report *report = NULL;

        if (!json || report_from_json(json, &report) < 0)
                return 0;
        check_again(report);
        check_page(report);
        check_series(report);
        return 0;
}
