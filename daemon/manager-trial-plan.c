/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a trial will do, before anything is done: which settings, how long, by which coins. */

#include "core/base/quantity.h"
#include "core/profile/merge.h"
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
        journal->oom_limit = watch->oom_kills;
        journal->baseline_usec = watch->baseline_usec;
        journal->pressure_of = strdup(watch->pressure_of);
        journal->against = against && against[0] ? strdup(against) : NULL;
        if (!journal->pressure_of || (against && against[0] && !journal->against))
                return refuse(ret_refusal, MEMCTL_ERROR_FAILED, "out of memory");
        *ret = TAKE_PTR(journal);
        return 0;
}

int manager_plan_trial(Manager *manager,
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
