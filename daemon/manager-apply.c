/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/quantity.h"
#include "daemon/log.h"
#include "daemon/manager-private.h"

/* A refusal is told to everyone, not only to the one who asked. */
static void tell_refusal(Manager *manager, const char *profile, const char *by, const char *text) {
        Event *event = event_new(EVENT_REFUSED, profile, 0);
        if (event) {
                (void) event_set_message(
                        event, "%s was not applied: %s", profile, text ? text : "out of memory");
                if (by)
                        (void) event_add(event, "by", "%s", by);
        }
        events_emit(manager->events, event);
}

int manager_resolve(Manager *manager, const char *name, Settings **ret, Refusal *ret_refusal) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        _cleanup_(settings_freep) Settings *settings = NULL;

        int r = facts_read(manager->root, &problems, &manager->facts);
        if (r >= 0)
                r = resolve_name(
                        manager->root, name, STORE_TRUSTED, &manager->facts, &problems, &settings);
        _cleanup_(freep) char *text = problems_format(&problems);
        if (r == -ENOENT)
                return refuse(ret_refusal,
                              MEMCTL_ERROR_NO_SUCH_PROFILE,
                              "%s",
                              text ? text : "no such profile");
        if (r < 0)
                return refuse(ret_refusal,
                              MEMCTL_ERROR_INVALID_PROFILE,
                              "%s",
                              text && text[0] ? text : strerror(-r));
        if (problems.n > 0)
                log_notice("%s", text ? text : "");
        if (!settings->applicable)
                return refuse(ret_refusal,
                              MEMCTL_ERROR_NOT_APPLICABLE,
                              "%s is not applicable to this machine: %s",
                              name,
                              settings->why_not);
        *ret = TAKE_PTR(settings);
        return 0;
}

/* A setting that leads back to where the kept profile found a knob. */
static int restore_of(const Manager *manager, const Step *step, Setting *ret) {
        Setting setting = {0};

        step_undo_target(step, &setting.ref, &setting.value);
        int r = knob_value_type(setting.ref.knob, &manager->facts.context, &setting.type);
        if (r < 0)
                return r;
        setting.origin = strdup("original value");
        if (!setting.origin)
                return -ENOMEM;
        *ret = setting;
        return 0;
}

static bool is_set(const Settings *settings, const Step *step) {
        return settings_find(settings, step->ref) ||
               (step->paired && settings_find(settings, step->partner));
}

int manager_make_plan(Manager *manager,
                      const Settings *settings,
                      Plan **ret,
                      Refusal *ret_refusal) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        const Plan *kept = manager->kept ? manager->kept->plan : NULL;
        size_t n_restore = 0;
        int r = 0;

        _cleanup_(freep) Setting *restore = calloc(kept ? kept->n + 1 : 1, sizeof(Setting));
        if (!restore)
                return refuse(ret_refusal, MEMCTL_ERROR_FAILED, "out of memory");
        for (size_t i = 0; kept && i < kept->n && r >= 0; i++)
                if (!is_set(settings, &kept->steps[i])) {
                        r = restore_of(manager, &kept->steps[i], &restore[n_restore]);
                        n_restore += r >= 0;
                }
        if (r >= 0)
                r = plan_new(manager->root, settings, restore, n_restore, &problems, ret);
        for (size_t i = 0; i < n_restore; i++)
                free(restore[i].origin);
        if (r >= 0)
                return 0;
        _cleanup_(freep) char *text = problems_format(&problems);
        return refuse(ret_refusal,
                      r == -EINVAL ? MEMCTL_ERROR_INVALID_PROFILE : MEMCTL_ERROR_FAILED,
                      "%s",
                      text && text[0] ? text : strerror(-r));
}

char *settings_text(const Settings *settings) {
        char name[KNOB_NAME_MAX], value[VALUE_TEXT_MAX];
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        if (!out)
                return NULL;
        for (size_t i = 0; i < settings->n; i++) {
                knob_ref_name(settings->items[i].ref, name);
                value_format(&settings->items[i].value, value);
                (void) fprintf(out, "%s=%s\n", name, value);
        }
        (void) stream_close(out, &text);
        return text;
}

int manager_plan(Manager *manager, const char *name, Plan **ret, Refusal *ret_refusal) {
        _cleanup_(settings_freep) Settings *settings = NULL;

        int r = manager_resolve(manager, name, &settings, ret_refusal);
        if (r < 0)
                return r;
        return manager_make_plan(manager, settings, ret, ret_refusal);
}

/* A second --confirm-within for what is on probation moves its deadline. */
static int
extend(Manager *manager, const ApplyOptions *options, const char *by, Refusal *ret_refusal) {
        Journal *journal = manager->pending;
        usec_t old_deadline = journal->deadline_usec;
        bool old_confirm = journal->confirm;
        char left[64];

        journal->deadline_usec = manager_boottime() + options->confirm_within_usec;
        journal->confirm = true;
        int r = journal_append_extended(manager->state_fd, JOURNAL_PENDING, journal);
        if (r >= 0)
                r = probation_set_deadline(manager->probation);
        if (r < 0) {
                journal->deadline_usec = old_deadline;
                journal->confirm = old_confirm;
                return refuse(ret_refusal,
                              MEMCTL_ERROR_FAILED,
                              "cannot record the new deadline: %s; the old one stays",
                              strerror(-r));
        }
        Event *event = event_new(EVENT_EXTENDED, journal->profile, journal->id);
        if (event) {
                format_duration(options->confirm_within_usec, left);
                (void) event_set_message(event,
                                         "%s is reverted unless 'memctl keep' comes within %s.",
                                         journal->profile,
                                         left);
                if (by)
                        (void) event_add(event, "by", "%s", by);
        }
        events_emit(manager->events, event);
        manager_set_state(manager, MANAGER_PROBATION);
        return 0;
}

/* 1: go on; 0: it was an extension; negative: refused. */
static int check_pending(Manager *manager,
                         const char *name,
                         const ApplyOptions *options,
                         const char *by,
                         Refusal *ret_refusal) {
        const Journal *pending = manager->pending;

        if (!pending)
                return 1;
        if (manager->state == MANAGER_PROBATION && streq(pending->profile, name) &&
            options->confirm_within_usec > 0)
                return extend(manager, options, by, ret_refusal);
        if (manager->state == MANAGER_REVERTING)
                return refuse(ret_refusal,
                              MEMCTL_ERROR_BUSY,
                              "%s is not wholly reverted yet: see 'memctl events'; 'memctl revert' "
                              "tries again, 'memctl keep' leaves the rest as it is",
                              pending->profile);
        if (manager->state == MANAGER_TRIAL)
                return refuse(ret_refusal,
                              MEMCTL_ERROR_BUSY,
                              "%s is on trial; 'memctl trial --stop' ends that",
                              pending->profile);
        return refuse(ret_refusal,
                      MEMCTL_ERROR_BUSY,
                      "%s is on probation; 'memctl keep' or 'memctl revert' it first",
                      pending->profile);
}

static int check_quarantine(const Manager *manager, const char *name, Refusal *ret_refusal) {
        const QuarantineEntry *entry = quarantine_find(&manager->quarantine, name);

        if (!entry)
                return 0;
        return refuse(ret_refusal,
                      MEMCTL_ERROR_QUARANTINED,
                      "%s is quarantined: %s; 'memctl release %s' lets it be applied again",
                      name,
                      entry->reason,
                      name);
}

static int journal_fill(Journal *journal, const Settings *settings, Plan *plan) {
        char *values = settings_text(settings);

        journal->plan = plan;
        if (!values)
                return -ENOMEM;
        free(journal->values);
        journal->values = values;
        journal->baseline_usec = settings->watch.baseline_usec;
        memcpy(journal->limits, settings->watch.limits, sizeof(journal->limits));
        journal->n_limits = settings->watch.n_limits;
        journal->oom_limit = settings->watch.oom_kills;
        memcpy(journal->regressions, settings->watch.regressions, sizeof(journal->regressions));
        journal->n_regressions = settings->watch.n_regressions;
        journal->on_regression = settings->watch.on_regression;
        journal->on_inconclusive = settings->watch.on_inconclusive;
        if (settings->watch.pressure_of) {
                journal->pressure_of = strdup(settings->watch.pressure_of);
                if (!journal->pressure_of)
                        return -ENOMEM;
        }
        return 0;
}

static usec_t
probation_time(const Manager *manager, const Settings *settings, const ApplyOptions *options) {
        if (options->confirm_within_usec > 0)
                return options->confirm_within_usec;
        if (options->probation_usec > 0)
                return options->probation_usec;
        if (settings->watch.set & WATCH_SET_PROBATION)
                return settings->watch.probation_usec;
        return manager->config.probation_usec;
}

static int apply_resolved(Manager *manager,
                          const Settings *settings,
                          const ApplyOptions *options,
                          const char *by,
                          const char *why,
                          uint64_t *ret_id,
                          Refusal *ret_refusal) {
        _cleanup_(plan_freep) Plan *plan = NULL;

        int r = manager_make_plan(manager, settings, &plan, ret_refusal);
        if (r < 0)
                return r;
        if (plan->n == 0 && manager->kept && streq(manager->kept->profile, settings->profile)) {
                *ret_id = manager->kept->id;
                return 0;
        }
        _cleanup_(journal_freep) Journal *journal =
                journal_new(manager_next_id(manager), settings->profile, manager->facts.boot_id);
        if (!journal || journal_fill(journal, settings, TAKE_PTR(plan)) < 0)
                return refuse(ret_refusal, MEMCTL_ERROR_FAILED, "out of memory");
        journal->confirm = options->confirm_within_usec > 0;
        if (options->unwatched) {
                journal->n_limits = 0;
                journal->oom_limit = 0;
                journal->n_regressions = 0;
                free(journal->pressure_of);
                journal->pressure_of = NULL;
        }
        uint64_t id = journal->id;
        r = manager_put_in_force(manager,
                                 TAKE_PTR(journal),
                                 probation_time(manager, settings, options),
                                 by,
                                 why,
                                 ret_refusal);
        if (r >= 0)
                *ret_id = id;
        return r;
}

int manager_apply_for(Manager *manager,
                      const char *name,
                      const ApplyOptions *options,
                      const char *by,
                      const char *why,
                      uint64_t *ret_id,
                      Refusal *ret_refusal) {
        _cleanup_(settings_freep) Settings *settings = NULL;

        int r = check_pending(manager, name, options, by, ret_refusal);
        if (r == 0)
                *ret_id = manager->pending->id;
        if (r <= 0)
                return r;
        /* What is known to do no harm is no new try. */
        r = options->unwatched ? 0 : manager_check_hold(manager, name, ret_refusal);
        if (r >= 0)
                r = check_quarantine(manager, name, ret_refusal);
        if (r >= 0)
                r = manager_resolve(manager, name, &settings, ret_refusal);
        if (r >= 0)
                r = apply_resolved(manager, settings, options, by, why, ret_id, ret_refusal);
        if (r < 0)
                tell_refusal(manager, name, by, ret_refusal->text);
        return r;
}

int manager_apply(Manager *manager,
                  const char *name,
                  const ApplyOptions *options,
                  const char *by,
                  uint64_t *ret_id,
                  Refusal *ret_refusal) {
        int r = manager_apply_for(manager, name, options, by, NULL, ret_id, ret_refusal);

        if (r >= 0)
                manager_forget_confirmation(manager);
        return r;
}
