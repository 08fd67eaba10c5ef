/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/diff.h"

#include "cli/machine.h"
#include "cli/table.h"

static size_t count_changes(const Plan *plan) {
        size_t n = 0;

        for (size_t i = 0; i < plan->n; i++)
                n += plan->steps[i].kind == STEP_SET;
        return n;
}

static void add_step(Table *table, const Step *step, const KnobContext *context) {
        char name[KNOB_NAME_MAX];
        _cleanup_(freep) char *old = knob_value_brief(step->ref.knob, context, &step->old);
        _cleanup_(freep) char *new = knob_value_brief(step->ref.knob, context, &step->new);

        knob_ref_name(step->ref, name);
        table_add_text(table, STYLE_PLAIN, name);
        table_add_text(table, STYLE_PLAIN, old);
        table_add_text(table, STYLE_DIM, glyph(GLYPH_ARROW));
        table_add_text(table, STYLE_BOLD, new);
        table_add_text(table, STYLE_DIM, origin_short(step->origin));
}

static void add_unchanged(Table *table, const Unchanged *unchanged, const KnobContext *context) {
        char name[KNOB_NAME_MAX];
        _cleanup_(freep) char *value =
                knob_value_brief(unchanged->ref.knob, context, &unchanged->value);

        knob_ref_name(unchanged->ref, name);
        table_add_text(table, STYLE_DIM, name);
        table_add_text(table, STYLE_DIM, value);
        table_add_text(table, STYLE_DIM, "=");
        table_add_text(table, STYLE_DIM, value);
        table_add_text(table, STYLE_DIM, origin_short(unchanged->origin));
}

static ExitCode print_steps(const Plan *plan, const KnobContext *context) {
        static const char *const headings[] = {"KNOB", "LIVE", "", "WANTED", "FROM", NULL};
        _cleanup_(table_done) Table table = {0};

        table_init(&table, headings);
        table.keep_last = true;
        for (size_t i = 0; i < plan->n; i++)
                if (plan->steps[i].kind == STEP_SET)
                        add_step(&table, &plan->steps[i], context);
        for (size_t i = 0; arg_all && i < plan->n_unchanged; i++)
                add_unchanged(&table, &plan->unchanged[i], context);
        return table_rows(&table) > 0 ? table_print(&table) : EXIT_CODE_DONE;
}

/* What the kernel does beside the write, and what is done about it; NULL when nothing. */
static char *step_note(const Step *step, const KnobContext *context) {
        char name[KNOB_NAME_MAX], partner[KNOB_NAME_MAX];

        knob_ref_name(step->ref, name);
        if (step->kind == STEP_GUARD) {
                _cleanup_(freep) char *kept = knob_value_brief(step->ref.knob, context, &step->new);
                return text_format("%s stays %s: the kernel recomputes it after a write to a "
                                   "transparent_hugepage knob, so it is put back at the end.",
                                   name,
                                   kept ? kept : "as it is");
        }
        if (!step->paired || value_is_zero(&step->partner_old))
                return NULL;
        _cleanup_(freep) char *lost =
                knob_value_brief(step->partner.knob, context, &step->partner_old);
        knob_ref_name(step->partner, partner);
        return text_format("%s takes the place of %s (now %s), which the kernel sets to 0; a "
                           "revert puts it back.",
                           name,
                           partner,
                           lost ? lost : "set");
}

static void print_notes(const Plan *plan, const KnobContext *context) {
        bool any = false;

        for (size_t i = 0; i < plan->n; i++) {
                _cleanup_(freep) char *note = step_note(&plan->steps[i], context);
                if (!note)
                        continue;
                if (!any)
                        (void) putchar('\n');
                any = true;
                print_wrapped(0, note);
        }
}

ExitCode diff_print(const Plan *plan, const KnobContext *context) {
        size_t changes = count_changes(plan);
        ExitCode answer = changes > 0 ? EXIT_CODE_DIFFERS : EXIT_CODE_DONE;

        if (print_is_json()) {
                ExitCode code = print_json(plan_to_json(plan));
                return code == EXIT_CODE_DONE ? answer : code;
        }
        if (arg_legend && !arg_quiet) {
                print_styled(STYLE_BOLD, "%s", plan->profile);
                if (changes > 0)
                        (void) printf(
                                ": %zu to change, %zu as wanted\n\n", changes, plan->n_unchanged);
                else
                        (void) printf(": nothing to change, all %zu as wanted\n%s",
                                      plan->n_unchanged,
                                      arg_all ? "\n" : "");
        }
        ExitCode code = print_steps(plan, context);
        if (!arg_quiet)
                print_notes(plan, context);
        return code == EXIT_CODE_DONE ? answer : code;
}
