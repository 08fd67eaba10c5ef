/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/quantity.h"
#include "core/profile/merge.h"
#include "daemon/log.h"
#include "daemon/manager-private.h"

static const Plan *plan_of(const Manager *manager, bool arm) {
        return manager->arm_plans[arm];
}

static int check_pending(const Manager *manager, Refusal *ret_refusal) {
        if (!manager->pending)
                return 0;
        return refuse(ret_refusal,
                      MEMCTL_ERROR_BUSY,
                      manager->state == MANAGER_TRIAL
                              ? "%s is on trial; 'memctl trial --stop' ends "
                                "that"
                              : "%s is on probation; 'memctl keep' or "
                                "'memctl revert' it first",
                      manager->pending->profile);
}

static void forget_arms(Manager *manager) {
        plan_freep(&manager->arm_plans[0]);
        plan_freep(&manager->arm_plans[1]);
}

/* Switching */

/* Takes the setting in force back; what was changed from outside, or could not be, ends the trial.
 */
static int take_plan_back(Manager *manager, const Plan *plan, bool whole) {
        Undoing *undoing = &manager->undoing;
        MinFree min_free;

        transaction_min_free(manager->root, plan, whole, &min_free);
        int r = transaction_undo(manager->root, plan, whole, &min_free, undoing);
        if (r < 0)
                return r;
        return undoing_count(undoing, STEP_LEFT_ALONE) + undoing_count(undoing, STEP_STUCK) > 0
                       ? -EBUSY
                       : 0;
}

/* Half a setting is none: it is taken back at once. What is stuck then is tried again at the end.
 */
static int on_switch(bool arm, bool *ret_in_force, void *userdata) {
        Manager *manager = userdata;
        Failure failure;

        int r = take_plan_back(manager, plan_of(manager, !arm), true);
        if (r < 0)
                return r;
        *ret_in_force = arm;
        r = transaction_apply(manager->root, plan_of(manager, arm), &failure);
        if (r < 0) {
                _cleanup_(freep) char *what = failure_format(&failure);
                log_error("the trial's setting could not be written: %s",
                          what ? what : strerror(-r));
                (void) take_plan_back(manager, plan_of(manager, arm), false);
        }
        return r;
}

/* Of a limit during a trial: the setting in force is the one that caused it. */
static void on_verdict(const Verdict *verdict, void *userdata) {
        Manager *manager = userdata;
        bool arm = trial_run_arm(manager->trial_run);
        uint64_t id = manager->pending->id;
        char profile[PROFILE_NAME_MAX];

        (void) snprintf(profile, sizeof(profile), "%s", manager->pending->profile);
        _cleanup_(freep) char *why = evidence_explain(manager->probation, verdict, NULL);
        _cleanup_(freep) char *text = text_format("%s, with the %s setting in force",
                                                  why ? why : "a limit was exceeded",
                                                  arm ? "new" : "old");
        (void) manager_end_trial(manager, text ? text : "a limit was exceeded", NULL);
        if (arm)
                manager_note_revert(manager, id, profile, text ? text : "a limit was exceeded");
}

static void on_watched(const WatchLimit *limit, bool watched, void *userdata) {
        Manager *manager = userdata;

        if (!watched)
                (void) manager_end_trial(manager, "a limit can no longer be watched", NULL);
}

static void on_killed(void *userdata) {
        manager_tell_kills(userdata);
}

static void on_end(TrialEnd end, void *userdata) {
        Manager *manager = userdata;

        switch (end) {
        case TRIAL_END_JUDGED:
                (void) manager_end_trial(manager, NULL, NULL);
                return;
        case TRIAL_END_BUDGET:
                (void) manager_end_trial(
                        manager, "the new setting has cost more stall than a trial may", NULL);
                return;
        case TRIAL_END_FAILED:
                (void) manager_end_trial(
                        manager,
                        "a knob was changed from outside, or the kernel refused a switch",
                        NULL);
                return;
        }
}

/* Ending */

Report *manager_trial_report(Manager *manager, const char *why_void) {
        const Journal *journal = manager->pending;
        const TrialSchedule *schedule = &journal->schedule;
        Report *report = manager_take_report(manager, NULL);

        if (!report)
                return NULL;
        report->n_blocks = 0; /* those of the trial tell which setting was in force */
        if (trial_run_report(manager->trial_run, report) < 0 ||
            judgement_take_trial(report,
                                 trial_run_trial(manager->trial_run),
                                 schedule->metric,
                                 (double) schedule->block_usec / USEC_PER_SEC,
                                 (double) schedule->washout_usec / USEC_PER_SEC) < 0)
                return report_free(report);
        report->trial.against = journal->against ? strdup(journal->against) : NULL;
        if (why_void) {
                free(report->trial.effect);
                report->trial.effect = NULL;
                free(report->sentence);
                report->sentence = text_format("void: %s", why_void);
        }
        return report;
}

static void
tell_end(Manager *manager, const Report *report, const Undoing *undoing, const char *by) {
        const Journal *journal = manager->pending;
        const Plan *plan = plan_of(manager, trial_run_arm(manager->trial_run));
        _cleanup_(freep) char *alone = undoing_format(undoing, plan, STEP_LEFT_ALONE);
        _cleanup_(freep) char *stuck = undoing_format(undoing, plan, STEP_STUCK);
        Event *event = event_new(EVENT_TRIAL, journal->profile, journal->id);

        if (event) {
                (void) event_set_message(
                        event,
                        "The trial of %s against %s ended, %s. What was in force before is %s"
                        "again.%s%s%s%s%s%s",
                        journal->profile,
                        journal->against ? journal->against : "what was in force",
                        report && report->sentence ? report->sentence : "out of memory",
                        undoing->results ? "in force " : "NOT in force; 'memctl revert' tries ",
                        alone && alone[0] ? " Changed from outside, left alone: " : "",
                        alone ? alone : "",
                        alone && alone[0] ? "." : "",
                        stuck && stuck[0] ? " NOT restored: " : "",
                        stuck ? stuck : "",
                        stuck && stuck[0] ? ". 'memctl revert' tries again." : "");
                if (by)
                        (void) event_add(event, "by", "%s", by);
                bool judged = report && report->trial.effect;
                (void) event_add(event, "trial", "%s", judged ? "ended" : "void");
                if (judged)
                        (void) event_add(event, "effect", "%s", report->trial.effect);
                if (report && report->trial.known) {
                        (void) event_add(
                                event, "metric", "%s", metric_to_string(report->trial.metric));
                        (void) event_add(event, "points", "%+.3f", report->trial.points * 100);
                        (void) event_add(event,
                                         "interval",
                                         "%+.3f to %+.3f",
                                         report->trial.low * 100,
                                         report->trial.high * 100);
                        (void) event_add(event, "p", "%.2g", report->trial.p);
                        (void) event_add(event, "blocks", "%zu", report->trial.n_blocks);
                }
        }
        events_emit(manager->events, event);
}

/* What is stuck, or with undoing NULL all of it, is no trial any more, but to be reverted. */
static int leave_stuck(Manager *manager, Plan *plan, const Undoing *undoing) {
        Journal *journal = manager->pending;

        plan_freep(&journal->plan);
        journal->plan = plan;
        journal->trial = false;
        if (undoing)
                manager_keep_stuck(manager, journal, JOURNAL_PENDING, undoing);
        else {
                journal->phase = JOURNAL_REVERTING;
                journal->whole = true;
        }
        forget_arms(manager);
        manager_set_state(manager, MANAGER_REVERTING);
        return -EBUSY;
}

/* Takes the plan over, which was taken back, or with undoing NULL could not be. */
static int forget(Manager *manager, Plan *plan, const Undoing *undoing) {
        _cleanup_(plan_freep) Plan *owned = plan;

        probation_freep(&manager->probation);
        trial_run_freep(&manager->trial_run);
        if (!undoing || undoing_count(undoing, STEP_STUCK) > 0)
                return leave_stuck(manager, TAKE_PTR(owned), undoing);
        int r = manager_forget_journal(manager, TAKE_PTR(manager->pending), true);
        forget_arms(manager);
        manager_mark(manager, manager_transaction(manager));
        manager_set_state(manager, manager_rest_state(manager, MANAGER_IDLE));
        return r;
}

int manager_end_trial(Manager *manager, const char *why_void, const char *by) {
        bool arm = trial_run_arm(manager->trial_run);
        Trial trial = *trial_run_trial(manager->trial_run);

        manager->state = MANAGER_REVERTING;
        int r = take_plan_back(manager, plan_of(manager, arm), true);
        bool undone = r >= 0 || r == -EBUSY;
        if (!undone)
                log_error("the trial's setting could not be taken back: %s", strerror(-r));
        probation_count_kills(manager->probation);
        _cleanup_(report_freep) Report *report = manager_trial_report(manager, why_void);
        manager_tell_kills(manager);
        tell_end(manager, report, &manager->undoing, by);
        manager_store_report(manager, TAKE_PTR(report), "trial");
        r = forget(manager, TAKE_PTR(manager->arm_plans[arm]), undone ? &manager->undoing : NULL);
        manager_conclude(manager, why_void ? NULL : &trial);
        return r;
}

/* Beginning */

static void tell_begin(Manager *manager, const char *by, const char *why) {
        const Journal *journal = manager->pending;
        const TrialSchedule *schedule = &journal->schedule;
        char block[64], washout[64], most[64];
        Event *event = event_new(EVENT_TRIAL, journal->profile, journal->id);

        if (event) {
                format_duration(schedule->block_usec, block);
                format_duration(schedule->washout_usec, washout);
                format_duration(schedule->block_usec * schedule->n_blocks, most);
                (void) event_set_message(event,
                                         "The trial of %s against %s began: %s in blocks of %s, of "
                                         "which the first %s are left out, %s at most.%s%s",
                                         journal->profile,
                                         journal->against ? journal->against : "what is in force",
                                         metric_to_string(schedule->metric),
                                         block,
                                         washout,
                                         most,
                                         why ? " " : "",
                                         why ? why : "");
                (void) event_add(event, "trial", "began");
                if (by)
                        (void) event_add(event, "by", "%s", by);
        }
        events_emit(manager->events, event);
}

static int watch_limits(Manager *manager, Journal *journal, Refusal *ret_refusal) {
        const ProbationCallbacks callbacks = {
                .verdict = on_verdict,
                .watched = on_watched,
                .killed = on_killed,
                .userdata = manager,
        };
        const WatchLimit *limit = NULL;
        Baseline *baseline = NULL;

        int r = manager_find_baseline(manager, journal->pressure_of, &baseline);
        if (r >= 0)
                r = undoing_reserve(&manager->undoing,
                                    MAX_OF(plan_of(manager, false)->n, plan_of(manager, true)->n));
        if (r >= 0)
                r = probation_new(manager->root,
                                  manager->event,
                                  baseline,
                                  journal,
                                  &callbacks,
                                  &limit,
                                  &manager->probation);
        if (r >= 0)
                return 0;
        return refuse(ret_refusal,
                      MEMCTL_ERROR_FAILED,
                      "the pressure of %s cannot be watched: %s",
                      journal->pressure_of,
                      strerror(-r));
}

/* Back to what was in force, after a beginning that failed. */
static void abandon(Manager *manager) {
        Plan *plan = TAKE_PTR(manager->pending->plan); /* leads back from either setting */

        int r = take_plan_back(manager, plan, false);
        (void) forget(manager, plan, r >= 0 || r == -EBUSY ? &manager->undoing : NULL);
}

/* The schedule is on disk, so that a crash from here on puts back what was in force. */
static int begin_switching(Manager *manager, Refusal *ret_refusal) {
        const TrialRunCallbacks callbacks = {on_switch, on_end, manager};
        Failure failure;

        if (transaction_apply(manager->root, plan_of(manager, false), &failure) < 0) {
                _cleanup_(freep) char *what = failure_format(&failure);
                return refuse(ret_refusal,
                              MEMCTL_ERROR_REFUSED,
                              "%s; nothing stays changed",
                              what ? what : "out of memory");
        }
        int r = trial_run_new(manager->event,
                              probation_baseline(manager->probation),
                              &manager->pending->schedule,
                              &callbacks,
                              &manager->trial_run);
        return r >= 0 ? 0
                      : refuse(ret_refusal,
                               MEMCTL_ERROR_FAILED,
                               "the trial could not begin: %s; nothing stays changed",
                               r == -EIO ? "the kernel refused a setting" : strerror(-r));
}

static int begin(Manager *manager, Journal *journal, Refusal *ret_refusal) {
        _cleanup_(journal_freep) Journal *owned = journal;

        int r = watch_limits(manager, owned, ret_refusal);
        if (r < 0)
                return r;
        owned->started_usec = manager_boottime();
        owned->deadline_usec =
                owned->started_usec + owned->schedule.block_usec * owned->schedule.n_blocks;
        probation_note_before(manager->probation);
        r = manager_write_pending(manager, owned);
        if (r < 0) {
                probation_freep(&manager->probation);
                return refuse(ret_refusal,
                              MEMCTL_ERROR_FAILED,
                              "nothing was changed, since the schedule cannot be recorded: %s",
                              strerror(-r));
        }
        probation_note_start(manager->probation);
        manager_mark(manager, owned->id);
        manager->pending = TAKE_PTR(owned);
        r = begin_switching(manager, ret_refusal);
        if (r < 0)
                abandon(manager);
        return r;
}

int manager_begin_trial(Manager *manager,
                        const char *name,
                        const char *against,
                        const TrialOptions *options,
                        const char *by,
                        const char *why,
                        uint64_t *ret_id,
                        Refusal *ret_refusal) {
        _cleanup_(journal_freep) Journal *journal = NULL;

        int r = check_pending(manager, ret_refusal);
        if (r >= 0)
                r = manager_check_hold(manager, name, ret_refusal);
        if (r < 0)
                return r;
        r = manager_plan_trial(manager, name, against, options, &journal, ret_refusal);
        if (r < 0) {
                forget_arms(manager);
                return r;
        }
        uint64_t id = journal->id;
        r = begin(manager, TAKE_PTR(journal), ret_refusal);
        if (r < 0) {
                forget_arms(manager);
                return r;
        }
        tell_begin(manager, by, why);
        manager_set_state(manager, MANAGER_TRIAL);
        *ret_id = id;
        return 0;
}

int manager_start_trial(Manager *manager,
                        const char *name,
                        const char *against,
                        const TrialOptions *options,
                        const char *by,
                        uint64_t *ret_id,
                        Refusal *ret_refusal) {
        int r = manager_begin_trial(manager, name, against, options, by, NULL, ret_id, ret_refusal);

        if (r >= 0)
                manager_forget_confirmation(manager);
        return r;
}

int manager_stop_trial(Manager *manager, uint64_t id, const char *by, Refusal *ret_refusal) {
        if (manager->state != MANAGER_TRIAL)
                return refuse(ret_refusal, MEMCTL_ERROR_NOTHING, "nothing is on trial");
        if (id != 0 && id != manager->pending->id)
                return refuse(ret_refusal,
                              MEMCTL_ERROR_NOTHING,
                              "trial %lu does not run, %lu (%s) does",
                              (unsigned long) id,
                              (unsigned long) manager->pending->id,
                              manager->pending->profile);
        _cleanup_(freep) char *profile = strdup(manager->pending->profile);
        int r = manager_end_trial(manager, "a person stopped it", by);
        return r >= 0 ? 0 : manager_refuse_revert(manager, profile, r, ret_refusal);
}

bool manager_trial(const Manager *manager, TrialView *ret) {
        if (manager->state != MANAGER_TRIAL || !manager->trial_run)
                return false;
        *ret = (TrialView){
                .against = manager->pending->against,
                .schedule = &manager->pending->schedule,
                .block = trial_run_block(manager->trial_run),
                .arm = trial_run_arm(manager->trial_run),
                .trial = trial_run_trial(manager->trial_run),
        };
        return true;
}
