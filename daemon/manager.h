/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The daemon's heart: one machine, at most one kept profile, at most one profile on probation above
 * it. It owns the event loop, the root, the config and the state folder; it decides, the others
 * carry out. Every verb of the bus is one function here.
 *
 *     idle ─apply─▶ applying ─▶ probation ─keep─▶ kept ─revert─▶ reverted
 *                      │            └─revert─▶ reverted, or kept again when a kept one lies below
 *                      └─ refused: as it was
 */

#include <systemd/sd-event.h>

#include "core/base/root.h"
#include "core/machine/facts.h"
#include "core/machine/sample.h"
#include "core/profile/drift.h"
#include "core/profile/plan.h"
#include "core/report.h"
#include "daemon/config.h"
#include "daemon/events.h"
#include "daemon/hold.h"
#include "daemon/state.h"
#include "daemon/trial-run.h"

typedef enum ManagerState {
        MANAGER_IDLE,
        MANAGER_APPLYING,
        MANAGER_PROBATION,
        MANAGER_TRIAL,
        MANAGER_KEPT,
        MANAGER_REVERTING,
        MANAGER_REVERTED,
        _MANAGER_STATE_MAX,
        _MANAGER_STATE_INVALID = -EINVAL,
} ManagerState;

const char *manager_state_to_string(ManagerState state);

typedef struct Manager Manager;

/* Why a verb was not carried out: the D-Bus error name (core/protocol.h) and the text for the
 * person who asked. */
typedef struct Refusal {
        const char *name;
        char *text;
} Refusal;

void refusal_done(Refusal *refusal);
/* Fills it in; returns -EPERM, so that "return refuse(...)" reads well. */
int refuse(Refusal *refusal, const char *name, const char *format, ...) _printf_(3, 4);

typedef struct ManagerOptions {
        const Root *root;        /* borrowed */
        sd_event *event;         /* borrowed, referenced */
        const char *state_dir;   /* an absolute path, made when missing */
        const char *runtime_dir; /* the same; samples outlive a restart there; or NULL */
        const char *config_file; /* or NULL for the search */
        Config config;
} ManagerOptions;

/* Opens the state folder, reads the facts. Does not act yet. Problems are logged. -errno. */
int manager_new(const ManagerOptions *options, Manager **ret);
Manager *manager_free(Manager *manager);
DEFINE_CLEANUP(Manager *, manager_free)

/* Recovers, adopts or applies what the state folder says, then begins to sample. */
int manager_start(Manager *manager);

/* SIGTERM: probation is reverted; a kept profile too with RevertOnStop=. */
void manager_stop(Manager *manager);
/* A restart: everything stays as it is, on disk too, for the next process to adopt. */
void manager_leave(Manager *manager);

typedef struct ApplyOptions {
        usec_t confirm_within_usec; /* 0: not asked; else Keep is needed in that time */
        usec_t probation_usec;      /* 0: the profile's own, else the config's */
        bool unwatched; /* not over the bus: no limit is armed, since it is kept at once */
} ApplyOptions;

/*
 * The verbs. by says who asked, for the event ("root (uid 0)"); may be NULL for the daemon itself.
 * 0, or negative and *ret_refusal filled in (the caller releases it with refusal_done).
 */
int manager_apply(Manager *manager,
                  const char *name,
                  const ApplyOptions *options,
                  const char *by,
                  uint64_t *ret_id,
                  Refusal *ret_refusal);
typedef struct TrialOptions {
        usec_t duration_usec; /* at most; 0: room for every block */
        usec_t block_usec;    /* 0: what the knobs need */
        usec_t washout_usec;  /* 0: what the knobs need */
        Metric metric; /* negative: io.full where only dirty limits differ, else memory.some */
} TrialOptions;

/* Compares a profile with another ("" or NULL: with what is in force) by switching between them;
 * ends by itself, with what is in force now in force again. */
int manager_start_trial(Manager *manager,
                        const char *name,
                        const char *against,
                        const TrialOptions *options,
                        const char *by,
                        uint64_t *ret_id,
                        Refusal *ret_refusal);
/* Voids it. id 0: the current one. */
int manager_stop_trial(Manager *manager, uint64_t id, const char *by, Refusal *ret_refusal);
/* id 0: the current one. When a revert is stuck, keeping gives up on what could not be restored. */
int manager_keep(Manager *manager, uint64_t id, const char *by, Refusal *ret_refusal);
int manager_revert(
        Manager *manager, uint64_t id, const char *reason, const char *by, Refusal *ret_refusal);
/* Ends the quarantine of a profile. */
int manager_release(Manager *manager, const char *name, const char *by, Refusal *ret_refusal);
/* Ends the hold after too many automatic reverts. */
int manager_release_hold(Manager *manager, const char *by, Refusal *ret_refusal);
/* Reads the config again; on an error the old one stays in force. */
int manager_reload(Manager *manager, const char *by, Refusal *ret_refusal);

/* State files that were found damaged and set aside, and still lie there. -errno. */
int manager_list_damaged(const Manager *manager, StateAside *ret);

/* What it would do, without doing it. */
int manager_plan(Manager *manager, const char *name, Plan **ret, Refusal *ret_refusal);

/* The report of a transaction, 0: the newest; the caller frees. Of the one on probation as it
 * stands now. */
int manager_report(Manager *manager, uint64_t id, Report **ret, Refusal *ret_refusal);

/* What is so now. Strings are borrowed until the next call into the manager. */
const Root *manager_root(const Manager *manager);
const Facts *manager_facts(const Manager *manager);
Events *manager_events(const Manager *manager);
sd_event *manager_event_loop(const Manager *manager);
ManagerState manager_state(const Manager *manager);
/* The profile on probation, else the kept one, else "". */
const char *manager_profile(const Manager *manager);
uint64_t manager_transaction(const Manager *manager);
bool manager_is_quarantined(const Manager *manager, const char *name);
size_t manager_n_quarantined(const Manager *manager);
const char *manager_quarantined(const Manager *manager, size_t i);

typedef struct ProbationView {
        usec_t started_usec;  /* CLOCK_BOOTTIME */
        usec_t deadline_usec; /* CLOCK_BOOTTIME */
        usec_t now_usec;
        bool confirm;
        const WatchLimit *limits;
        size_t n_limits;
        uint64_t oom_limit; /* so many kills end it; 0: none */
        uint64_t killed;    /* since the apply */
        const WatchRegression *regressions;
        size_t n_regressions;
        OnRegression on_regression;
        size_t n_baseline;         /* blocks that the time before has */
        double evidence;           /* of a regression against chance so far, 1 : this; 0: none */
        int pressure[_METRIC_MAX]; /* 1/10000 since the apply; negative: not known */
        int before[_METRIC_MAX];   /* in the baseline */
} ProbationView;

/* False when nothing is on probation. Reads the pressure files, at most once a second. */
bool manager_probation(Manager *manager, ProbationView *ret);

typedef struct TrialView {
        const char *against; /* NULL: what was in force */
        const TrialSchedule *schedule;
        size_t block; /* under way, from 0 */
        bool arm;     /* the new setting is in force just now */
        const Trial *trial;
} TrialView;

/* False when there is no trial. */
bool manager_trial(const Manager *manager, TrialView *ret);

typedef struct DriftView {
        Drift drift;
        usec_t since_usec; /* CLOCK_REALTIME; 0: not seen before */
        DriftPolicy policy;
        char *writers; /* who makes it so, as far as is known; "" */
} DriftView;

/* Knobs of the profile in force whose live value is no longer what was set. The caller gives *ret
 * to drift_views_free(). */
int manager_drift(Manager *manager, DriftView **ret, size_t *ret_n);
void drift_views_free(DriftView *views, size_t n);

/* Others that set a knob of the profile in force to another value, each with file and line, one a
 * line; "" when there are none; the caller frees. NULL without memory. */
char *manager_conflicts(Manager *manager);

typedef struct HoldView {
        const Hold *hold;
        usec_t until_usec; /* CLOCK_BOOTTIME */
        usec_t now_usec;
} HoldView;

/* False when profiles may be applied. */
bool manager_hold(const Manager *manager, HoldView *ret);

/* Called whenever state, profile, transaction or quarantine changed. */
typedef void (*ManagerListener)(void *userdata);
void manager_set_listener(Manager *manager, ManagerListener listener, void *userdata);
