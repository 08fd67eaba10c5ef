/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/quantity.h"
#include "core/profile/merge.h"
#include "daemon/log.h"
#include "daemon/manager-private.h"

/* When a keep could not be recorded, it is tried again after this long. */
#define KEEP_RETRY_USEC USEC_PER_MINUTE

/* The kept journal that results: what lay below and what is pending, as one. */
static int make_kept(const Manager *manager, Journal **ret) {
        const Journal *pending = manager->pending;
        _cleanup_(journal_freep) Journal *kept =
                journal_new(pending->id, pending->profile, pending->boot_id);

        if (!kept)
                return -ENOMEM;
        free(kept->values);
        kept->values = strdup(pending->values);
        if (!kept->values)
                return -ENOMEM;
        kept->phase = JOURNAL_APPLIED;
        kept->started_usec = pending->started_usec;
        kept->deadline_usec = pending->deadline_usec;
        int r = plan_merge(manager->kept ? manager->kept->plan : NULL, pending->plan, &kept->plan);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(kept);
        return 0;
}

static void tell_kept(Manager *manager, const char *why, const char *by, const Report *report) {
        const Journal *pending = manager->pending;
        char time[64];
        Event *event = event_new(EVENT_KEPT, pending->profile, pending->id);

        if (event) {
                format_duration(manager_boottime() - pending->started_usec, time);
                (void) event_set_message(
                        event, "Kept %s after %s: %s.", pending->profile, time, why);
                if (by)
                        (void) event_add(event, "by", "%s", by);
                if (manager->probation)
                        evidence_add(manager->probation, NULL, report, event);
        }
        events_emit(manager->events, event);
}

int manager_keep_pending(
        Manager *manager, const char *why, const char *by, Report *report, Refusal *ret_refusal) {
        if (manager->probation)
                probation_count_kills(manager->probation);
        _cleanup_(report_freep) Report *owned =
                report ? report : manager_take_report(manager, NULL);
        _cleanup_(journal_freep) Journal *kept = NULL;

        int r = make_kept(manager, &kept);
        if (r >= 0)
                r = journal_write(manager->state_fd, JOURNAL_KEPT, kept);
        if (r < 0) {
                manager->kept_is_behind = true; /* it may be there all the same */
                (void) manager_catch_up(manager);
                return refuse(ret_refusal,
                              MEMCTL_ERROR_FAILED,
                              "cannot record that %s is kept: %s; it stays on probation",
                              manager->pending->profile,
                              strerror(-r));
        }
        manager->kept_is_behind = false;
        /* From here on it is kept: a "pending" with the id of the "kept" one is a leftover. */
        r = journal_remove(manager->state_fd, JOURNAL_PENDING);
        if (r < 0)
                log_error("cannot remove the journal of %s: %s", kept->profile, strerror(-r));
        manager_tell_kills(manager);
        manager->pending_is_behind = r < 0;
        tell_kept(manager, why, by, owned);
        manager_store_report(manager, TAKE_PTR(owned), EVIDENCE_STATE_KEPT);
        probation_freep(&manager->probation);
        journal_freep(&manager->pending);
        journal_freep(&manager->kept);
        manager->kept = TAKE_PTR(kept);
        manager_set_state(manager, MANAGER_KEPT);
        return 0;
}

/* The last sentence tells what a person must look at. */
static void set_reverted_message(Event *event,
                                 const Journal *journal,
                                 const Undoing *undoing,
                                 const char *why) {
        _cleanup_(freep) char *back = undoing_format(undoing, journal->plan, STEP_RESTORED);
        _cleanup_(freep) char *alone = undoing_format(undoing, journal->plan, STEP_LEFT_ALONE);
        _cleanup_(freep) char *stuck = undoing_format(undoing, journal->plan, STEP_STUCK);

        if (!back || !alone || !stuck)
                return;
        (void) event_set_message(
                event,
                "Reverted %s: %s.%s%s%s%s%s%s%s%s%s",
                journal->profile,
                why,
                back[0] ? " Back: " : "",
                back,
                back[0] ? "." : "",
                alone[0] ? " Changed from outside, left alone: " : "",
                alone,
                alone[0] ? "." : "",
                stuck[0] ? " NOT restored: " : "",
                stuck,
                stuck[0] ? ". 'memctl revert' tries again, 'memctl keep' leaves it." : "");
        if (back[0])
                (void) event_add(event, "restored", "%s", back);
        if (alone[0])
                (void) event_add(event, "left-alone", "%s", alone);
        if (stuck[0])
                (void) event_add(event, "not-restored", "%s", stuck);
}

static void tell_left_alone(Manager *manager, const Journal *journal, const Undoing *undoing) {
        _cleanup_(freep) char *alone = undoing_format(undoing, journal->plan, STEP_LEFT_ALONE);

        if (!alone || !alone[0])
                return;
        Event *event = event_new(EVENT_LEFT_ALONE, journal->profile, journal->id);
        if (event)
                (void) event_set_message(event,
                                         "Not restored, since something else changed it after %s "
                                         "was applied: %s.",
                                         journal->profile,
                                         alone);
        events_emit(manager->events, event);
}

/* Undoing begins: what min_free_kbytes shall be is fixed and noted before the first write. */
static void begin_undoing(Manager *manager, Journal *journal) {
        journal->whole = journal->phase != JOURNAL_BEGUN;
        transaction_min_free(manager->root, journal->plan, journal->whole, &journal->min_free);
        int r = journal_append_reverting(manager->state_fd,
                                         journal == manager->pending ? JOURNAL_PENDING
                                                                     : JOURNAL_KEPT,
                                         journal);
        /* A full disk is no reason to leave a machine stalling: what to restore is known. */
        if (r < 0)
                log_warning("cannot record that %s is being reverted: %s",
                            journal->profile,
                            strerror(-r));
}

static int undo_journal(Manager *manager, Journal *journal, Undoing *ret) {
        if (journal->phase != JOURNAL_REVERTING)
                begin_undoing(manager, journal);
        else if (!journal->min_free.fixed)
                /* Not recorded by the process before: our THP writes may have changed it already.
                 */
                transaction_min_free(manager->root, journal->plan, false, &journal->min_free);
        return transaction_undo(
                manager->root, journal->plan, journal->whole, &journal->min_free, ret);
}

static Event *limit_event(Manager *manager, const Verdict *verdict, const char *why) {
        Event *event = event_new(EVENT_LIMIT, manager->pending->profile, manager->pending->id);

        if (event) {
                (void) event_set_message(event, "%s.", why);
                evidence_add(manager->probation, verdict, NULL, event);
        }
        return event;
}

/* A deadline that nobody confirmed, or a person, is no sign of harm. */
static bool is_automatic(const Verdict *verdict) {
        return verdict && (verdict->kind == VERDICT_LIMIT || verdict->kind == VERDICT_KILLS ||
                           verdict->kind == VERDICT_REGRESSION);
}

/*
 * The evidence is gathered first and told last: writing an event to a disk that the profile has
 * brought to a crawl would hold up the cure.
 */
int manager_take_back(Manager *manager,
                      EventType type,
                      const char *why,
                      const char *by,
                      const Verdict *verdict,
                      Report *report) {
        _cleanup_(report_freep) Report *owned = report;
        Undoing *undoing = &manager->undoing;
        bool pending = manager->pending != NULL;
        Journal *journal = pending ? manager->pending : manager->kept;
        Event *event = event_new(type, journal->profile, journal->id);
        _cleanup_(event_freep) Event *limit = verdict && verdict->kind == VERDICT_LIMIT
                                                      ? limit_event(manager, verdict, why)
                                                      : NULL;

        if (event && by)
                (void) event_add(event, "by", "%s", by);
        if (event && pending && manager->probation)
                evidence_add(manager->probation, verdict, owned, event);
        journal->automatic |= is_automatic(verdict);
        manager->state = MANAGER_REVERTING;
        int r = undo_journal(manager, journal, undoing);
        if (r < 0) {
                log_error("cannot revert %s: %s", journal->profile, strerror(-r));
                (void) event_free(event);
                manager_set_state(manager, MANAGER_REVERTING);
                return r;
        }
        if (event)
                set_reverted_message(event, journal, undoing, why);
        else
                log_warning("Reverted %s: %s. Memory is short, so there is no event that says "
                            "more.",
                            journal->profile,
                            why);
        if (pending && manager->probation)
                probation_count_kills(manager->probation);
        if (pending && !owned)
                owned = manager_take_report(manager, verdict);
        if (pending)
                manager_tell_kills(manager);
        if (pending)
                probation_freep(&manager->probation);
        if (limit)
                events_emit(manager->events, TAKE_PTR(limit));
        tell_left_alone(manager, journal, undoing);
        events_emit(manager->events, event);
        manager_store_report(manager, TAKE_PTR(owned), EVIDENCE_STATE_REVERTED);
        if (journal->automatic)
                manager_note_revert(manager, journal->id, journal->profile, why);
        journal->automatic = false; /* counted, should it stay for a knob that is stuck */
        if (undoing_count(undoing, STEP_STUCK) > 0) {
                manager_keep_stuck(
                        manager, journal, pending ? JOURNAL_PENDING : JOURNAL_KEPT, undoing);
                manager_set_state(manager, MANAGER_REVERTING);
                return -EBUSY;
        }
        return manager_forget(manager, pending);
}

/* Told once; then the deadline moves on until the disk has room. */
static void postpone_keep(Manager *manager, const char *why) {
        manager->pending->deadline_usec = manager_boottime() + KEEP_RETRY_USEC;
        if (probation_set_deadline(manager->probation) < 0)
                log_error("cannot set the deadline of %s", manager->pending->profile);
        if (manager->keep_failed)
                return;
        manager->keep_failed = true;
        Event *event = event_new(EVENT_PROBLEM, manager->pending->profile, manager->pending->id);
        if (event)
                (void) event_set_message(event, "%s. Tried again each minute.", why);
        events_emit(manager->events, event);
}

/* Of a limit, after the cure: nothing is gathered first that can wait. */
static Report *report_of(Manager *manager, const Verdict *verdict) {
        bool urgent = verdict->kind == VERDICT_LIMIT || verdict->kind == VERDICT_KILLS;

        return urgent ? NULL : manager_take_report(manager, verdict);
}

static bool is_kept(const Manager *manager, const Verdict *verdict) {
        return verdict->kind == VERDICT_KEEP ||
               (verdict->kind == VERDICT_INCONCLUSIVE &&
                manager->pending->on_inconclusive == ON_INCONCLUSIVE_KEEP);
}

/* Of the slowest knob that was changed. */
static usec_t settling_of(const Plan *plan) {
        usec_t settling = 0;

        for (size_t i = 0; i < plan->n; i++)
                if (plan->steps[i].kind == STEP_SET)
                        settling = MAX_OF(settling, knob_settling_usec(plan->steps[i].ref.knob));
        return settling;
}

/* The metric whose mean rose most: an alarm may come from one that rose by less than harm. */
static Metric find_worst(const Report *report) {
        Metric worst = _METRIC_INVALID;
        double most = 0;

        for (size_t i = 0; report && i < report->n_metrics; i++) {
                const ReportMetric *metric = &report->metrics[i];
                double rise = metric->since.known
                                      ? metric->since.mean -
                                                (metric->before.known ? metric->before.mean : 0)
                                      : 0;
                if (rise <= most)
                        continue;
                most = rise;
                worst = metric->metric;
        }
        return worst;
}

/* A deadline for a person to confirm is a person's decision, which no trial takes over. */
static void
take_back_by_verdict(Manager *manager, const char *why, const Verdict *verdict, Report *report) {
        const Journal *pending = manager->pending;
        bool confirms = verdict->kind == VERDICT_REGRESSION && !pending->confirm &&
                        pending->on_regression == ON_REGRESSION_CONFIRM;
        _cleanup_(freep) char *profile = strdup(pending->profile);
        usec_t settling = settling_of(pending->plan);
        Metric worst = find_worst(report);
        uint64_t id = pending->id;

        int r = manager_take_back(manager, EVENT_REVERTED, why, NULL, verdict, report);
        if (r >= 0 && confirms && profile)
                manager_confirm(manager, profile, id, worst, settling);
}

static void on_verdict(const Verdict *verdict, void *userdata) {
        Manager *manager = userdata;
        Refusal refusal = {0};

        _cleanup_(report_freep) Report *report = report_of(manager, verdict);
        _cleanup_(freep) char *why = evidence_explain(manager->probation, verdict, report);
        const char *text = why ? why : "out of memory";
        if (!is_kept(manager, verdict)) {
                take_back_by_verdict(manager, text, verdict, TAKE_PTR(report));
                return;
        }
        if (manager_keep_pending(manager, text, NULL, TAKE_PTR(report), &refusal) < 0)
                postpone_keep(manager, refusal.text ? refusal.text : text);
        refusal_done(&refusal);
}

static void on_regressed(void *userdata) {
        static const Verdict verdict = {.kind = VERDICT_REGRESSION};
        Manager *manager = userdata;
        Event *event = event_new(EVENT_REGRESSION, manager->pending->profile, manager->pending->id);

        _cleanup_(report_freep) Report *report = manager_take_report(manager, &verdict);
        _cleanup_(freep) char *why = evidence_explain(manager->probation, &verdict, report);
        if (event) {
                (void) event_set_message(event,
                                         "%s stays in force, as on-regression is report, but %s.",
                                         manager->pending->profile,
                                         why ? why : "it regressed");
                evidence_add(manager->probation, &verdict, report, event);
        }
        events_emit(manager->events, event);
}

static void on_killed(void *userdata) {
        manager_tell_kills(userdata);
}

static void on_watched(const WatchLimit *limit, bool watched, void *userdata) {
        Manager *manager = userdata;
        Event *event = event_new(EVENT_PROBLEM, manager->pending->profile, manager->pending->id);

        if (event)
                (void) event_set_message(
                        event,
                        watched ? "%s of %s is watched again."
                                : "%s of %s is not watched: its file is gone. Reverted at "
                                  "the end of the probation unless it comes back.",
                        probation_limit_name(limit),
                        manager->pending->pressure_of ? manager->pending->pressure_of : "system");
        events_emit(manager->events, event);
}

const ProbationCallbacks *manager_probation_callbacks(Manager *manager,
                                                      ProbationCallbacks *buffer) {
        *buffer = (ProbationCallbacks){
                .verdict = on_verdict,
                .watched = on_watched,
                .regressed = on_regressed,
                .killed = on_killed,
                .userdata = manager,
        };
        return buffer;
}

/* Knobs that cannot be restored stay as they are: the person who says so has seen which. */
static int give_up_restoring(Manager *manager, const char *by) {
        bool pending = manager->pending != NULL;
        const Journal *journal = pending ? manager->pending : manager->kept;
        Event *event = event_new(EVENT_PROBLEM, journal->profile, journal->id);

        if (event) {
                (void) event_set_message(event,
                                         "Given up restoring after %s, as a person said keep: the "
                                         "knobs named before as not restored stay as they are.",
                                         journal->profile);
                if (by)
                        (void) event_add(event, "by", "%s", by);
        }
        events_emit(manager->events, event);
        (void) manager_forget(manager, pending);
        return 0;
}

int manager_keep(Manager *manager, uint64_t id, const char *by, Refusal *ret_refusal) {
        if (manager->state == MANAGER_TRIAL)
                return refuse(ret_refusal,
                              MEMCTL_ERROR_BUSY,
                              "%s is on trial; 'memctl trial --stop' ends that",
                              manager->pending->profile);
        if (manager->state == MANAGER_REVERTING && (id == 0 || id == manager_transaction(manager)))
                return give_up_restoring(manager, by);
        if (!manager->pending)
                return refuse(ret_refusal,
                              MEMCTL_ERROR_NOTHING,
                              "nothing is on probation%s%s",
                              manager->kept ? ", already kept: " : "",
                              manager->kept ? manager->kept->profile : "");
        if (id != 0 && id != manager->pending->id)
                return refuse(ret_refusal,
                              MEMCTL_ERROR_NOTHING,
                              "transaction %lu is not on probation, %lu (%s) is",
                              (unsigned long) id,
                              (unsigned long) manager->pending->id,
                              manager->pending->profile);
        return manager_keep_pending(manager, "a person said keep", by, NULL, ret_refusal);
}

/* What is not in force may still have to be made known to the disk. */
static int refuse_nothing(Manager *manager, Refusal *ret_refusal) {
        int r = manager_catch_up(manager);

        if (r < 0)
                return refuse(ret_refusal,
                              MEMCTL_ERROR_FAILED,
                              "no profile is in force, but the record of one cannot be removed "
                              "from the state folder: %s; 'memctl revert' tries that again",
                              strerror(-r));
        return refuse(ret_refusal, MEMCTL_ERROR_NOTHING, "no profile is in force");
}

int manager_revert(
        Manager *manager, uint64_t id, const char *reason, const char *by, Refusal *ret_refusal) {
        if (!manager->pending && !manager->kept)
                return refuse_nothing(manager, ret_refusal);
        if (id != 0 && id != manager_transaction(manager))
                return refuse(ret_refusal,
                              MEMCTL_ERROR_NOTHING,
                              "transaction %lu is not in force, %lu (%s) is",
                              (unsigned long) id,
                              (unsigned long) manager_transaction(manager),
                              manager_profile(manager));
        manager_forget_confirmation(manager);
        _cleanup_(freep) char *profile = strdup(manager_profile(manager));
        if (manager->state == MANAGER_TRIAL) {
                int r = manager_end_trial(
                        manager, reason && reason[0] ? reason : "a person said revert", by);
                return r >= 0 ? 0 : manager_refuse_revert(manager, profile, r, ret_refusal);
        }
        int r = manager_take_back(manager,
                                  EVENT_REVERTED,
                                  reason && reason[0] ? reason : "a person said revert",
                                  by,
                                  NULL,
                                  NULL);
        return r >= 0 ? 0 : manager_refuse_revert(manager, profile, r, ret_refusal);
}
