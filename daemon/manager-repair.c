/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/live.h"
#include "daemon/log.h"
#include "daemon/manager-private.h"

#define MIN_FREE_NAME "vm.min_free_kbytes"

static void tell_repaired(Manager *manager, const DriftEntry *entry, size_t nth) {
        Event *event = manager_drift_event(manager, EVENT_REPAIRED, entry);

        if (event) {
                const char *writers = event_field(event, "writers");
                (void) event_add(event, "repair", "%zu", nth);
                (void) event_set_message(event,
                                         "%s was %s and is %s again, as %s sets it: repair %zu of "
                                         "%d that an hour may have.%s%s%s",
                                         event_field(event, "knob"),
                                         event_field(event, "live"),
                                         event_field(event, "set"),
                                         manager_profile(manager),
                                         nth,
                                         REPAIRS_PER_HOUR,
                                         writers ? " Who else sets it: " : "",
                                         writers ? writers : "",
                                         writers ? "." : "");
        }
        events_emit(manager->events, event);
}

static void give_up(Manager *manager, DriftEntry *entry) {
        Event *event = manager_drift_event(manager, EVENT_DRIFT, entry);

        entry->gave_up = true;
        if (event) {
                const char *writers = event_field(event, "writers");
                (void) event_add(event, "drift", "gave-up");
                (void) event_set_message(
                        event,
                        "%s is %s, though it was to be %s again %d times within the hour: %s%s%s. "
                        "It is not repaired any more. Set it in one place only: there, or in %s.",
                        event_field(event, "knob"),
                        event_field(event, "live"),
                        event_field(event, "set"),
                        REPAIRS_PER_HOUR,
                        entry->told_failure ? "the kernel does not take it"
                                            : "another writer fights for it",
                        writers               ? ", "
                        : entry->told_failure ? ""
                                              : ", nobody known here",
                        writers ? writers : "",
                        manager_profile(manager));
        }
        events_emit(manager->events, event);
}

/* What the kernel rewrites along with this knob, as it is now, or was before another repair: 1. 0:
 * it rewrites nothing. Negative: that cannot be read. */
static int find_rewritten(const Manager *manager, const Step *step, Value *ret) {
        KnobRef ref = {.knob = knob_find(MIN_FREE_NAME)};

        if (manager->repairs.guards) {
                *ret = manager->repairs.min_free;
                return 1;
        }
        if (!(step->ref.knob->flags & KNOB_REWRITES_MIN_FREE) || !ref.knob)
                return 0;
        int r = live_read(manager->root, ref, ret);
        if (r == -ENOENT)
                return 0;
        return r < 0 ? r : 1;
}

static void end_guard(Manager *manager) {
        int r = repairs_end_guard(&manager->repairs, manager->state_fd);

        if (r < 0)
                log_warning("cannot record that a repair is done: %s", strerror(-r));
}

static bool is_set_by_others(const Manager *manager) {
        const Repairs *repairs = &manager->repairs;
        KnobRef ref = {.knob = knob_find(MIN_FREE_NAME)};
        Value live;

        return repairs->failed && live_read(manager->root, ref, &live) >= 0 &&
               !value_equal(&live, &repairs->rewritten);
}

/* What the kernel does not take is tried again with each sample, until somebody else sets it. */
static int bring_back(Manager *manager, Failure *ret_failure) {
        Repairs *repairs = &manager->repairs;
        KnobRef ref = {.knob = knob_find(MIN_FREE_NAME)};
        int r = 0;

        if (!is_set_by_others(manager))
                r = transaction_set_min_free(manager->root, &repairs->min_free, ret_failure);
        if (r >= 0) {
                repairs->failed = false;
                end_guard(manager);
                return 0;
        }
        repairs->failed = live_read(manager->root, ref, &repairs->rewritten) >= 0;
        return r;
}

static void carry_out(Manager *manager, const Step *step, DriftEntry *entry) {
        size_t nth = repairs_count(&manager->repairs, step->ref, manager_boottime());
        Failure failure = {0}, unguarded;

        int r = transaction_repair(manager->root, step, &failure);
        /* Also after a failure: a write that came to nothing may have made the kernel rewrite it.
         */
        if (manager->repairs.guards && bring_back(manager, &unguarded) < 0 && r >= 0 &&
            (step->ref.knob->flags & KNOB_REWRITES_MIN_FREE)) {
                failure = unguarded;
                r = -ECANCELED;
        }
        if (r < 0) {
                _cleanup_(freep) char *why = failure_format(&failure);
                manager_tell_drift_failure(
                        manager, entry, "it could not be repaired", why ? why : "out of memory");
                return;
        }
        tell_repaired(manager, entry, nth);
        entry->drifts = entry->told_failure = false;
}

void manager_repair(Manager *manager, const Step *step, DriftEntry *entry) {
        usec_t now = manager_boottime();
        Value min_free;

        if (repairs_count(&manager->repairs, step->ref, now) >= REPAIRS_PER_HOUR) {
                give_up(manager, entry);
                return;
        }
        int r = find_rewritten(manager, step, &min_free);
        if (r < 0) {
                manager_tell_drift_failure(manager,
                                           entry,
                                           "it is not repaired, since " MIN_FREE_NAME
                                           ", which the kernel changes along with it, cannot be "
                                           "read",
                                           strerror(-r));
                return;
        }
        r = repairs_note(
                &manager->repairs, manager->state_fd, step->ref, now, r > 0 ? &min_free : NULL);
        if (r < 0) {
                manager_tell_drift_failure(manager,
                                           entry,
                                           "it is not repaired, since that cannot be recorded",
                                           strerror(-r));
                return;
        }
        carry_out(manager, step, entry);
}

void manager_finish_repair(Manager *manager) {
        bool told = manager->repairs.failed;
        Failure failure;

        if (!manager->repairs.guards || bring_back(manager, &failure) >= 0 || told)
                return;
        _cleanup_(freep) char *why = failure_format(&failure);
        log_error("after a repair: %s", why ? why : "out of memory");
}
