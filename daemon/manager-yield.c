/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/manager-private.h"

/* A knob's places in a plan, taken out of it; both can be put back. */
typedef struct Taken {
        Plan *plan;
        bool has_step, has_unchanged;
        size_t step_at, unchanged_at;
        Step step;
        Unchanged unchanged;
} Taken;

static Taken take(Plan *plan, KnobRef ref) {
        Taken taken = {.plan = plan};

        for (size_t i = 0; i < plan->n && !taken.has_step; i++) {
                const Step *step = &plan->steps[i];
                if (step->kind == STEP_GUARD ||
                    !(knob_ref_equal(step->ref, ref) ||
                      (step->paired && knob_ref_equal(step->partner, ref))))
                        continue;
                taken.has_step = true;
                taken.step_at = i;
                taken.step = *step;
                memmove(plan->steps + i, plan->steps + i + 1, (--plan->n - i) * sizeof(Step));
        }
        for (size_t i = 0; i < plan->n_unchanged && !taken.has_unchanged; i++) {
                if (!knob_ref_equal(plan->unchanged[i].ref, ref))
                        continue;
                taken.has_unchanged = true;
                taken.unchanged_at = i;
                taken.unchanged = plan->unchanged[i];
                memmove(plan->unchanged + i,
                        plan->unchanged + i + 1,
                        (--plan->n_unchanged - i) * sizeof(Unchanged));
        }
        return taken;
}

static void put_back(const Taken *taken) {
        Plan *plan = taken->plan;
        size_t at = taken->step_at;

        if (taken->has_step) {
                memmove(plan->steps + at + 1, plan->steps + at, (plan->n++ - at) * sizeof(Step));
                plan->steps[at] = taken->step;
        }
        at = taken->unchanged_at;
        if (taken->has_unchanged) {
                memmove(plan->unchanged + at + 1,
                        plan->unchanged + at,
                        (plan->n_unchanged++ - at) * sizeof(Unchanged));
                plan->unchanged[at] = taken->unchanged;
        }
}

/* On disk first: until that is so, it is ours. */
static int let_go(Manager *manager, Journal *journal, const char *file, KnobRef ref) {
        Taken taken = take(journal->plan, ref);

        if (!taken.has_step && !taken.has_unchanged)
                return 0;
        int r = journal_write(manager->state_fd, file, journal);
        if (r < 0) {
                put_back(&taken);
                return r;
        }
        free(taken.step.origin);
        free(taken.unchanged.origin);
        return 0;
}

static bool is_on_trial(const Manager *manager, KnobRef ref) {
        const Plan *plan = manager->pending ? manager->pending->plan : NULL;

        if (manager->state != MANAGER_TRIAL)
                return false;
        for (size_t i = 0; i < plan->n; i++)
                if (knob_ref_equal(plan->steps[i].ref, ref) ||
                    (plan->steps[i].paired && knob_ref_equal(plan->steps[i].partner, ref)))
                        return true;
        return false;
}

static void tell_yielded(Manager *manager, const DriftEntry *entry) {
        Event *event = manager_drift_event(manager, EVENT_YIELDED, entry);

        if (event) {
                const char *writers = event_field(event, "writers");
                (void) event_set_message(event,
                                         "%s is %s, though %s has set it to %s, and is let go: "
                                         "nothing here touches it until %s is applied again.%s%s%s",
                                         event_field(event, "knob"),
                                         event_field(event, "live"),
                                         manager_profile(manager),
                                         event_field(event, "set"),
                                         manager_profile(manager),
                                         writers ? " Who else sets it: " : "",
                                         writers ? writers : "",
                                         writers ? "." : "");
        }
        events_emit(manager->events, event);
}

bool manager_yield(Manager *manager, DriftEntry *entry) {
        KnobRef ref = entry->drift.ref;
        int r = 0;

        if (is_on_trial(manager, ref)) {
                /* There is nothing to compare any more; the next look lets go of what is left. */
                tell_yielded(manager, entry);
                (void) manager_end_trial(
                        manager, "a knob of it was yielded to another writer", NULL);
                return true;
        }
        if (manager->pending && manager->state != MANAGER_TRIAL)
                r = let_go(manager, manager->pending, JOURNAL_PENDING, ref);
        if (r >= 0 && manager->kept)
                r = let_go(manager, manager->kept, JOURNAL_KEPT, ref);
        if (r < 0) {
                manager_tell_drift_failure(manager,
                                           entry,
                                           "cannot be let go, since that cannot be recorded",
                                           strerror(-r));
                return false;
        }
        tell_yielded(manager, entry);
        drift_watch_forget(&manager->drift, ref);
        return true;
}
