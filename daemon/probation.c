/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/probation.h"

#include <time.h>

#include "daemon/priority.h"

/* A verdict a second late harms nobody, and shares its wakeup. */
#define DEADLINE_ACCURACY_USEC USEC_PER_SEC

struct Probation {
        const Root *root;
        sd_event *event;
        Baseline *baseline;
        Journal *journal;
        Judge *judge;
        bool regressed; /* said already */
        ProbationCallbacks callbacks;
        char *cgroup;                        /* NULL: the whole system */
        Trigger *triggers[WATCH_LIMITS_MAX]; /* NULL: not watched just now */
        Sample begins[WATCH_LIMITS_MAX];     /* since when a limit's stalls count */
        OomWatch *kills;
        sd_event_source *deadline;
};

const WatchLimit probation_oom_limit = {.metric = _METRIC_INVALID};

const char *probation_limit_name(const WatchLimit *limit) {
        return limit == &probation_oom_limit ? "oom-kill" : metric_to_string(limit->metric);
}

static void give_verdict(Probation *probation, VerdictKind kind, const WatchLimit *limit) {
        Verdict verdict = {.kind = kind, .limit = limit};
        probation->callbacks.verdict(&verdict, probation->callbacks.userdata);
}

/* Kills */

static bool are_too_many(const Journal *journal) {
        return journal->oom_limit > 0 && journal->kills.killed >= journal->oom_limit;
}

/* True when that ended it: then the probation may be gone. They may have been counted before, by
 * whoever asked for a report or by the process before us. */
static bool judge_kills(Probation *probation) {
        const Journal *journal = probation->journal;

        if (are_too_many(journal)) {
                give_verdict(probation, VERDICT_KILLS, NULL);
                return true;
        }
        if (journal->kills.killed > journal->kills_told)
                probation->callbacks.killed(probation->callbacks.userdata);
        return false;
}

static bool look_for_kills(Probation *probation) {
        (void) oom_watch_look(probation->kills);
        return judge_kills(probation);
}

static void on_killed(void *userdata) {
        (void) judge_kills(userdata);
}

static void on_kills_watched(bool watched, void *userdata) {
        Probation *probation = userdata;

        if (probation->journal->oom_limit > 0)
                probation->callbacks.watched(
                        &probation_oom_limit, watched, probation->callbacks.userdata);
}

static int watch_kills(Probation *probation) {
        return oom_watch_new(&(OomWatchOptions){.root = probation->root,
                                                .event = probation->event,
                                                .cgroup = probation->cgroup,
                                                .kills = &probation->journal->kills,
                                                .eager = probation->journal->oom_limit > 0,
                                                .killed = on_killed,
                                                .watched = on_kills_watched,
                                                .userdata = probation},
                             &probation->kills);
}

/* Limits of pressure */

/*
 * An unprivileged trigger's first window begins at the privileged triggers' counter, which stands
 * still without any (psi_trigger_create, kernel/sched/psi.c): its first two events speak of all
 * stalls since boot. So what was stalled since the trigger was made, or since its last event, which
 * is a window ago or more, must by itself exceed the limit.
 */
static bool is_exceeded(Probation *probation, size_t i) {
        const WatchLimit *limit = &probation->journal->limits[i];
        Sample *begin = &probation->begins[i];
        Sample now;

        if (baseline_sample_now(probation->baseline, &now) < 0 || !now.valid[limit->metric] ||
            !begin->valid[limit->metric])
                return true;
        usec_t stalled = now.stall_usec[limit->metric] - begin->stall_usec[limit->metric];
        *begin = now;
        return stalled >= limit->window_usec * limit->share_permyriad / 10000;
}

static void on_trigger(Trigger *trigger, TriggerNews news, void *userdata) {
        Probation *probation = userdata;

        for (size_t i = 0; i < probation->journal->n_limits; i++) {
                if (probation->triggers[i] != trigger)
                        continue;
                const WatchLimit *limit = &probation->journal->limits[i];
                switch (news) {
                case TRIGGER_EXCEEDED:
                        if (is_exceeded(probation, i))
                                give_verdict(probation, VERDICT_LIMIT, limit);
                        else
                                (void) look_for_kills(probation);
                        return;
                case TRIGGER_GONE:
                        probation->triggers[i] = trigger_free(trigger);
                        probation->callbacks.watched(limit, false, probation->callbacks.userdata);
                        return;
                }
        }
}

static int arm(Probation *probation, size_t i) {
        WatchLimit *limit = &probation->journal->limits[i];

        int r = trigger_new(probation->root,
                            probation->cgroup,
                            limit,
                            probation->event,
                            on_trigger,
                            probation,
                            &probation->triggers[i]);
        if (r >= 0)
                *limit = *trigger_limit(probation->triggers[i]);
        return r;
}

/* Without PSI the samples stay empty, and every event of a trigger is believed. */
static void begin(Probation *probation, size_t i) {
        (void) baseline_sample_now(probation->baseline, &probation->begins[i]);
}

static void begin_all(Probation *probation) {
        for (size_t i = 0; i < probation->journal->n_limits; i++)
                begin(probation, i);
}

/* A service that was restarted has a new cgroup of the same name: its limits are armed again. */
static void rearm(Probation *probation) {
        for (size_t i = 0; i < probation->journal->n_limits; i++) {
                if (probation->triggers[i] || arm(probation, i) < 0)
                        continue;
                begin(probation, i);
                probation->callbacks.watched(
                        &probation->journal->limits[i], true, probation->callbacks.userdata);
        }
}

static void on_alarm(Probation *probation) {
        if (probation->journal->on_regression != ON_REGRESSION_REPORT) {
                give_verdict(probation, VERDICT_REGRESSION, NULL);
                return;
        }
        if (probation->regressed)
                return;
        probation->regressed = true;
        probation->callbacks.regressed(probation->callbacks.userdata);
}

static void on_sample(const Sample *sample, void *userdata) {
        Probation *probation = userdata;

        rearm(probation);
        if (look_for_kills(probation))
                return;
        /* Before the writes there is nothing to judge. */
        if (probation->journal->start.at_usec > 0 && probation->judge &&
            judge_add(probation->judge, sample) != DETECT_QUIET)
                on_alarm(probation);
}

/* A limit that is not watched just now, or NULL. */
static const WatchLimit *find_unwatched(const Probation *probation) {
        for (size_t i = 0; i < probation->journal->n_limits; i++)
                if (!probation->triggers[i])
                        return &probation->journal->limits[i];
        if (probation->journal->oom_limit > 0 && !oom_watch_is_watched(probation->kills))
                return &probation_oom_limit;
        return NULL;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
        Probation *probation = userdata;

        if (look_for_kills(probation))
                return 0;
        if (probation->journal->confirm) {
                give_verdict(probation, VERDICT_UNCONFIRMED, NULL);
                return 0;
        }
        const WatchLimit *unwatched = find_unwatched(probation);
        if (unwatched) {
                give_verdict(probation, VERDICT_UNWATCHED, unwatched);
                return 0;
        }
        size_t metric;
        const Detect *detect = judge_detect(probation->judge);
        bool unclear = probation->journal->n_regressions > 0 &&
                       (!detect->armed || detect_finish(detect, &metric) != DETECT_KEEP);
        give_verdict(probation, unclear ? VERDICT_INCONCLUSIVE : VERDICT_KEEP, NULL);
        return 0;
}

int probation_new(const Root *root,
                  sd_event *event,
                  Baseline *baseline,
                  Journal *journal,
                  const ProbationCallbacks *callbacks,
                  const WatchLimit **ret_limit,
                  Probation **ret) {
        _cleanup_(probation_freep) Probation *probation = calloc(1, sizeof(*probation));

        if (!probation)
                return -ENOMEM;
        probation->root = root;
        probation->event = sd_event_ref(event);
        probation->baseline = baseline;
        probation->journal = journal;
        probation->callbacks = *callbacks;
        *ret_limit = NULL;
        int r = sample_find_cgroup(root, journal->pressure_of, &probation->cgroup);
        if (r < 0)
                return r;
        for (size_t i = 0; i < journal->n_limits; i++) {
                r = arm(probation, i);
                if (r < 0) {
                        *ret_limit = &journal->limits[i];
                        return r;
                }
        }
        r = watch_kills(probation);
        if (r < 0) {
                *ret_limit = &probation_oom_limit;
                return r;
        }
        r = judge_new(baseline, journal, &probation->judge);
        if (r < 0)
                return r;
        begin_all(probation);
        if (journal->start.at_usec > 0)
                judge_start(probation->judge);
        baseline_set_callback(baseline, on_sample, probation);
        *ret = TAKE_PTR(probation);
        return 0;
}

Probation *probation_free(Probation *probation) {
        if (!probation)
                return NULL;
        baseline_set_callback(probation->baseline, NULL, NULL);
        judge_freep(&probation->judge);
        oom_watch_freep(&probation->kills);
        for (size_t i = 0; i < WATCH_LIMITS_MAX; i++)
                trigger_freep(&probation->triggers[i]);
        (void) sd_event_source_disable_unref(probation->deadline);
        (void) sd_event_unref(probation->event);
        free(probation->cgroup);
        free(probation);
        return NULL;
}

/* The oldest sample that the change is compared with. */
static int take_first(const Sample *sample, void *userdata) {
        *(const Sample **) userdata = sample;
        return 1;
}

void probation_note_before(Probation *probation) {
        Journal *journal = probation->journal;
        const Sample *before = NULL;
        Sample now;

        if (baseline_sample(probation->baseline, &now) < 0)
                return;
        (void) baseline_visit_before(
                probation->baseline, now.at_usec, journal->baseline_usec, take_first, &before);
        for (int metric = 0; before && metric < _METRIC_MAX; metric++)
                journal->before[metric] = sample_share(before, &now, metric);
}

void probation_note_start(Probation *probation) {
        begin_all(probation);
        oom_watch_begin(probation->kills);
        (void) baseline_sample_now(probation->baseline, &probation->journal->start);
        judge_start(probation->judge);
}

void probation_count_kills(Probation *probation) {
        (void) oom_watch_look(probation->kills);
}

int probation_set_deadline(Probation *probation) {
        usec_t deadline = probation->journal->deadline_usec;

        if (probation->deadline) {
                int r = sd_event_source_set_time(probation->deadline, deadline);
                if (r < 0)
                        return r;
                return sd_event_source_set_enabled(probation->deadline, SD_EVENT_ONESHOT);
        }
        int r = sd_event_add_time(probation->event,
                                  &probation->deadline,
                                  CLOCK_BOOTTIME,
                                  deadline,
                                  DEADLINE_ACCURACY_USEC,
                                  on_deadline,
                                  probation);
        if (r >= 0)
                (void) sd_event_source_set_priority(probation->deadline, PRIORITY_WATCH);
        return r;
}

void probation_pressure(Probation *probation, int ret_shares[static _METRIC_MAX]) {
        Sample now;
        int r = baseline_sample(probation->baseline, &now);

        for (int metric = 0; metric < _METRIC_MAX; metric++)
                ret_shares[metric] =
                        r < 0 ? r : sample_share(&probation->journal->start, &now, metric);
}

const char *probation_cgroup(const Probation *probation) {
        return probation->cgroup;
}

const Judge *probation_judge(const Probation *probation) {
        return probation->judge;
}

Baseline *probation_baseline(const Probation *probation) {
        return probation->baseline;
}

const Journal *probation_journal(const Probation *probation) {
        return probation->journal;
}
