/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/quantity.h"
#include "core/profile/merge.h"
#include "daemon/log.h"
#include "daemon/manager-private.h"

/* What is measured of a block, at least, behind its washout. */
#define MEASURED_MIN_USEC (10 * USEC_PER_SEC)
/* A block is this many times its washout, unless asked for otherwise. */
#define BLOCK_WASHOUTS 3

static const Plan *plan_of(const Manager *manager, bool arm) {
        return manager->arm_plans[arm];
}

/* The slowest knob of a plan; NULL when it changes nothing. */
static const Step *find_slowest(const Plan *plan) {
        const Step *slowest = NULL;

        for (size_t i = 0; i < plan->n; i++)
                if (plan->steps[i].kind == STEP_SET &&
                    (!slowest || knob_settling_usec(plan->steps[i].ref.knob) >
                                         knob_settling_usec(slowest->ref.knob)))
                        slowest = &plan->steps[i];
        return slowest;
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

static int check_quarantine(const Manager *manager, const char *name, Refusal *ret_refusal) {
        const QuarantineEntry *entry = quarantine_find(&manager->quarantine, name);

        return !entry ? 0
                      : refuse(ret_refusal,
                               MEMCTL_ERROR_QUARANTINED,
                               "%s is quarantined: %s; 'memctl release %s' lets it be tried again",
                               name,
                               entry->reason,
                               name);
}

/* The way from what is in force to the profile, and how it is watched. */
static int make_arm(Manager *manager,
                    const char *name,
                    Plan **ret_plan,
                    Settings **ret_settings,
                    Refusal *ret_refusal) {
        _cleanup_(settings_freep) Settings *settings = NULL;

        int r = check_quarantine(manager, name, ret_refusal);
        if (r >= 0)
                r = manager_resolve(manager, name, &settings, ret_refusal);
        if (r >= 0)
                r = manager_make_plan(manager, settings, ret_plan, ret_refusal);
        if (r >= 0)
                *ret_settings = TAKE_PTR(settings);
        return r;
}

static int check_settling(const Plan *plan, Refusal *ret_refusal) {
        const Step *slowest = find_slowest(plan);
        char name[KNOB_NAME_MAX];

        if (!slowest || knob_settling_usec(slowest->ref.knob) < USEC_INFINITY)
                return 0;
        knob_ref_name(slowest->ref, name);
        return refuse(ret_refusal,
                      MEMCTL_ERROR_REFUSED,
                      "%s cannot be on trial: %s takes too long to show what it does, or leaves "
                      "behind what it made; 'memctl apply' compares with the time before instead",
                      plan->profile,
                      name);
}

static usec_t settling_of(const Plan *plan) {
        const Step *slowest = find_slowest(plan);

        return slowest ? knob_settling_usec(slowest->ref.knob) : 0;
}

/* Dirty limits make writers wait for io; all else shows in memory. */
static Metric usual_metric(const Plan *plan) {
        for (size_t i = 0; i < plan->n; i++)
                if (plan->steps[i].kind == STEP_SET &&
                    plan->steps[i].ref.knob->stage != KNOB_STAGE_DIRTY)
                        return METRIC_MEMORY_SOME;
        return plan->n > 0 ? METRIC_IO_FULL : METRIC_MEMORY_SOME;
}

static int make_schedule(const Plan *old,
                         const Plan *new,
                         const TrialOptions *options,
                         TrialSchedule *ret,
                         Refusal *ret_refusal) {
        usec_t settling = MAX_OF(settling_of(old), settling_of(new));
        TrialSchedule schedule = {.metric = options->metric < 0 ? usual_metric(new)
                                                                : options->metric};
        char text[64], least[64];

        schedule.washout_usec = options->washout_usec ? options->washout_usec : settling;
        schedule.block_usec =
                options->block_usec ? options->block_usec : schedule.washout_usec * BLOCK_WASHOUTS;
        format_duration(settling, least);
        if (schedule.washout_usec < settling)
                return refuse(ret_refusal,
                              MEMCTL_ERROR_INVALID_ARGUMENT,
                              "the washout is too short: the slowest of these knobs needs %s",
                              least);
        format_duration(schedule.washout_usec + MEASURED_MIN_USEC, least);
        if (schedule.block_usec < schedule.washout_usec + MEASURED_MIN_USEC)
                return refuse(ret_refusal,
                              MEMCTL_ERROR_INVALID_ARGUMENT,
                              "the block is too short: with this washout it needs %s",
                              least);
        size_t n = options->duration_usec
                           ? (size_t) MIN_OF(options->duration_usec / schedule.block_usec,
                                             (usec_t) TRIAL_BLOCKS_MAX)
                           : TRIAL_BLOCKS_MAX;
        format_duration(schedule.block_usec, text);
        format_duration(schedule.block_usec * TRIAL_BLOCKS_MIN, least);
        if (n < TRIAL_BLOCKS_MIN)
                return refuse(
                        ret_refusal,
                        MEMCTL_ERROR_INVALID_ARGUMENT,
                        "the duration is too short: %d blocks of %s, which are the least that "
                        "can tell anything, take %s",
                        TRIAL_BLOCKS_MIN,
                        text,
                        least);
        int r = trial_schedule_draw(&schedule, n);
        if (r < 0)
                return refuse(ret_refusal, MEMCTL_ERROR_FAILED, "no coins: %s", strerror(-r));
        *ret = schedule;
        return 0;
}

/* What the journal holds leads from either setting back to what is in force now. */
static int make_journal(Manager *manager,
                        const Settings *settings,
                        const char *against,
                        const TrialSchedule *schedule,
                        Journal **ret,
                        Refusal *ret_refusal) {
        _cleanup_(journal_freep) Journal *journal =
                journal_new(manager_next_id(manager), settings->profile, manager->facts.boot_id);
        const Watch *watch = &settings->watch;

        if (!journal ||
            plan_merge(plan_of(manager, false), plan_of(manager, true), &journal->plan) < 0)
                return refuse(ret_refusal, MEMCTL_ERROR_FAILED, "out of memory");
        journal->trial = true;
        journal->schedule = *schedule;
        memcpy(journal->limits, watch->limits, sizeof(journal->limits));
        journal->n_limits = watch->n_limits;
        journal->baseline_usec = watch->baseline_usec;
        journal->pressure_of = strdup(watch->pressure_of);
        journal->against = against && against[0] ? strdup(against) : NULL;
        if (!journal->pressure_of || (against && against[0] && !journal->against))
                return refuse(ret_refusal, MEMCTL_ERROR_FAILED, "out of memory");
        *ret = TAKE_PTR(journal);
        return 0;
}

static void forget_arms(Manager *manager) {
        plan_freep(&manager->arm_plans[0]);
        plan_freep(&manager->arm_plans[1]);
}

/* Switching */

/* Takes the setting in force back; what was changed from outside, or could not be, ends the trial.
 */
static int take_arm_back(Manager *manager, bool arm, Undoing *ret) {
        const Plan *plan = plan_of(manager, arm);
        MinFree min_free;

        transaction_min_free(manager->root, plan, true, &min_free);
        int r = transaction_undo(manager->root, plan, true, &min_free, ret);
        if (r < 0)
                return r;
        return undoing_count(ret, STEP_LEFT_ALONE) + undoing_count(ret, STEP_STUCK) > 0 ? -EBUSY
                                                                                        : 0;
}

static int on_switch(bool arm, void *userdata) {
        _cleanup_(undoing_done) Undoing undoing = {0};
        Manager *manager = userdata;
        Failure failure;

        int r = take_arm_back(manager, !arm, &undoing);
        if (r < 0)
                return r;
        r = transaction_apply(manager->root, plan_of(manager, arm), &failure);
        if (r < 0) {
                _cleanup_(freep) char *what = failure_format(&failure);
                log_error("the trial's setting could not be written: %s",
                          what ? what : strerror(-r));
        }
        return r;
}

/* Of a limit during a trial: the setting in force is the one that caused it. */
static void on_verdict(const Verdict *verdict, void *userdata) {
        Manager *manager = userdata;

        _cleanup_(freep) char *why = evidence_explain(manager->probation, verdict, NULL);
        _cleanup_(freep) char *text =
                text_format("%s, with the %s setting in force",
                            why ? why : "a limit was exceeded",
                            trial_run_arm(manager->trial_run) ? "new" : "old");
        manager_end_trial(manager, text ? text : "a limit was exceeded", NULL);
}

static void on_watched(const WatchLimit *limit, bool watched, void *userdata) {
        Manager *manager = userdata;

        if (!watched)
                manager_end_trial(manager, "a limit can no longer be watched", NULL);
}

static void on_end(TrialEnd end, void *userdata) {
        Manager *manager = userdata;

        switch (end) {
        case TRIAL_END_JUDGED:
                manager_end_trial(manager, NULL, NULL);
                return;
        case TRIAL_END_BUDGET:
                manager_end_trial(
                        manager, "the new setting has cost more stall than a trial may", NULL);
                return;
        case TRIAL_END_FAILED:
                manager_end_trial(manager,
                                  "a knob was changed from outside, or the kernel refused a switch",
                                  NULL);
                return;
        }
}

/* Ending */

static Report *make_report(Manager *manager, const char *why_void) {
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
                        "The trial of %s against %s ended, %s. What was in force before is in "
                        "force "
                        "again.%s%s%s%s%s%s",
                        journal->profile,
                        journal->against ? journal->against : "what was in force",
                        report && report->sentence ? report->sentence : "out of memory",
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

static void forget(Manager *manager, const Undoing *undoing, bool arm) {
        Journal *journal = manager->pending;

        probation_freep(&manager->probation);
        trial_run_freep(&manager->trial_run);
        if (undoing_count(undoing, STEP_STUCK) > 0) {
                plan_freep(&journal->plan);
                journal->plan = TAKE_PTR(manager->arm_plans[arm]);
                journal->trial = false;
                manager_keep_stuck(manager, journal, JOURNAL_PENDING, undoing);
                forget_arms(manager);
                manager_set_state(manager, MANAGER_REVERTING);
                return;
        }
        int r = journal_remove(manager->state_fd, JOURNAL_PENDING);
        if (r < 0)
                log_error("cannot remove the journal of the trial: %s", strerror(-r));
        journal_freep(&manager->pending);
        forget_arms(manager);
        manager_mark(manager, manager_transaction(manager));
        manager_set_state(manager, manager_rest_state(manager, MANAGER_IDLE));
}

void manager_end_trial(Manager *manager, const char *why_void, const char *by) {
        _cleanup_(undoing_done) Undoing undoing = {0};
        bool arm = trial_run_arm(manager->trial_run);
        Trial trial = *trial_run_trial(manager->trial_run);

        manager->state = MANAGER_REVERTING;
        int r = take_arm_back(manager, arm, &undoing);
        if (r < 0 && r != -EBUSY)
                log_error("the trial's setting could not be taken back: %s", strerror(-r));
        _cleanup_(report_freep) Report *report = make_report(manager, why_void);
        tell_end(manager, report, &undoing, by);
        manager_store_report(manager, TAKE_PTR(report), "trial");
        forget(manager, &undoing, arm);
        manager_conclude(manager, why_void ? NULL : &trial);
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
        const ProbationCallbacks callbacks = {on_verdict, on_watched, NULL, manager};
        const WatchLimit *limit = NULL;
        Baseline *baseline = NULL;

        int r = manager_find_baseline(manager, journal->pressure_of, &baseline);
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
        _cleanup_(undoing_done) Undoing undoing = {0};
        bool arm = manager->trial_run && trial_run_arm(manager->trial_run);

        (void) take_arm_back(manager, arm, &undoing);
        forget(manager, &undoing, arm);
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
        r = journal_write(manager->state_fd, JOURNAL_PENDING, owned);
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

static int prepare(Manager *manager,
                   const char *name,
                   const char *against,
                   const TrialOptions *options,
                   Journal **ret,
                   Refusal *ret_refusal) {
        _cleanup_(settings_freep) Settings *settings = NULL, *old = NULL;
        TrialSchedule schedule = {0};
        bool is_compared = against && against[0];

        int r = make_arm(manager, name, &manager->arm_plans[true], &settings, ret_refusal);
        if (r >= 0 && is_compared)
                r = make_arm(manager, against, &manager->arm_plans[false], &old, ret_refusal);
        else if (r >= 0 && !(manager->arm_plans[false] = calloc(1, sizeof(Plan))))
                r = refuse(ret_refusal, MEMCTL_ERROR_FAILED, "out of memory");
        if (r >= 0)
                r = check_settling(plan_of(manager, true), ret_refusal);
        if (r >= 0)
                r = check_settling(plan_of(manager, false), ret_refusal);
        if (r >= 0 && !find_slowest(plan_of(manager, true)) &&
            !find_slowest(plan_of(manager, false)))
                r = refuse(ret_refusal,
                           MEMCTL_ERROR_REFUSED,
                           "there is nothing to compare: what %s sets is in force already",
                           name);
        if (r >= 0)
                r = make_schedule(plan_of(manager, false),
                                  plan_of(manager, true),
                                  options,
                                  &schedule,
                                  ret_refusal);
        return r < 0 ? r : make_journal(manager, settings, against, &schedule, ret, ret_refusal);
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
        if (r < 0)
                return r;
        r = prepare(manager, name, against, options, &journal, ret_refusal);
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
        manager_end_trial(manager, "a person stopped it", by);
        return 0;
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
