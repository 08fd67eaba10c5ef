/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/validate-rules.h"
#include "cli/memctl.h"
#include "cli/table.h"
#include "core/profile/lint.h"

static json_object *rule_json(const LintRule *rule) {
        json_object *object = json_object_new_object();

        json_add_text(object, "id", rule->id);
        json_add_text(object, "severity", problem_severity_to_string(rule->severity));
        json_add_bool(object, "strict", rule->strict);
        json_add_text(object, "title", rule->title);
        json_add_text(object, "reason", rule->reason);
        return object;
}

static ExitCode list_rules(void) {
        static const char *const headings[] = {"RULE", "SEVERITY", "ABOUT", NULL};
        _cleanup_(table_done) Table table = {0};
        json_object *array = print_is_json() ? json_object_new_array() : NULL;

        table_init(&table, headings);
        for (size_t i = 0; i < lint_rule_count(); i++) {
                const LintRule *rule = lint_rule_at(i);
                if (array) {
                        json_object_array_add(array, rule_json(rule));
                        continue;
                }
                table_add_text(&table, STYLE_BOLD, rule->id);
                table_add(&table,
                          rule->severity == PROBLEM_ERROR ? STYLE_BAD : STYLE_WARN,
                          "%s%s",
                          problem_severity_to_string(rule->severity),
                          rule->strict ? ", strict" : "");
                table_add_text(&table, STYLE_PLAIN, rule->title);
        }
        return array ? print_json(array) : table_print(&table);
}

static ExitCode unknown_rule(const char *id) {
        Nearest nearest = NEAREST_INIT(id);

        for (size_t i = 0; i < lint_rule_count(); i++)
                nearest_offer(&nearest, lint_rule_at(i)->id);
        const char *near = nearest_get(&nearest);
        if (near)
                print_error("no rule \"%s\": did you mean \"%s\"?", id, near);
        else
                print_error("no rule \"%s\": see \"memctl validate --explain list\"", id);
        return EXIT_CODE_FAILED;
}

ExitCode validate_explain(const char *id) {
        if (streq(id, "list"))
                return list_rules();
        const LintRule *rule = lint_rule_find(id);
        if (!rule)
                return unknown_rule(id);
        if (print_is_json())
                return print_json(rule_json(rule));
        print_styled(STYLE_BOLD, "%s", rule->id);
        (void) printf(" (%s%s)\n",
                      problem_severity_to_string(rule->severity),
                      rule->strict ? ", with --strict" : "");
        print_wrapped(0, rule->title);
        (void) putchar('\n');
        print_wrapped(0, rule->reason);
        return EXIT_CODE_DONE;
}
