/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/drift.h"

#include "core/machine/khugepaged.h"
#include "core/machine/live.h"

#define MIN_FREE_NAME "vm.min_free_kbytes"

/* What was so already has no step: one that leads nowhere. */
static int add_unchanged(Plan *plan) {
        static const Value zero = {.kind = VALUE_INTEGER, .n = 1, .integers = {INTEGER_OF(0)}};

        for (size_t i = 0; i < plan->n_unchanged; i++) {
                Unchanged *from = &plan->unchanged[i];
                int r = array_grow(&plan->steps, plan->n, sizeof(Step));
                if (r < 0)
                        return r;
                Step step = {
                        .kind = STEP_SET,
                        .ref = from->ref,
                        .old = from->value,
                        .new = from->value,
                        .drift = from->drift,
                        .only = from->only,
                };
                step.origin = TAKE_PTR(from->origin);
                step.paired = knob_ref_partner(step.ref, &step.partner);
                if (step.paired)
                        step.partner_old = zero;
                plan->steps[plan->n++] = step;
        }
        plan->n_unchanged = 0;
        return 0;
}

int drift_watched(const Plan *kept, const Plan *pending, Plan **ret) {
        _cleanup_(plan_freep) Plan *plan = NULL;
        int r = 0;

        if (pending)
                r = plan_merge(kept, pending, &plan);
        else if (kept)
                r = plan_merge(NULL, kept, &plan);
        if (r >= 0 && plan)
                r = add_unchanged(plan);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(plan);
        return 0;
}

static bool is_allowed(const Step *step, const Value *live) {
        if (step->only == ONLY_NONE || live->n == 0 || step->new.n == 0)
                return false;
        int difference = integer_compare(live->integers[0], step->new.integers[0]);
        return step->only == ONLY_RAISE ? difference > 0 : difference < 0;
}

static bool is_the_advisors(const Root *root, KnobRef ref) {
        KnobRef mode = {.knob = knob_find("ksm.advisor_mode")};
        Value live;

        return streq(ref.knob->name, "ksm.pages_to_scan") && mode.knob &&
               live_read(root, mode, &live) >= 0 && streq(live.word, "scan-time");
}

bool drift_look(const Root *root, const Step *step, Drift *ret) {
        Drift drift = {
                .ref = step->ref,
                .set = step->new,
                .paired = step->paired,
                .partner = step->partner,
        };

        if (live_read(root, step->ref, &drift.live) < 0)
                return false;
        if (step->paired && live_read(root, step->partner, &drift.partner_live) < 0)
                return false;
        if (value_equal(&drift.live, &step->new) &&
            (!step->paired || value_is_zero(&drift.partner_live)))
                return false;
        if (is_allowed(step, &drift.live) || is_the_advisors(root, step->ref))
                return false;
        *ret = drift;
        return true;
}

bool drift_equal(const Drift *a, const Drift *b) {
        return knob_ref_equal(a->ref, b->ref) && value_equal(&a->set, &b->set) &&
               value_equal(&a->live, &b->live) &&
               (!a->paired || value_equal(&a->partner_live, &b->partner_live));
}

void drift_format_live(const Drift *drift, char buffer[static DRIFT_TEXT_MAX]) {
        char live[VALUE_TEXT_MAX], partner[VALUE_TEXT_MAX], name[KNOB_NAME_MAX];

        value_format(&drift->live, live);
        if (!drift->paired || value_is_zero(&drift->partner_live)) {
                (void) snprintf(buffer, DRIFT_TEXT_MAX, "%s", live);
                return;
        }
        knob_ref_name(drift->partner, name);
        value_format(&drift->partner_live, partner);
        (void) snprintf(buffer, DRIFT_TEXT_MAX, "%s, since %s is %s", live, name, partner);
}

/* 0 when it cannot be read. */
static uint64_t read_number(const Root *root, const char *name) {
        KnobRef ref = {.knob = knob_find(name)};
        Value live;

        return ref.knob && live_read(root, ref, &live) >= 0 && live.n > 0
                       ? live.integers[0].magnitude
                       : 0;
}

/* set_recommended_min_free_kbytes() in mm/khugepaged.c: any write to a file of huge pages, also of
 * the same value, and memory that is plugged raise it. */
static bool is_khugepaged(const Root *root, const Facts *facts, const Drift *drift) {
        if (!streq(drift->ref.knob->name, MIN_FREE_NAME) || drift->set.n == 0 || drift->live.n == 0)
                return false;
        return drift->live.integers[0].magnitude ==
               khugepaged_min_free_kib(root,
                                       facts,
                                       drift->set.integers[0].magnitude,
                                       read_number(root, "vm.watermark_scale_factor"));
}

char *
drift_find_writers(const Root *root, const Facts *facts, const Rivals *rivals, const Drift *drift) {
        if (is_khugepaged(root, facts, drift))
                return strdup("the kernel itself, which raises it whenever a file of "
                              "transparent_hugepage is written");
        return rivals_format(rivals, drift->ref, &drift->set, ", ");
}
