/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/merge.h"

static bool same_knob(const Step *a, const Step *b) {
        return knob_ref_equal(a->ref, b->ref) || (a->paired && knob_ref_equal(a->partner, b->ref));
}

static int step_copy(const Step *step, Step *ret) {
        Step copy = *step;

        copy.origin = strdup(step->origin ? step->origin : "");
        if (!copy.origin)
                return -ENOMEM;
        *ret = copy;
        return 0;
}

/* Before the first step of a later stage, so that undoing backwards keeps the order of stages. */
static int plan_insert(Plan *plan, const Step *step) {
        Step copy;
        size_t at = 0;

        int r = array_grow(&plan->steps, plan->n, sizeof(Step));
        if (r < 0)
                return r;
        r = step_copy(step, &copy);
        if (r < 0)
                return r;
        while (at < plan->n && plan->steps[at].ref.knob->stage <= step->ref.knob->stage)
                at++;
        memmove(&plan->steps[at + 1], &plan->steps[at], (plan->n - at) * sizeof(Step));
        plan->steps[at] = copy;
        plan->n++;
        return 0;
}

static void plan_drop(Plan *plan, size_t at) {
        free(plan->steps[at].origin);
        plan->n--;
        memmove(&plan->steps[at], &plan->steps[at + 1], (plan->n - at) * sizeof(Step));
}

/* The step goes on from where it began to where then leads; 0 when that is where it began. */
static int step_advance(Step *step, const Step *then) {
        char *origin = strdup(then->origin ? then->origin : "");

        if (!origin)
                return -ENOMEM;
        if (!knob_ref_equal(step->ref, then->ref)) {
                Value old = step->old;
                step->old = step->partner_old;
                step->partner_old = old;
                step->ref = then->ref;
                step->partner = then->partner;
        }
        step->new = then->new;
        step->drift = then->drift;
        step->only = then->only;
        free(step->origin);
        step->origin = origin;
        return value_equal(&step->old, &step->new) &&
                               (!step->paired || value_is_zero(&step->partner_old))
                       ? 0
                       : 1;
}

/* Back where it began: by a setting, which is in force then, or because none asks for it. */
static int plan_settle(Plan *plan, size_t at) {
        const Step *step = &plan->steps[at];
        int r = streq(step->origin, ORIGIN_ORIGINAL) ? 0
                                                     : plan_add_unchanged(plan, step, step->origin);

        plan_drop(plan, at);
        return r;
}

static bool has_step(const Plan *plan, KnobRef ref) {
        for (size_t i = 0; i < plan->n; i++)
                if (knob_ref_equal(plan->steps[i].ref, ref) ||
                    (plan->steps[i].paired && knob_ref_equal(plan->steps[i].partner, ref)))
                        return true;
        return false;
}

/* What then's profile asks for and was so already, unless first made it so. */
static int take_unchanged(Plan *plan, const Plan *then) {
        for (size_t i = 0; i < then->n_unchanged; i++) {
                const Unchanged *from = &then->unchanged[i];
                const Step step = {
                        .ref = from->ref,
                        .new = from->value,
                        .drift = from->drift,
                        .only = from->only,
                };
                if (streq(from->origin, ORIGIN_ORIGINAL) || has_step(plan, from->ref))
                        continue;
                int r = plan_add_unchanged(plan, &step, from->origin);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int plan_add(Plan *plan, const Step *step) {
        if (step->kind == STEP_GUARD)
                return 0;
        for (size_t i = 0; i < plan->n; i++)
                if (same_knob(&plan->steps[i], step)) {
                        int r = step_advance(&plan->steps[i], step);
                        if (r == 0)
                                r = plan_settle(plan, i);
                        return r < 0 ? r : 0;
                }
        return plan_insert(plan, step);
}

int plan_merge(const Plan *first, const Plan *then, Plan **ret) {
        _cleanup_(plan_freep) Plan *plan = calloc(1, sizeof(*plan));

        if (!plan)
                return -ENOMEM;
        plan->profile = strdup(then->profile);
        if (!plan->profile)
                return -ENOMEM;
        for (size_t i = 0; first && i < first->n; i++) {
                int r = plan_add(plan, &first->steps[i]);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < then->n; i++) {
                int r = plan_add(plan, &then->steps[i]);
                if (r < 0)
                        return r;
        }
        int r = take_unchanged(plan, then);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(plan);
        return 0;
}
