/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report-example.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static char *copy(const char *text) {
        char *string = strdup(text);

        assert_non_null(string);
        return string;
}

void example_add(Report *report, Metric metric, double at_sec, double share, int arm) {
        ReportBlock block = {.at_sec = at_sec, .length_sec = arm >= 0 ? 20 : 10, .arm = arm};

        for (int i = 0; i < _METRIC_MAX; i++)
                block.shares[i] = i == (int) metric ? share : -1;
        assert_int_equal(report_add_block(report, &block), 0);
}

static Report *new_report(const char *state) {
        Report *report = report_new();

        assert_non_null(report);
        report->id = 7;
        report->profile = copy("redis");
        report->scope = copy("system");
        report->state = copy(state);
        report->realtime_usec = 1700000000000000; /* 2023-11-14 22:13:20 UTC */
        return report;
}

Report *example_report(void) {
        Report *report = new_report("reverted");

        report->ended_sec = report->verdict_sec = 180;
        report->verdict = REPORT_VERDICT_REVERT;
        report->reason = REPORT_REASON_REGRESSION;
        report->metric = METRIC_MEMORY_SOME;
        report->e_value = 140;
        report->told_sec = 40;
        report->lost_sec = 4.2;
        report->allowed_sec = 6;
        report->sentence = copy("memory.some rose, and that hurts");
        report->load = copy("work done +2 %");
        report->metrics[report->n_metrics++] = (ReportMetric){
                METRIC_MEMORY_SOME, {true, 0.0048, 0.0041, 0.0056}, {true, 0.019, -1, -1}, 0.005};
        report->limits[report->n_limits++] = (ReportLimit){METRIC_MEMORY_SOME, 0.04, 2};
        report->rates[report->n_rates++] = (ReportRate){"pgscan_direct", 210, 1260};
        report->rates[report->n_rates++] = (ReportRate){"work", 50000, 51000};
        assert_int_equal(
                report_add_step(report, "vm.swappiness", "60", "10", "/etc/x/redis.yaml:4"), 0);
        for (int at = -295; at < 0; at += 10)
                example_add(report, METRIC_MEMORY_SOME, at, 0.005, -1);
        for (int at = 5; at < 180; at += 10)
                example_add(report, METRIC_MEMORY_SOME, at, 0.02, -1);
        return report;
}

Report *example_trial(void) {
        Report *report = new_report("trial");

        report->ended_sec = report->verdict_sec = 600;
        report->trial = (ReportTrial){
                .known = true,
                .against = copy("server"),
                .effect = copy("worse"),
                .metric = METRIC_IO_FULL,
                .old = {true, 0.01, 0.008, 0.012},
                .new = {true, 0.03, 0.025, 0.035},
                .points = 0.02,
                .low = 0.015,
                .high = 0.025,
                .p = 0.0004,
                .n_blocks = 20,
                .block_sec = 30,
                .washout_sec = 10,
        };
        for (int i = 0; i < 20; i++)
                example_add(report, METRIC_IO_FULL, i * 30 + 20, i % 2 ? 0.03 : 0.01, i % 2);
        return report;
}
