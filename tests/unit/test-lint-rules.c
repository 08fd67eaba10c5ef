/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the rules say of themselves, and that the documents say the same. */

#include "core/profile/lint.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_no_rule_lacks_a_title_and_a_reason(void **state) {
        for (size_t i = 0; i < lint_rule_count(); i++) {
                const LintRule *rule = lint_rule_at(i);
                assert_true(strlen(rule->title) > 10 && strlen(rule->title) < 100);
                assert_true(strlen(rule->reason) > 60);
                assert_ptr_equal(lint_rule_find(rule->id), rule);
        }
        assert_null(lint_rule_find("no-such-rule"));
        assert_null(lint_rule_at(lint_rule_count()));
}

/* docs/profile.md; the caller frees. */
static void read_reference(char **ret) {
        _cleanup_(root_closep) Root *source = NULL;

        assert_non_null(getenv("MEMCTL_SOURCE_ROOT"));
        assert_int_equal(root_open(getenv("MEMCTL_SOURCE_ROOT"), &source), 0);
        assert_int_equal(root_read(source, "docs/profile.md", ret), 0);
}

/* "| `swappiness-zero` | TITLE | REASON |", behind the id what --strict and errors add to it. */
static char *reference_row(const LintRule *rule) {
        return text_format("\n| `%s`%s%s | %s | %s |\n",
                           rule->id,
                           rule->severity == PROBLEM_ERROR ? ", error" : "",
                           rule->strict ? ", strict" : "",
                           rule->title,
                           rule->reason);
}

static size_t count_rows(const char *text) {
        size_t n = 0;

        for (const char *p = strstr(text, "\n## Rules\n"); p && (p = strstr(p, "\n| `")); p++)
                n++;
        return n;
}

static void test_the_reference_has_a_row_for_each_rule_and_no_other(void **state) {
        _cleanup_(freep) char *text = NULL;

        read_reference(&text);
        assert_int_equal(count_rows(text), lint_rule_count());
        for (size_t i = 0; i < lint_rule_count(); i++) {
                _cleanup_(freep) char *row = reference_row(lint_rule_at(i));
                bool found = strstr(text, row) != NULL;
                if (!found)
                        print_error("docs/profile.md lacks:%s", row);
                assert_true(found);
                assert_null(strchr(lint_rule_at(i)->reason, '|'));
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_no_rule_lacks_a_title_and_a_reason),
                cmocka_unit_test(test_the_reference_has_a_row_for_each_rule_and_no_other),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
