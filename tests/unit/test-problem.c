/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/problem.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char source[] = "profile: x\nsysctl:\n\tvm.swapiness: 1\nend";

static char *format_one(const Location *where, const char *hint) {
        Problems problems = PROBLEMS_INIT;

        assert_int_equal(problem_add(&problems, PROBLEM_ERROR, where, hint, "no %s", "good"),
                         -EINVAL);
        char *text = problems_format(&problems);
        assert_non_null(text);
        problems_done(&problems);
        return text;
}

static void test_a_problem_shows_place_line_caret_and_hint(void **state) {
        const Location where = {.file = "a.yaml", .line = 3, .column = 2, .text = source};
        _cleanup_(freep) char *text = format_one(&where, "did you mean \"vm.swappiness\"?");

        assert_string_equal(text,
                            "a.yaml:3:2: error: no good\n"
                            "     vm.swapiness: 1\n"
                            "     ^\n"
                            "  did you mean \"vm.swappiness\"?\n");
}

static void test_a_problem_shows_only_what_is_known(void **state) {
        const Location file = {.file = "a.yaml"};
        const Location line = {.file = "a.yaml", .line = 4};
        const Location past = {.file = "a.yaml", .line = 9, .column = 1, .text = source};
        const Location wide = {.file = "a.yaml", .line = 4, .column = 77, .text = source};
        _cleanup_(freep) char *nowhere = format_one(NULL, NULL);
        _cleanup_(freep) char *in_file = format_one(&file, NULL);
        _cleanup_(freep) char *in_line = format_one(&line, NULL);
        _cleanup_(freep) char *past_end = format_one(&past, NULL);
        _cleanup_(freep) char *too_wide = format_one(&wide, NULL);

        assert_string_equal(nowhere, "error: no good\n");
        assert_string_equal(in_file, "a.yaml: error: no good\n");
        assert_string_equal(in_line, "a.yaml:4: error: no good\n");
        assert_string_equal(past_end, "a.yaml:9:1: error: no good\n");
        assert_string_equal(too_wide, "a.yaml:4:77: error: no good\n    end\n");
}

static void test_warnings_do_not_count_as_errors(void **state) {
        Problems problems = PROBLEMS_INIT;

        assert_int_equal(problem_add(&problems, PROBLEM_WARNING, NULL, NULL, "odd"), 0);
        assert_true(problems.n == 1 && problems.n_errors == 0);
        _cleanup_(freep) char *text = problem_format(&problems.items[0]);
        assert_string_equal(text, "warning: odd\n");
        problems_done(&problems);
        assert_true(problems.n == 0 && !problems.items);
}

static void test_a_flood_of_problems_is_cut_and_says_so(void **state) {
        Problems problems = PROBLEMS_INIT;

        for (unsigned i = 0; i < PROBLEMS_MAX + 5; i++)
                (void) problem_add(&problems, PROBLEM_ERROR, NULL, NULL, "number %u", i);
        assert_true(problems.n == PROBLEMS_MAX && problems.n_errors == PROBLEMS_MAX + 5);
        assert_true(problems.incomplete);
        _cleanup_(freep) char *text = problems_format(&problems);
        assert_non_null(strstr(text, "(more problems were found than are shown)\n"));
        problems_done(&problems);
}

static void test_control_characters_never_reach_the_terminal(void **state) {
        static const char evil[] = "a: \"\x1b[2J\x7f\"\r\n";
        const Location where = {.file = "a.yaml", .line = 1, .column = 1, .text = evil};
        Problems problems = PROBLEMS_INIT;

        (void) problem_add(&problems, PROBLEM_ERROR, &where, NULL, "is \"\x1b]0;x\a\n\"");
        _cleanup_(freep) char *text = problems_format(&problems);
        assert_string_equal(text, "a.yaml:1:1: error: is \"?]0;x??\"\n    a: \" [2J \"\n    ^\n");
        problems_done(&problems);
}

static void test_a_long_message_is_cut_between_characters(void **state) {
        Problems problems = PROBLEMS_INIT;
        char text[4001];

        for (size_t i = 0; i + 1 < sizeof(text); i += 2)
                memcpy(text + i, "\xc3\xa4", 2);
        text[sizeof(text) - 1] = '\0';
        (void) problem_add(&problems, PROBLEM_ERROR, NULL, NULL, "%s", text);
        (void) problem_add(&problems, PROBLEM_ERROR, NULL, NULL, "x%s", text);
        for (size_t i = 0; i < 2; i++) {
                const char *message = problems.items[i].message;
                size_t n = strlen(message);
                assert_true(n > 900 && n <= 1000);
                assert_string_equal(message + n - 5, "\xc3\xa4...");
        }
        problems_done(&problems);
}

static void test_very_long_source_lines_are_not_quoted(void **state) {
        char text[400];
        const Location where = {.file = "a", .line = 1, .column = 1, .text = text};

        memset(text, 'x', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        _cleanup_(freep) char *shown = format_one(&where, NULL);
        assert_string_equal(shown, "a:1:1: error: no good\n");
}

static const char *nearest_of(const char *word) {
        static const char *const known[] = {
                "vm.swappiness", "vm.dirty_ratio", "vm.dirty_bytes", "none", "zram"};
        Nearest nearest = NEAREST_INIT(word);

        for (size_t i = 0; i < ELEMENTSOF(known); i++)
                nearest_offer(&nearest, known[i]);
        return nearest_get(&nearest);
}

static void test_the_nearest_name_is_near(void **state) {
        char endless[300];

        assert_string_equal(nearest_of("vm.swapiness"), "vm.swappiness");
        assert_string_equal(nearest_of("vm.swappniess"), "vm.swappiness"); /* swapped */
        assert_string_equal(nearest_of("vm.dirty_byte"), "vm.dirty_bytes");
        assert_string_equal(nearest_of("zarm"), "zram");
        assert_null(nearest_of("kernel.panic"));
        assert_null(nearest_of(""));
        memset(endless, 'a', sizeof(endless) - 1);
        endless[sizeof(endless) - 1] = '\0';
        assert_null(nearest_of(endless));
}

static void test_the_hint_is_a_question(void **state) {
        Nearest nearest = NEAREST_INIT("nnoe");
        Nearest nothing = NEAREST_INIT("nnoe");

        nearest_offer(&nearest, "none");
        _cleanup_(freep) char *hint = nearest_hint(&nearest);
        assert_string_equal(hint, "did you mean \"none\"?");
        assert_null(nearest_hint(&nothing));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_problem_shows_place_line_caret_and_hint),
                cmocka_unit_test(test_a_problem_shows_only_what_is_known),
                cmocka_unit_test(test_warnings_do_not_count_as_errors),
                cmocka_unit_test(test_a_flood_of_problems_is_cut_and_says_so),
                cmocka_unit_test(test_control_characters_never_reach_the_terminal),
                cmocka_unit_test(test_a_long_message_is_cut_between_characters),
                cmocka_unit_test(test_very_long_source_lines_are_not_quoted),
                cmocka_unit_test(test_the_nearest_name_is_near),
                cmocka_unit_test(test_the_hint_is_a_question),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
