/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/print.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "cli/report-text.h"
#include "report-example.h"

/* What report_print() puts out; the caller frees. */
static char *printed(const Report *report, const char *locale) {
        char *text = NULL;
        size_t size = 0;
        FILE *file = tmpfile();

        assert_non_null(file);
        assert_int_equal(setenv("LC_ALL", locale, 1), 0);
        (void) fflush(stdout);
        int before = dup(STDOUT_FILENO);
        assert_true(before >= 0 && dup2(fileno(file), STDOUT_FILENO) >= 0);
        print_init();
        report_print(report);
        (void) fflush(stdout);
        assert_true(dup2(before, STDOUT_FILENO) >= 0);
        (void) close(before);
        assert_true(lseek(fileno(file), 0, SEEK_SET) == 0);
        assert_int_equal(read_all(fileno(file), 1 << 20, &text, &size), 0);
        (void) fclose(file);
        return text;
}

static void assert_has(const char *text, const char *part) {
        if (!strstr(text, part))
                fail_msg("there is no \"%s\" in\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part) {
        if (strstr(text, part))
                fail_msg("there is \"%s\" in\n%s", part, text);
}

static void assert_narrow(const char *text, size_t width) {
        for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
                _cleanup_(freep) char *line = strndup(p, strcspn(p, "\n"));
                if (text_width(line) > width)
                        fail_msg("wider than %zu: %s", width, line);
        }
}

static void test_the_verdict_comes_first(void **state) {
        _cleanup_(report_freep) Report *report = example_report();
        _cleanup_(freep) char *text = printed(report, "C.UTF-8");

        assert_true(text_starts_with(
                text,
                "● REVERTED  redis\n"
                "  memory.some rose, and that hurts\n"
                "  transaction 7; pressure of system; changed 2023-11-14 22:13:20 UTC; "
                "watched\n  for 3min\n\n"
                "memory.some, share of time stalled\n"));
        assert_narrow(text, 80);
}

static void test_what_is_not_known_is_not_told(void **state) {
        _cleanup_(report_freep) Report *report = example_report();

        report->id = 0;
        report->realtime_usec = 0;
        report->ended_sec = -1;
        _cleanup_(freep) char *text = printed(report, "C.UTF-8");
        assert_has(text, "that hurts\n  pressure of system\n\n");
}

/* Two steps of pressure are two heights, with the change between them. */
static void test_the_plot_shows_before_and_since(void **state) {
        _cleanup_(report_freep) Report *report = example_report();
        _cleanup_(freep) char *text = printed(report, "C");

        assert_has(text,
                   "                                                  change               "
                   "reverted\n"
                   "     2 % +                                           "
                   "|########################%\n");
        assert_has(text,
                   "   0.5 % +###########################################"
                   "%########################%\n");
        assert_has(text,
                   "     0 % +-------------------------------------------"
                   "+------------------------+\n");
        assert_has(text, "-4min            -2min               0");
}

static void test_ascii_where_there_is_no_more(void **state) {
        _cleanup_(report_freep) Report *report = example_report();
        _cleanup_(report_freep) Report *trial = example_trial();
        _cleanup_(freep) char *text = printed(report, "C"), *of_trial = printed(trial, "C");

        for (const char *p = text; *p; p++)
                assert_true((unsigned char) *p < 0x80);
        for (const char *p = of_trial; *p; p++)
                assert_true((unsigned char) *p < 0x80);
}

static void test_numbers_evidence_and_plan_follow(void **state) {
        _cleanup_(report_freep) Report *report = example_report();
        _cleanup_(freep) char *text = printed(report, "C.UTF-8");

        assert_has(text,
                   "STALLED      BEFORE (95 %)          SINCE (95 %)  POINTS  HARM FROM\n"
                   "memory.some  0.48 % (0.41 to 0.56)  1.9 %         +1.4    +0.50\n");
        assert_has(text,
                   "Evidence  more was stalled than the time before explains\n"
                   "          1:140 against chance, told by blocks of 40s\n"
                   "          4.2s stalled beyond what was usual, of 6s allowed\n"
                   "Load      work done +2 %\n"
                   "Limits    memory.some 4 % over 2s\n");
        assert_has(text, "pgscan_direct  210     1260   ×6      pages that");
        assert_has(text, "vm.swappiness  60   →  10   redis.yaml:4\n");
        assert_lacks(text, "load changed");
        report->load_changed = true;
        _cleanup_(freep) char *changed = printed(report, "C.UTF-8");
        assert_has(changed, "the load changed too");
}

static void test_a_trial_tells_its_arms(void **state) {
        _cleanup_(report_freep) Report *report = example_trial();
        _cleanup_(freep) char *text = printed(report, "C.UTF-8");

        assert_true(text_starts_with(text, "● THE NEW SETTING IS WORSE  redis\n"));
        assert_has(text, "old: server  10      1.0 % (0.80 to 1.2)  1.0 %  1.0 %\n");
        assert_has(text, "new: redis   10      3.0 % (2.5 to 3.5)   3.0 %  3.0 %\n");
        assert_has(text, "Effect +2.0 points (95 %: +1.5 to +2.5), p = 0.0004\n");
        assert_has(text, "20 blocks of 30s, the first 10s of each left out\n");
        assert_has(text, "     new ");
        assert_has(text, "▀");
        assert_narrow(text, 80);
}

static void test_little_is_enough(void **state) {
        _cleanup_(report_freep) Report *empty = report_new();
        _cleanup_(freep) char *nothing = printed(empty, "C.UTF-8");

        assert_has(nothing, "NO VERDICT  (no profile)\n  nothing was measured\n");
        example_add(empty, METRIC_IO_FULL, 5, 0.5, -1);
        _cleanup_(freep) char *one = printed(empty, "C.UTF-8");
        assert_has(one, "io.full, share of time stalled\n");
        assert_has(one, "█");
        assert_narrow(one, 80);
}

static void test_a_name_cannot_act_on_the_terminal(void **state) {
        _cleanup_(report_freep) Report *report = example_report();

        free(report->profile);
        report->profile = strdup("a\033[31mb");
        free(report->load);
        report->load = strdup("\033]0;x\a");
        free(report->scope);
        report->scope = strdup("\033c");
        free(report->sentence);
        report->sentence = strdup("\033[2J");
        free(report->state);
        report->state = strdup("\033[1mgröße");
        report->verdict = REPORT_VERDICT_NONE;
        free(report->steps[0].old);
        report->steps[0].old = strdup("\033[5m");
        _cleanup_(freep) char *text = printed(report, "C.UTF-8");
        assert_lacks(text, "\033");
        assert_lacks(text, "\a");
        assert_has(text, "● ?[1MGRößE  a?[31mb\n");
        assert_has(text, "?[1mgr????e");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_verdict_comes_first),
                cmocka_unit_test(test_what_is_not_known_is_not_told),
                cmocka_unit_test(test_the_plot_shows_before_and_since),
                cmocka_unit_test(test_ascii_where_there_is_no_more),
                cmocka_unit_test(test_numbers_evidence_and_plan_follow),
                cmocka_unit_test(test_a_trial_tells_its_arms),
                cmocka_unit_test(test_little_is_enough),
                cmocka_unit_test(test_a_name_cannot_act_on_the_terminal),
        };

        (void) setenv("TZ", "UTC", 1);
        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
