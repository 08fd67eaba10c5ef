/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <time.h>

#include "core/base/quantity.h"
#include "daemon/log.h"
#include "daemon/manager-private.h"

/* On trial what is on probation is the setting of the block. */
static const Plan *pending_plan(const Manager *manager, int *ret_arm) {
        *ret_arm = 0;
        if (!manager->pending)
                return NULL;
        if (manager->state != MANAGER_TRIAL)
                return manager->pending->plan;
        *ret_arm = trial_run_arm(manager->trial_run);
        const Plan *plan = manager->arm_plans[*ret_arm];
        return plan && plan->n > 0 ? plan : NULL;
}

/* What is watched follows what is in force. */
static int follow(Manager *manager) {
        DriftKey key = {
                .kept = manager->kept ? manager->kept->id : 0,
                .pending = manager->pending ? manager->pending->id : 0,
        };
        const Plan *pending = pending_plan(manager, &key.arm);

        if (drift_watch_is_set(&manager->drift, key))
                return 0;
        return drift_watch_set(
                &manager->drift, key, manager->kept ? manager->kept->plan : NULL, pending);
}

static DriftPolicy policy_of(const Manager *manager, const Step *step) {
        return step->drift == DRIFT_POLICY_NONE ? manager->config.drift : step->drift;
}

/* A comparison of a setting that was not in force all the time is a weak one. */
static void weaken(Manager *manager, KnobRef ref) {
        Journal *journal = manager->pending;
        char name[KNOB_NAME_MAX];

        if (!journal)
                return;
        knob_ref_name(ref, name);
        int r = journal_append_drifted(manager->state_fd, JOURNAL_PENDING, journal, name);
        if (r < 0)
                log_warning("cannot record that %s of %s was changed: %s",
                            name,
                            journal->profile,
                            strerror(-r));
}

/* Telling */

Event *manager_drift_event(Manager *manager, EventType type, const DriftEntry *entry) {
        const Drift *drift = &entry->drift;
        time_t seconds = (time_t) (entry->realtime_usec / USEC_PER_SEC);
        char name[KNOB_NAME_MAX], set[VALUE_TEXT_MAX], live[DRIFT_TEXT_MAX], since[32];
        struct tm utc;
        Event *event = event_new(type, manager_profile(manager), manager_transaction(manager));

        if (!event)
                return NULL;
        knob_ref_name(drift->ref, name);
        value_format(&drift->set, set);
        drift_format_live(drift, live);
        (void) event_add(event, "knob", "%s", name);
        (void) event_add(event, "set", "%s", set);
        (void) event_add(event, "live", "%s", entry->drifts ? live : set);
        if (gmtime_r(&seconds, &utc) && strftime(since, sizeof(since), "%FT%TZ", &utc) > 0)
                (void) event_add(event, "since", "%s", since);
        _cleanup_(freep) char *writers =
                drift_find_writers(manager->root, &manager->facts, manager_rivals(manager), drift);
        if (writers && writers[0])
                (void) event_add(event, "writers", "%s", writers);
        return event;
}

void manager_tell_drift_failure(Manager *manager,
                                DriftEntry *entry,
                                const char *what,
                                const char *why) {
        if (entry->told_failure)
                return;
        entry->told_failure = true;
        Event *event = manager_drift_event(manager, EVENT_DRIFT, entry);
        if (event) {
                (void) event_add(event, "drift", "failed");
                (void) event_set_message(event,
                                         "%s is %s, though %s has set it to %s, and %s: %s.",
                                         event_field(event, "knob"),
                                         event_field(event, "live"),
                                         manager_profile(manager),
                                         event_field(event, "set"),
                                         what,
                                         why);
        }
        events_emit(manager->events, event);
}

static void tell_drift(Manager *manager, const DriftEntry *entry, DriftNews news) {
        Event *event = manager_drift_event(manager, EVENT_DRIFT, entry);
        char name[KNOB_NAME_MAX], set[VALUE_TEXT_MAX], live[DRIFT_TEXT_MAX], since[64];

        knob_ref_name(entry->drift.ref, name);
        value_format(&entry->drift.set, set);
        drift_format_live(&entry->drift, live);
        format_duration(manager_boottime() - entry->since_usec, since);
        if (event && news == DRIFT_NEWS_ENDED)
                (void) event_set_message(event, "%s is %s again, after %s.", name, set, since);
        else if (event) {
                const char *writers = event_field(event, "writers");
                (void) event_set_message(event,
                                         "%s is %s%s, though %s has set it to %s.%s%s%s",
                                         name,
                                         live,
                                         news == DRIFT_NEWS_CHANGED ? " now" : "",
                                         manager_profile(manager),
                                         set,
                                         writers ? " Who else sets it: " : "",
                                         writers ? writers : "",
                                         writers ? "." : "");
        }
        if (event)
                (void) event_add(event,
                                 "drift",
                                 "%s",
                                 news == DRIFT_NEWS_ENDED     ? "ended"
                                 : news == DRIFT_NEWS_CHANGED ? "changed"
                                                              : "began");
        events_emit(manager->events, event);
}

/* True when the knob is watched no more. */
static bool act(Manager *manager, size_t i, DriftNews news) {
        DriftEntry *entry = &manager->drift.entries[i];
        const Step *step = &manager->drift.plan->steps[i];

        if (news == DRIFT_NEWS_BEGAN)
                weaken(manager, step->ref);
        switch (policy_of(manager, step)) {
        case DRIFT_POLICY_REPAIR:
                if (news == DRIFT_NEWS_ENDED || entry->gave_up)
                        break;
                manager_repair(manager, step, entry);
                return false;
        case DRIFT_POLICY_YIELD:
                if (news == DRIFT_NEWS_ENDED)
                        break;
                return manager_yield(manager, entry);
        case DRIFT_POLICY_NONE:
        case DRIFT_POLICY_REPORT:
        case _DRIFT_POLICY_MAX:
        case _DRIFT_POLICY_INVALID:
                break;
        }
        if (news != DRIFT_NEWS_STILL)
                tell_drift(manager, entry, news);
        return false;
}

static void look(Manager *manager) {
        ManagerState state = manager->state;
        usec_t now = manager_boottime(), realtime = manager_realtime();
        size_t i = 0;

        /* Yielding a knob on trial ends the trial. */
        while (manager->state == state && manager->drift.plan && i < manager->drift.plan->n) {
                DriftNews news;
                if (!drift_watch_look(&manager->drift, manager->root, i, now, realtime, &news) ||
                    !act(manager, i, news))
                        i++;
        }
}

void manager_look_for_drift(Manager *manager) {
        usec_t now = manager_boottime();

        manager_finish_repair(manager);
        (void) repairs_save(&manager->repairs, manager->state_fd);
        if (manager->config.drift_usec == 0 || manager->state == MANAGER_REVERTING ||
            manager->state == MANAGER_APPLYING ||
            (manager->drift.looked_usec > 0 &&
             now - manager->drift.looked_usec < manager->config.drift_usec))
                return;
        manager->drift.looked_usec = now;
        int r = follow(manager);
        if (r < 0)
                log_warning("cannot look whether the knobs are as they were set: %s", strerror(-r));
        else
                look(manager);
}

/* For those who ask */

void drift_views_free(DriftView *views, size_t n) {
        for (size_t i = 0; i < n; i++)
                free(views[i].writers);
        free(views);
}

static int add_view(Manager *manager, const Step *step, DriftView **views, size_t *n) {
        DriftView view = {.policy = policy_of(manager, step)};

        if (!drift_look(manager->root, step, &view.drift))
                return 0;
        if (array_grow(views, *n, sizeof(DriftView)) < 0)
                return -ENOMEM;
        const DriftEntry *entry = drift_watch_find(&manager->drift, step->ref);
        view.since_usec = entry ? entry->realtime_usec : 0;
        view.writers = drift_find_writers(
                manager->root, &manager->facts, manager_rivals(manager), &view.drift);
        if (!view.writers)
                return -ENOMEM;
        (*views)[(*n)++] = view;
        return 0;
}

int manager_drift(Manager *manager, DriftView **ret, size_t *ret_n) {
        DriftView *views = NULL;
        size_t n = 0;
        int r = follow(manager);

        for (size_t i = 0; r >= 0 && manager->drift.plan && i < manager->drift.plan->n; i++)
                r = add_view(manager, &manager->drift.plan->steps[i], &views, &n);
        if (r < 0) {
                drift_views_free(views, n);
                return r;
        }
        *ret = views;
        *ret_n = n;
        return 0;
}

char *manager_conflicts(Manager *manager) {
        return follow(manager) < 0 ? NULL
                                   : manager_format_rivals(manager, manager->drift.plan, "\n");
}
