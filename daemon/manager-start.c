/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>

#include "core/base/quantity.h"
#include "daemon/log.h"
#include "daemon/manager-private.h"

static void tell(Manager *manager, EventType type, const Journal *journal, const char *format, ...)
        _printf_(4, 5);

static void
tell(Manager *manager, EventType type, const Journal *journal, const char *format, ...) {
        va_list ap;
        char *text = NULL;
        Event *event =
                event_new(type, journal ? journal->profile : NULL, journal ? journal->id : 0);

        va_start(ap, format);
        if (vasprintf(&text, format, ap) < 0)
                text = NULL;
        va_end(ap);
        if (event && text)
                (void) event_set_message(event, "%s", text);
        free(text);
        events_emit(manager->events, event);
}

/*
 * Only what was read can be damaged: a lack of memory or descriptors passes, and so may what ails
 * the disk. The next start finds the file whole, and until then nothing writes over it.
 */
static bool is_damage(int error) {
        return error == -EBADMSG || error == -EINVAL || error == -ELOOP || error == -EISDIR ||
               error == -EPROTONOSUPPORT || error == -EMEDIUMTYPE;
}

/* 0, also when there is no such file or it is damaged. */
static int load_outcome(Manager *manager, const char *file, const char *loss, int r) {
        if (r >= 0 || r == -ENOENT)
                return 0;
        if (!is_damage(r)) {
                log_error("cannot read the state file \"%s\": %s; so that nothing writes over it, "
                          "memctld does not start. When it cannot be repaired, move it away",
                          file,
                          strerror(-r));
                return r;
        }
        return manager_set_aside(manager, file, r, loss);
}

static int load_journal(Manager *manager, const char *file, const char *loss, Journal **ret) {
        int r = load_outcome(manager, file, loss, journal_load(manager->state_fd, file, ret));
        if (r >= 0 && *ret && (*ret)->n_unread > 0)
                manager_tell_unread(manager, file, (*ret)->n_unread);
        return r;
}

/* "kept" written, "pending" not yet removed: the crash came between keeping and forgetting. */
static void drop_leftover(Manager *manager) {
        int r = journal_remove(manager->state_fd, JOURNAL_PENDING);
        if (r < 0)
                log_error("cannot remove a leftover journal: %s", strerror(-r));
        manager->pending_is_behind = r < 0;
        journal_freep(&manager->pending);
}

/* What guards against a machine that goes on doing itself harm. */
static int load_policies(Manager *manager) {
        const char *boot_id = manager->facts.boot_id;

        int r = load_outcome(manager,
                             BOOT_GUARD_FILE,
                             "Whether the boot before ended soon after an apply is not known.",
                             boot_guard_load(manager->state_fd, &manager->boot_guard));
        if (r >= 0)
                r = load_outcome(manager,
                                 HOLD_FILE,
                                 "The automatic reverts of the last hour are forgotten.",
                                 hold_load(manager->state_fd, boot_id, &manager->hold));
        if (r >= 0)
                r = load_outcome(manager,
                                 REPAIRS_FILE,
                                 "The repairs of the last hour are forgotten.",
                                 repairs_load(manager->state_fd, boot_id, &manager->repairs));
        return r;
}

static int load_state(Manager *manager) {
        int r = load_outcome(manager,
                             QUARANTINE_FILE,
                             "No profile is quarantined now.",
                             quarantine_load(manager->state_fd, &manager->quarantine));
        if (r >= 0)
                r = load_policies(manager);
        if (r >= 0)
                r = load_journal(manager,
                                 JOURNAL_KEPT,
                                 "Which profile was kept is not known, nor its original values.",
                                 &manager->kept);
        if (r >= 0)
                r = load_journal(manager,
                                 JOURNAL_PENDING,
                                 "Which knobs were changed on probation is not known, nor their "
                                 "original values: compare with the file.",
                                 &manager->pending);
        if (r < 0)
                return r;
        if (manager->pending && manager->kept && manager->pending->id == manager->kept->id)
                drop_leftover(manager);
        if (manager->pending)
                manager->last_id = manager->pending->id;
        return 0;
}

static bool is_this_boot(const Manager *manager, const Journal *journal) {
        return streq(journal->boot_id, manager->facts.boot_id);
}

/* The machine went down under a change: it may have been the change. Negative: the next start has
 * to find it out again. */
static int quarantine_pending(Manager *manager) {
        static const char reason[] = "the machine went down while it was on probation";

        int r = quarantine_add(&manager->quarantine,
                               manager->state_fd,
                               manager->pending->profile,
                               reason,
                               manager_realtime());
        if (r == -ENOMEM)
                return r;
        tell(manager,
             EVENT_QUARANTINED,
             manager->pending,
             "%s is not in force and is quarantined: %s%s. 'memctl release %s' lets it be applied "
             "again.%s%s",
             manager->pending->profile,
             reason,
             manager->pending->confirm ? ", before anybody confirmed it" : "",
             manager->pending->profile,
             r < 0 ? " This could not be recorded: " : "",
             r < 0 ? strerror(-r) : "");
        if (r >= 0) {
                r = journal_remove(manager->state_fd, JOURNAL_PENDING);
                if (r < 0)
                        log_error("cannot remove the journal: %s", strerror(-r));
        }
        manager->pending_is_behind = r < 0;
        journal_freep(&manager->pending);
        return 0;
}

/* The process before us was restarted or crashed in a probation: it goes on, nothing is written. */
static void adopt_pending(Manager *manager) {
        Journal *journal = manager->pending;
        Refusal refusal = {0};
        char left[64];

        if (manager_watch(manager, journal, &refusal) < 0) {
                _cleanup_(freep) char *why = text_format("after a restart %s", refusal.text);
                refusal_done(&refusal);
                (void) manager_take_back(manager,
                                         EVENT_REVERTED,
                                         why ? why : "it cannot be watched",
                                         NULL,
                                         NULL,
                                         NULL);
                return;
        }
        manager->state = MANAGER_PROBATION;
        usec_t now = manager_boottime();
        format_duration(journal->deadline_usec > now ? journal->deadline_usec - now : 0, left);
        tell(manager,
             EVENT_ADOPTED,
             journal,
             "%s is still on probation, %s are left. Nothing was written.",
             journal->profile,
             left);
        if (probation_set_deadline(manager->probation) < 0)
                log_error("cannot set the deadline of %s", journal->profile);
}

/* The process before us reverted it, and a failing disk kept it from saying so. */
static void forget_undone(Manager *manager) {
        tell(manager,
             EVENT_RECOVERED,
             manager->pending,
             "%s was on probation, and all its knobs have their old values: it was reverted.",
             manager->pending->profile);
        (void) manager_forget(manager, true);
}

static void recover_pending(Manager *manager) {
        switch (manager->pending->phase) {
        case JOURNAL_BEGUN:
                (void) manager_take_back(manager,
                                         EVENT_RECOVERED,
                                         manager->pending->trial
                                                 ? "the daemon ended in the middle of a trial, "
                                                   "which is void"
                                                 : "the daemon ended in the middle of applying it",
                                         NULL,
                                         NULL,
                                         NULL);
                return;
        case JOURNAL_REVERTING:
                (void) manager_take_back(manager,
                                         EVENT_RECOVERED,
                                         "the daemon ended in the middle of reverting it",
                                         NULL,
                                         NULL,
                                         NULL);
                return;
        case JOURNAL_APPLIED:
                if (transaction_is_undone(manager->root, manager->pending->plan))
                        forget_undone(manager);
                else
                        adopt_pending(manager);
                return;
        case _JOURNAL_PHASE_MAX:
        case _JOURNAL_PHASE_INVALID:
                return;
        }
}

/* The kept profile's file says the same as when it was kept. Negative and told: it says nothing. */
static int is_unchanged(Manager *manager, const Journal *kept) {
        _cleanup_(settings_freep) Settings *settings = NULL;
        Refusal refusal = {0};

        int r = manager_resolve(manager, kept->profile, &settings, &refusal);
        _cleanup_(freep) char *text = r >= 0 ? settings_text(settings) : NULL;
        if (!text)
                log_error("the kept profile %s: %s",
                          kept->profile,
                          refusal.text ? refusal.text : "out of memory");
        refusal_done(&refusal);
        return text ? streq(text, kept->values) : -ENODATA;
}

/* Values that were kept go straight into force; others are tried first, like any change. */
static void apply_at_boot(Manager *manager, Journal *kept) {
        int unchanged = is_unchanged(manager, kept);
        Refusal refusal = {0};
        uint64_t id = 0;

        if (unchanged < 0)
                return; /* the next start tries again */
        int r = manager_apply_for(manager,
                                  kept->profile,
                                  &(ApplyOptions){.unwatched = unchanged > 0},
                                  NULL,
                                  unchanged ? "It was kept before this boot."
                                            : "It was kept before this boot, but its values are "
                                              "others now.",
                                  &id,
                                  &refusal);
        if (r >= 0 && unchanged)
                r = manager_keep_pending(manager,
                                         "it was kept before this boot, with the same values",
                                         NULL,
                                         NULL,
                                         &refusal);
        else if (r >= 0)
                /* Only what passes this probation comes back at the next boot. */
                r = journal_remove(manager->state_fd, JOURNAL_KEPT);
        if (r < 0)
                log_error("the kept profile %s: %s",
                          kept->profile,
                          refusal.text ? refusal.text : strerror(-r));
        refusal_done(&refusal);
}

static void recover_kept(Manager *manager) {
        _cleanup_(journal_freep) Journal *old = NULL;

        if (is_this_boot(manager, manager->kept)) {
                if (manager->kept->phase != JOURNAL_REVERTING)
                        return;
                (void) manager_take_back(manager,
                                         EVENT_RECOVERED,
                                         "the daemon ended in the middle of reverting it",
                                         NULL,
                                         NULL,
                                         NULL);
                return;
        }
        old = TAKE_PTR(manager->kept);
        if (old->phase == JOURNAL_REVERTING) {
                int r = journal_remove(manager->state_fd, JOURNAL_KEPT);
                if (r < 0)
                        log_error("cannot remove the journal: %s", strerror(-r));
        } else if (!manager->config.apply_at_boot)
                tell(manager,
                     EVENT_STARTED,
                     old,
                     "%s was kept before this boot; it is not applied, since ApplyAtBoot=no.",
                     old->profile);
        else
                apply_at_boot(manager, old);
}

/* What was kept before this boot, and counts no more. */
static void drop_kept(Manager *manager) {
        int r = journal_remove(manager->state_fd, JOURNAL_KEPT);
        if (r < 0)
                log_error("cannot remove the journal of %s: %s",
                          manager->kept->profile,
                          strerror(-r));
        manager->kept_is_behind = r < 0;
        journal_freep(&manager->kept);
}

/* The process before us applied again what was kept before this boot, and ended before it could
 * say that it is kept. */
static bool is_kept_again(const Manager *manager) {
        const Journal *pending = manager->pending, *kept = manager->kept;

        return !pending->confirm && pending->n_limits == 0 && pending->oom_limit == 0 &&
               pending->n_regressions == 0 && streq(pending->profile, kept->profile) &&
               streq(pending->values, kept->values);
}

static void keep_again(Manager *manager) {
        Refusal refusal = {0};

        manager->kept = journal_free(manager->kept);
        if (manager_keep_pending(manager,
                                 "it was kept before this boot, with the same values",
                                 NULL,
                                 NULL,
                                 &refusal) < 0)
                log_error("%s", refusal.text ? refusal.text : "out of memory");
        refusal_done(&refusal);
}

/* What is pending lies above what an earlier boot kept, which is not in force. */
static void recover_above_old(Manager *manager) {
        if (manager->pending->phase != JOURNAL_APPLIED)
                return; /* it is undone, and then what was kept is applied again */
        if (is_kept_again(manager))
                keep_again(manager);
        else
                drop_kept(manager); /* it is on probation now, with other values */
}

/* What an earlier boot kept and is quarantined was told. It is kept no more: whoever releases it
 * applies it, and what is then reverted does not come back at another boot. */
static void drop_quarantined(Manager *manager) {
        const Journal *kept = manager->kept;

        if (!kept || is_this_boot(manager, kept) || kept->phase == JOURNAL_REVERTING ||
            !quarantine_find(&manager->quarantine, kept->profile))
                return;
        drop_kept(manager);
}

int manager_start(Manager *manager) {
        int r = load_state(manager);
        if (r < 0)
                return r;
        manager->state = MANAGER_IDLE;
        manager_finish_repair(manager);
        manager_tell_quarantine(manager);
        r = manager_check_boot_guard(manager);
        if (r < 0)
                return r;
        manager_start_hold(manager);
        if (manager->pending && !is_this_boot(manager, manager->pending))
                r = quarantine_pending(manager);
        if (r < 0)
                return r;
        drop_quarantined(manager);
        if (manager->pending && manager->kept && !is_this_boot(manager, manager->kept))
                recover_above_old(manager);
        if (manager->pending)
                recover_pending(manager);
        if (manager->kept && !manager->pending)
                recover_kept(manager);
        else if (manager->kept && !is_this_boot(manager, manager->kept))
                /* Not in force while what is pending is stuck; the next start looks again. */
                journal_freep(&manager->kept);
        if (!manager->pending)
                manager_set_state(manager, manager_rest_state(manager, manager->state));
        /* A process before us may have opened it and ended before its apply. One of another boot
         * waits for its quarantine to be recorded. */
        if (streq(manager->boot_guard.boot_id, manager->facts.boot_id))
                (void) manager_settle_boot_guard(manager);
        manager_mark(manager, manager_transaction(manager));
        manager_recall_kills(manager);
        tell(manager,
             EVENT_STARTED,
             manager->pending ? manager->pending : manager->kept,
             "memctld %s runs on %s, state %s.",
             MEMCTL_VERSION,
             manager->facts.release,
             manager_state_to_string(manager->state));
        return 0;
}

/* So that the next start applies it again, though this boot has seen it. */
static void mark_kept_for_start(Manager *manager, Journal *kept) {
        kept->boot_id[0] = '\0';
        kept->phase = JOURNAL_APPLIED;
        int r = journal_write(manager->state_fd, JOURNAL_KEPT, kept);
        if (r < 0)
                log_error("cannot record that %s comes back at the next start: %s",
                          kept->profile,
                          strerror(-r));
}

static int copy_kept(const Journal *kept, Journal **ret) {
        _cleanup_(journal_freep) Journal *copy = journal_new(kept->id, kept->profile, "");

        if (!copy)
                return -ENOMEM;
        free(copy->values);
        copy->values = strdup(kept->values);
        copy->plan = calloc(1, sizeof(Plan));
        if (!copy->values || !copy->plan || !(copy->plan->profile = strdup(kept->profile)))
                return -ENOMEM;
        *ret = TAKE_PTR(copy);
        return 0;
}

void manager_stop(Manager *manager) {
        static const char why[] = "the service was stopped";
        _cleanup_(journal_freep) Journal *kept = NULL;

        if (manager->state == MANAGER_TRIAL)
                (void) manager_end_trial(manager, why, NULL);
        else if (manager->pending)
                (void) manager_take_back(manager, EVENT_REVERTED, why, NULL, NULL, NULL);
        if (!manager->pending && manager->kept && manager->config.revert_on_stop &&
            copy_kept(manager->kept, &kept) >= 0 &&
            manager_take_back(manager, EVENT_REVERTED, why, NULL, NULL, NULL) >= 0)
                mark_kept_for_start(manager, kept);
        (void) manager_catch_up(manager);
        manager_close_boot_guard(manager);
        tell(manager,
             EVENT_STOPPED,
             manager->kept,
             "memctld was stopped.%s%s%s",
             manager->kept ? " The kept profile " : "",
             manager->kept ? manager->kept->profile : "",
             manager->kept ? " stays in force." : "");
}

void manager_leave(Manager *manager) {
        /* The next process could not go on with it: its coins and blocks are this one's. */
        if (manager->state == MANAGER_TRIAL)
                (void) manager_end_trial(manager, "the daemon was restarted", NULL);
        const Journal *journal = manager->pending ? manager->pending : manager->kept;

        (void) manager_catch_up(manager);
        tell(manager,
             EVENT_STOPPED,
             journal,
             "memctld was restarted.%s%s%s",
             journal ? " " : "",
             journal ? journal->profile : "",
             journal ? " stays in force for the next process." : "");
}
