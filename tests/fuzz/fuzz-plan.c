/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as a plan in JSON, as the crash record may hold them: what is taken is complete, can be
 * undone step by step, and is written again as the same plan. */

#include "core/profile/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds) {
        if (!holds)
                abort();
}

static void check_step(const Step *step) {
        char text[VALUE_TEXT_MAX];
        KnobRef ref = {0};
        Value value = {0};

        check(step->ref.knob && step->origin);
        check(!(step->ref.knob->flags & KNOB_TRIGGER));
        check(step->old.kind == step->ref.knob->kind && step->new.kind == step->ref.knob->kind);
        step_undo_target(step, &ref, &value);
        check(ref.knob == step->ref.knob || (step->paired && ref.knob == step->partner.knob));
        value_format(&value, text);
        check(text[0] && !strchr(text, '\n'));
}

static void check_again(const Plan *plan) {
        json_object *first = plan_to_json(plan);
        Plan *again = NULL;

        check(first && plan_from_json(first, &again) == 0);
        json_object *second = plan_to_json(again);
        check(second && json_object_equal(first, second));
        json_object_put(second);
        json_object_put(first);
        plan_freep(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        json_tokener *tokener = json_tokener_new();
        Plan *plan = NULL;

        check(tokener && size < INT32_MAX);
        json_object *object = json_tokener_parse_ex(tokener, (const char *) data, (int) size);
        int r = plan_from_json(object, &plan);
        check(r == 0 || (r == -EBADMSG && !plan));
        if (r == 0) {
                check(plan->profile);
                for (size_t i = 0; i < plan->n; i++)
                        check_step(&plan->steps[i]);
                for (size_t i = 0; i < plan->n_unchanged; i++)
                        check(plan->unchanged[i].ref.knob && plan->unchanged[i].origin);
                check_again(plan);
        }
        plan_freep(&plan);
        json_object_put(object);
        json_tokener_free(tokener);
        return 0;
}
