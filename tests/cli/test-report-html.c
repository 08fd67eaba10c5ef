/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/report-html.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "cli/html.h"
#include "report-example.h"

/* The page; the caller frees. */
static char *page_of(const Report *report) {
        char *text = NULL;
        size_t size = 0;
        FILE *file = open_memstream(&text, &size);

        assert_non_null(file);
        assert_int_equal(report_html(report, file), 0);
        assert_int_equal(fclose(file), 0);
        return text;
}

static void assert_has(const char *text, const char *part) {
        if (!strstr(text, part))
                fail_msg("there is no \"%s\" in\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part) {
        const char *found = strstr(text, part);

        if (found)
                fail_msg("there is \"%s\": %.80s", part, found);
}

static size_t count(const char *text, const char *part) {
        size_t n = 0;

        for (const char *p = text; (p = strstr(p, part)); p += strlen(part))
                n++;
        return n;
}

static char *escaped(const char *text) {
        char *result = NULL;
        size_t size = 0;
        FILE *file = open_memstream(&result, &size);

        assert_non_null(file);
        html_text(file, text);
        assert_int_equal(fclose(file), 0);
        return result;
}

static void assert_escaped(const char *text, const char *expected) {
        _cleanup_(freep) char *result = escaped(text);

        assert_string_equal(result, expected);
}

static void test_text_is_escaped_and_fit_for_xml(void **state) {
        assert_escaped("a<b>&\"'", "a&lt;b&gt;&amp;&quot;&#39;");
        assert_escaped("größer → ok 𝄞", "größer → ok 𝄞");
        assert_escaped("a\x01\x1b\x7f\tb\n", "a\ufffd\ufffd\ufffd\tb\n");
        assert_escaped("\xc2\x9b", "\ufffd");                 /* a C1 control */
        assert_escaped("a\xff\xc3", "a\ufffd\ufffd");         /* no UTF-8, and a cut one */
        assert_escaped("\xc0\xbc", "\ufffd\ufffd");           /* "<" in a longer form */
        assert_escaped("\xe0\x80\xbc", "\ufffd\ufffd\ufffd"); /* the same */
        assert_escaped("\xed\xa0\x80", "\ufffd\ufffd\ufffd"); /* half of a UTF-16 pair */
        assert_escaped("\xef\xbf\xbf", "\ufffd");             /* U+FFFF */
        assert_escaped("\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd");
        assert_escaped("a\xe2\x80\xae"
                       "b",
                       "a\ufffdb"); /* turns the text around */
}

static void test_the_page_stands_alone(void **state) {
        _cleanup_(report_freep) Report *report = example_report();
        _cleanup_(freep) char *page = page_of(report);

        assert_true(strncmp(page, "<!DOCTYPE html>\n<html xmlns=", 28) == 0);
        assert_has(page, "<title>redis: reverted (memctl)</title>");
        assert_has(page, "content=\"default-src 'none'; style-src 'unsafe-inline'\"");
        assert_has(page, "@media (prefers-color-scheme: dark)");
        assert_has(page, "@media print");
        assert_lacks(page, "<script");
        assert_lacks(page, "<link");
        assert_lacks(page, "<img");
        assert_lacks(page, "url(");
        assert_lacks(page, "@import");
        assert_lacks(page, "href=");
        assert_lacks(page, "src=");
        /* The only addresses are the names of the languages. */
        assert_int_equal(count(page, "http"),
                         count(page, "http://www.w3.org/2000/svg") +
                                 count(page, "http://www.w3.org/1999/xhtml") +
                                 count(page, "http-equiv"));
}

static void test_the_verdict_the_plan_and_the_evidence(void **state) {
        _cleanup_(report_freep) Report *report = example_report();
        _cleanup_(freep) char *page = page_of(report);

        assert_has(page, "<span class=\"verdict bad\">reverted</span>\n<h1>redis</h1>\n");
        assert_has(page, "<p class=\"sentence\">memory.some rose, and that hurts</p>");
        assert_has(page, "<dd>2023-11-14 22:13:20 UTC</dd>");
        assert_has(page, "<td class=\"number\">0.48 % (0.41 to 0.56)</td>");
        assert_has(page, "<td class=\"number harm\">+1.4</td>");
        assert_has(page, "<dd>1:140 against chance, told by blocks of 40s</dd>");
        assert_has(page, "<dd>4.2s stalled beyond what was usual, of 6s allowed</dd>");
        assert_has(page, "<dd>work done +2 %</dd>");
        assert_has(page,
                   "<tr><th scope=\"row\">vm.swappiness</th>\n<td class=\"value\">60</td>\n"
                   "<td class=\"value\">10</td>\n<td class=\"from\">/etc/x/redis.yaml:4</td>\n");
        assert_has(page, "<td class=\"number\">×6</td>");
        assert_lacks(page, "load changed");
}

/* 480 s are 10000 units: the change is at 6250, and 2 % is half of the 4 % of the limit. */
static void test_the_plot_is_to_scale(void **state) {
        _cleanup_(report_freep) Report *report = example_report();
        _cleanup_(freep) char *page = page_of(report);

        assert_has(page,
                   "<title id=\"plot1-title\">memory.some over time, the whole time</title>\n"
                   "<desc id=\"plot1-text\">From -5min to +3min after the change. Highest: 2.0 %. "
                   "Mean before: 0.48 % (0.41 to 0.56). Mean since: 1.9 %.</desc>");
        assert_has(page, "role=\"img\" aria-labelledby=\"plot1-title plot1-text\"");
        assert_has(page, "<line class=\"mark change\" x1=\"62.50%\" x2=\"62.50%\"");
        assert_has(page, ">change</text>");
        assert_has(page, "<line class=\"mark bad\" x1=\"100.00%\"");
        assert_has(page, ">reverted, +3min</text>");
        assert_has(page, "<path class=\"steps\" d=\"M0 227.5H208V227.5H417");
        assert_has(page, "V227.5H6250V130.0H6458V130.0");
        assert_has(page, "<line class=\"limit\" x1=\"0\" x2=\"100%\" y1=\"0.0\" y2=\"0.0\"/>");
        assert_has(page, ">limit: 4 % over 2s</text>");
        assert_has(page,
                   "<rect class=\"band before\" x=\"0.00%\" width=\"62.50%\" y=\"223.6\" "
                   "height=\"9.8\"/>");
        assert_lacks(page, "<rect class=\"band since\" x=");
        assert_has(page, "<line class=\"mean since\" x1=\"62.50%\" x2=\"100.00%\" y1=\"136.5\"");
        assert_has(page, "<path class=\"gap\" d=\"\"/>");
}

static void test_a_gap_is_a_gap(void **state) {
        _cleanup_(report_freep) Report *report = report_new();

        example_add(report, METRIC_IO_FULL, 5, 0.01, -1);
        example_add(report, METRIC_IO_FULL, 95, 0.01, -1);
        _cleanup_(freep) char *page = page_of(report);
        assert_has(page, "<path class=\"gap\" d=\"M1000 0V260H9000V0Z\"/>");
        assert_has(page, "<path class=\"steps\" d=\"M0 0.0H1000M9000 0.0H10000\"/>");
        assert_has(page,
                   "<path class=\"area\" d=\"M0 0.0H1000V260H0ZM9000 0.0H10000V260H9000Z\"/>");
}

static void test_a_trial_has_a_colour_for_each_arm(void **state) {
        _cleanup_(report_freep) Report *report = example_trial();
        _cleanup_(freep) char *page = page_of(report);

        assert_has(page, "<path class=\"old\" d=\"M167 260V173.3H500V260Z");
        assert_has(page, "<path class=\"new\" d=\"M667 260V0.0H1000V260Z");
        assert_has(page, "<rect class=\"band old\" x=\"0.00%\" width=\"100.00%\"");
        assert_has(page, "trial begins");
        assert_has(page,
                   "Effect: +2.0 points (95 %: +1.5 to +2.5), p = 0.0004. 20 blocks of 30s; the "
                   "first 10s of each left out");
        assert_has(page, "<td>server</td>\n<td class=\"number\">10</td>");
        assert_lacks(page, "class=\"steps\" d=\"M");
}

static void set(char **text, const char *value) {
        free(*text);
        *text = strdup(value);
        assert_non_null(*text);
}

static void test_nothing_in_a_report_becomes_markup(void **state) {
        static const char evil[] = "</title><script>alert(1)</script>\"'&";
        _cleanup_(report_freep) Report *report = example_report(), *trial = example_trial();

        set(&report->profile, evil);
        set(&report->scope, evil);
        set(&report->sentence, evil);
        set(&report->load, evil);
        report->rates[0].name = evil;
        set(&report->steps[0].knob, evil);
        set(&report->steps[0].old, evil);
        set(&report->steps[0].new, evil);
        set(&report->steps[0].origin, evil);
        set(&trial->profile, evil);
        set(&trial->trial.against, evil);
        set(&trial->trial.effect, evil);
        _cleanup_(freep) char *page = page_of(report), *of_trial = page_of(trial);
        assert_lacks(page, "<script");
        assert_lacks(of_trial, "<script");
        assert_int_equal(count(page, "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;"), 10);
        assert_true(count(of_trial, "&lt;script&gt;") >= 5);
}

static void test_little_is_enough(void **state) {
        _cleanup_(report_freep) Report *report = report_new();
        _cleanup_(freep) char *nothing = page_of(report);

        assert_has(nothing, "<p>No pressure was recorded.</p>");
        assert_has(nothing, "no verdict");
        assert_lacks(nothing, "<table");
        assert_lacks(nothing, "nan");
        example_add(report, METRIC_IO_FULL, 5, 0.5, -1);
        _cleanup_(freep) char *one = page_of(report);
        assert_has(one, "<path class=\"steps\" d=\"M0 0.0H10000\"/>");
        assert_has(nothing, "</html>\n");
}

static void test_a_page_has_a_bounded_size(void **state) {
        _cleanup_(report_freep) Report *report = example_report();

        for (int metric = METRIC_MEMORY_FULL; metric < _METRIC_MAX; metric++)
                report->metrics[report->n_metrics++] = (ReportMetric){.metric = metric};
        for (int i = (int) report->n_blocks; i < REPORT_BLOCKS_MAX; i++) {
                example_add(report, METRIC_MEMORY_SOME, 185 + 15.01 * i, 0.3 + 0.2 * sin(i), -1);
                for (int metric = 0; metric < _METRIC_MAX; metric++)
                        report->blocks[i].shares[metric] = 0.5 + 0.3 * sin(i * (metric + 1));
        }
        _cleanup_(freep) char *page = page_of(report);
        assert_in_range(strlen(page), 100000, 1500000);
        assert_has(page, "<path class=\"peaks\" d=\"M");
        assert_has(page, "the worst block where several are drawn as one");
}

static void test_what_cannot_be_written_is_an_error(void **state) {
        _cleanup_(report_freep) Report *report = example_report();
        FILE *full = fopen("/dev/full", "w");

        if (full) {
                assert_int_equal(report_html(report, full), -ENOSPC);
                (void) fclose(full);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_text_is_escaped_and_fit_for_xml),
                cmocka_unit_test(test_the_page_stands_alone),
                cmocka_unit_test(test_the_verdict_the_plan_and_the_evidence),
                cmocka_unit_test(test_the_plot_is_to_scale),
                cmocka_unit_test(test_a_gap_is_a_gap),
                cmocka_unit_test(test_a_trial_has_a_colour_for_each_arm),
                cmocka_unit_test(test_nothing_in_a_report_becomes_markup),
                cmocka_unit_test(test_little_is_enough),
                cmocka_unit_test(test_a_page_has_a_bounded_size),
                cmocka_unit_test(test_what_cannot_be_written_is_an_error),
        };

        (void) setenv("TZ", "UTC", 1);
        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
