/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is no longer in force goes from memory and from the disk, or stays there as what is stuck.
 */

#include "daemon/log.h"
#include "daemon/manager-private.h"

/*
 * The next try is about what is stuck alone: that the kernel made another value of ours must not
 * look like a change from outside then, nor a knob that was left alone like one to restore.
 */
void manager_keep_stuck(Manager *manager,
                        Journal *journal,
                        const char *file,
                        const Undoing *undoing) {
        Plan *plan = journal->plan;
        size_t n = 0;

        for (size_t i = 0; i < plan->n; i++)
                if (undoing->results[i].outcome == STEP_STUCK)
                        plan->steps[n++] = plan->steps[i];
                else
                        free(plan->steps[i].origin);
        plan->n = n;
        journal->phase = JOURNAL_REVERTING;
        journal->whole = false;
        int r = journal_write(manager->state_fd, file, journal);
        if (r < 0)
                log_warning("cannot record which knobs of %s are not restored: %s",
                            journal->profile,
                            strerror(-r));
}

/*
 * "pending" goes first: without "kept" it would be taken for all that is in force, and undoing it
 * would bring back what lay below.
 */
int manager_catch_up(Manager *manager) {
        /* Of what is quarantined "pending", or the boot guard, may be the only record. */
        int r = quarantine_save(&manager->quarantine, manager->state_fd);

        if (r < 0)
                return r;
        int r_guard = manager_settle_boot_guard(manager);
        if (manager->pending_is_behind && !manager->pending)
                r = journal_remove(manager->state_fd, JOURNAL_PENDING);
        if (r < 0)
                return r;
        manager->pending_is_behind = false;
        if (manager->kept_is_behind)
                r = manager->kept ? journal_write(manager->state_fd, JOURNAL_KEPT, manager->kept)
                                  : journal_remove(manager->state_fd, JOURNAL_KEPT);
        if (r >= 0)
                manager->kept_is_behind = false;
        return r < 0 ? r : r_guard;
}

int manager_forget_journal(Manager *manager, Journal *journal, bool pending) {
        _cleanup_(journal_freep) Journal *owned = journal;

        manager->pending_is_behind = true; /* a keep may have left one, too */
        manager->kept_is_behind = manager->kept_is_behind || !pending;
        int r = manager_catch_up(manager);
        if (r >= 0)
                return r;
        Event *event = event_new(EVENT_PROBLEM, owned->profile, owned->id);
        if (event)
                (void) event_set_message(event,
                                         "The record that %s is in force cannot be removed from "
                                         "the state folder: %s. Should the daemon or the machine "
                                         "end before it can, the next start takes it for being in "
                                         "force.",
                                         owned->profile,
                                         strerror(-r));
        events_emit(manager->events, event);
        return r;
}

int manager_forget(Manager *manager, bool pending) {
        int r = manager_forget_journal(
                manager, pending ? TAKE_PTR(manager->pending) : TAKE_PTR(manager->kept), pending);

        manager_mark(manager, manager_transaction(manager));
        manager_set_state(manager, manager_rest_state(manager, MANAGER_REVERTED));
        return r;
}

int manager_refuse_revert(Manager *manager, const char *profile, int error, Refusal *ret_refusal) {
        if (manager->state != MANAGER_REVERTING)
                return refuse(
                        ret_refusal,
                        MEMCTL_ERROR_FAILED,
                        "%s is reverted, but the record that it is in force cannot be removed "
                        "from the state folder: %s; 'memctl revert' tries that again",
                        profile ? profile : "it",
                        strerror(-error));
        return refuse(
                ret_refusal,
                MEMCTL_ERROR_FAILED,
                "%s is not wholly reverted: see 'memctl events'; 'memctl revert' tries again, "
                "'memctl keep' leaves the rest as it is",
                profile ? profile : "it");
}
