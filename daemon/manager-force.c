/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/quantity.h"
#include "daemon/log.h"
#include "daemon/manager-private.h"

/* A person watches a change that waits for a confirmation: limits that cannot be are left out. */
static int watch_unlimited(Manager *manager,
                           Journal *journal,
                           Baseline *baseline,
                           const WatchLimit *limit,
                           int error) {
        ProbationCallbacks callbacks;
        Event *event = event_new(EVENT_PROBLEM, journal->profile, journal->id);

        if (event)
                (void) event_set_message(event,
                                         "No limit of %s is watched, %s cannot be: %s. It is "
                                         "reverted unless 'memctl keep' comes.",
                                         journal->profile,
                                         probation_limit_name(limit),
                                         strerror(-error));
        events_emit(manager->events, event);
        journal->n_limits = 0;
        journal->oom_limit = 0;
        return probation_new(manager->root,
                             manager->event,
                             baseline,
                             journal,
                             manager_probation_callbacks(manager, &callbacks),
                             &limit,
                             &manager->probation);
}

int manager_watch(Manager *manager, Journal *journal, Refusal *ret_refusal) {
        const WatchLimit *limit = NULL;
        ProbationCallbacks callbacks;
        Baseline *baseline = NULL;
        char text[64];

        int r = manager_find_baseline(manager, journal->pressure_of, &baseline);
        if (r >= 0)
                r = undoing_reserve(&manager->undoing, journal->plan->n);
        if (r >= 0)
                r = probation_new(manager->root,
                                  manager->event,
                                  baseline,
                                  journal,
                                  manager_probation_callbacks(manager, &callbacks),
                                  &limit,
                                  &manager->probation);
        if (r < 0 && limit && journal->confirm)
                r = watch_unlimited(manager, journal, baseline, limit, r);
        if (r >= 0)
                return 0;
        if (!limit)
                return refuse(ret_refusal,
                              MEMCTL_ERROR_FAILED,
                              "the pressure of %s cannot be watched: %s",
                              journal->pressure_of ? journal->pressure_of : "system",
                              strerror(-r));
        if (limit == &probation_oom_limit)
                return refuse(ret_refusal,
                              MEMCTL_ERROR_FAILED,
                              "the limit oom-kill %lu cannot be watched: %s%s",
                              (unsigned long) journal->oom_limit,
                              strerror(-r),
                              r == -ENOENT    ? " (does the cgroup have the memory controller?)"
                              : r == -ENODATA ? " (the kernel counts kills since 4.13)"
                                              : "");
        watch_limit_format(limit, text);
        return refuse(ret_refusal,
                      MEMCTL_ERROR_FAILED,
                      "the limit %s %s cannot be watched: %s%s",
                      metric_to_string(limit->metric),
                      text,
                      strerror(-r),
                      r == -ENOENT ? " (does this kernel have PSI? it may need psi=1 on its "
                                     "command line)"
                                   : "");
}

/* Says which step of which line the kernel did not take, and what became of the others. */
static int refuse_failure(const Journal *journal,
                          const Failure *failure,
                          const Undoing *undoing,
                          Refusal *ret_refusal) {
        const Plan *plan = journal->plan;
        size_t at = 0;

        while (at + 1 < plan->n && !knob_ref_equal(plan->steps[at].ref, failure->ref) &&
               !(plan->steps[at].paired && knob_ref_equal(plan->steps[at].partner, failure->ref)))
                at++;
        _cleanup_(freep) char *what = failure_format(failure);
        _cleanup_(freep) char *back = undoing_format(undoing, plan, STEP_RESTORED);
        _cleanup_(freep) char *stuck = undoing_format(undoing, plan, STEP_STUCK);
        return refuse(ret_refusal,
                      MEMCTL_ERROR_REFUSED,
                      "%s (step %zu of %zu, %s)\n%s%s%s%s",
                      what ? what : "out of memory",
                      at + 1,
                      plan->n,
                      plan->steps[at].origin,
                      back && back[0] ? "undone: " : "nothing had been changed before it",
                      back ? back : "",
                      stuck && stuck[0] ? "\nNOT undone: "
                                        : (back && back[0] ? "; nothing stays changed" : ""),
                      stuck ? stuck : "");
}

/* Undoes a transaction that did not come to its end. Stuck knobs keep it pending. */
static int
undo_begun(Manager *manager, Journal *journal, const Failure *failure, Refusal *ret_refusal) {
        Undoing *undoing = &manager->undoing;

        transaction_min_free(manager->root, journal->plan, false, &journal->min_free);
        int r = transaction_undo(manager->root, journal->plan, false, &journal->min_free, undoing);
        if (r < 0)
                return refuse(ret_refusal, MEMCTL_ERROR_FAILED, "out of memory in undoing");
        if (failure)
                (void) refuse_failure(journal, failure, undoing, ret_refusal);
        if (undoing_count(undoing, STEP_STUCK) == 0)
                return 0;
        manager_keep_stuck(manager, journal, JOURNAL_PENDING, undoing);
        return -EBUSY;
}

/* A pending journal whose writes failed: back to what was, or stuck in reverting. */
static int
abandon(Manager *manager, Journal *journal, const Failure *failure, Refusal *ret_refusal) {
        _cleanup_(journal_freep) Journal *owned = journal;

        probation_freep(&manager->probation);
        if (undo_begun(manager, owned, failure, ret_refusal) < 0) {
                manager->pending = TAKE_PTR(owned);
                manager_set_state(manager, MANAGER_REVERTING);
                return -EPERM;
        }
        (void) manager_forget_journal(manager, TAKE_PTR(owned), true);
        manager_mark(manager, manager_transaction(manager));
        manager_set_state(manager, manager_rest_state(manager, MANAGER_IDLE));
        return -EPERM;
}

static void print_changes(FILE *out, const Plan *plan) {
        char name[KNOB_NAME_MAX], old[VALUE_TEXT_MAX], new[VALUE_TEXT_MAX];
        const char *separator = "";

        for (size_t i = 0; i < plan->n; i++) {
                const Step *step = &plan->steps[i];
                if (step->kind == STEP_GUARD)
                        continue;
                knob_ref_name(step->ref, name);
                value_format(&step->old, old);
                value_format(&step->new, new);
                (void) fprintf(out, "%s%s %s -> %s", separator, name, old, new);
                separator = ", ";
        }
}

/* With the window in force, and the one asked for where the kernel wanted another. */
static void print_limits(FILE *out, const Journal *journal, const WatchLimit *asked) {
        char text[64], window[64];

        for (size_t i = 0; i < journal->n_limits; i++) {
                const WatchLimit *limit = &journal->limits[i];
                watch_limit_format(limit, text);
                (void) fprintf(
                        out, "%s%s %s", i > 0 ? ", " : "", metric_to_string(limit->metric), text);
                if (limit->window_usec == asked[i].window_usec)
                        continue;
                format_duration(asked[i].window_usec, window);
                (void) fprintf(out, " (%s was asked for, the kernel refuses it)", window);
        }
        if (journal->oom_limit > 0)
                (void) fprintf(out,
                               "%soom-kill %lu",
                               journal->n_limits > 0 ? ", " : "",
                               (unsigned long) journal->oom_limit);
}

static void add_details(Event *event, const Journal *journal, const WatchLimit *asked) {
        char *changes = NULL, *limits = NULL;
        size_t size = 0;

        FILE *out = open_memstream(&changes, &size);
        if (out) {
                print_changes(out, journal->plan);
                if (stream_close(out, &changes) >= 0 && changes[0])
                        (void) event_add(event, "changed", "%s", changes);
        }
        out = open_memstream(&limits, &size);
        if (out) {
                print_limits(out, journal, asked);
                if (stream_close(out, &limits) >= 0 && limits[0])
                        (void) event_add(event, "limits", "%s", limits);
        }
        free(changes);
        free(limits);
}

/* Others that will write something else, at boot or when they like. */
static void add_rivals(Manager *manager, Event *event) {
        _cleanup_(freep) char *rivals = manager_conflicts(manager);

        if (!rivals || !rivals[0] || !event->message)
                return;
        for (char *p = strchr(rivals, '\n'); p; p = strchr(p, '\n'))
                *p = ';';
        (void) event_add(event, "rivals", "%s", rivals);
        _cleanup_(freep) char *message = strdup(event->message);
        if (message)
                (void) event_set_message(event, "%s In conflict with it: %s.", message, rivals);
}

static size_t count_changes(const Plan *plan) {
        size_t n = 0;

        for (size_t i = 0; i < plan->n; i++)
                n += plan->steps[i].kind == STEP_SET;
        return n;
}

static bool is_watched(const Journal *journal) {
        return journal->n_limits > 0 || journal->oom_limit > 0 || journal->n_regressions > 0;
}

static void
tell_applied(Manager *manager, const WatchLimit *asked, const char *by, const char *why) {
        const Journal *journal = manager->pending;
        size_t n = count_changes(journal->plan);
        char left[64];
        Event *event = event_new(EVENT_APPLIED, journal->profile, journal->id);

        if (event) {
                format_duration(journal->deadline_usec - journal->started_usec, left);
                (void) event_set_message(event,
                                         "Applied %s: %zu %s changed. %s %s%s.%s%s",
                                         journal->profile,
                                         n,
                                         n == 1 ? "knob" : "knobs",
                                         journal->confirm
                                                 ? "Reverted unless 'memctl keep' comes within"
                                                 : "Kept after",
                                         left,
                                         journal->confirm      ? ""
                                         : is_watched(journal) ? " unless it does harm"
                                                               : ", nothing is watched",
                                         why ? " " : "",
                                         why ? why : "");
                if (by)
                        (void) event_add(event, "by", "%s", by);
                add_details(event, journal, asked);
                add_rivals(manager, event);
        }
        events_emit(manager->events, event);
}

/* The journal is on disk: from here on a crash loses nothing. */
static int carry_out(Manager *manager, Journal *journal, usec_t time_usec, Refusal *ret_refusal) {
        Failure failure;

        if (transaction_apply(manager->root, journal->plan, &failure) < 0)
                return abandon(manager, journal, &failure, ret_refusal);
        journal->started_usec = manager_boottime();
        journal->deadline_usec = journal->started_usec + time_usec;
        if (manager->probation)
                probation_note_start(manager->probation);
        manager_mark(manager, journal->id);
        int r = manager->probation ? probation_set_deadline(manager->probation) : 0;
        /* Last: what is undone from here on must not be found as applied. */
        if (r >= 0)
                r = journal_append_applied(manager->state_fd, JOURNAL_PENDING, journal);
        if (r < 0) {
                (void) refuse(ret_refusal,
                              MEMCTL_ERROR_FAILED,
                              "%s: cannot record that it is applied: %s; it was undone",
                              journal->profile,
                              strerror(-r));
                return abandon(manager, journal, NULL, ret_refusal);
        }
        manager->pending = journal;
        return 0;
}

int manager_write_pending(Manager *manager, const Journal *journal) {
        int r = manager_catch_up(manager);

        if (r < 0)
                return r;
        if (!journal->trial)
                r = manager_open_boot_guard(manager, journal);
        if (r >= 0)
                r = journal_write(manager->state_fd, JOURNAL_PENDING, journal);
        if (r < 0)
                (void) manager_settle_boot_guard(manager);
        return r;
}

int manager_put_in_force(Manager *manager,
                         Journal *journal,
                         usec_t time_usec,
                         const char *by,
                         const char *why,
                         Refusal *ret_refusal) {
        _cleanup_(journal_freep) Journal *owned = journal;
        ManagerState before = manager->state;
        WatchLimit asked[WATCH_LIMITS_MAX];

        memcpy(asked, owned->limits, sizeof(asked));
        int r = manager_watch(manager, owned, ret_refusal);
        if (r < 0)
                return r;
        probation_note_before(manager->probation);
        manager->state = MANAGER_APPLYING;
        r = manager_write_pending(manager, owned);
        if (r < 0) {
                probation_freep(&manager->probation);
                manager->state = before;
                return refuse(ret_refusal,
                              MEMCTL_ERROR_FAILED,
                              "%s: nothing was changed, since the original values cannot be "
                              "recorded: %s",
                              owned->profile,
                              strerror(-r));
        }
        r = carry_out(manager, TAKE_PTR(owned), time_usec, ret_refusal);
        if (r < 0)
                return r;
        manager->keep_failed = false;
        tell_applied(manager, asked, by, why);
        manager_set_state(manager, MANAGER_PROBATION);
        return 0;
}
