/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of the manager share; nobody else includes it. */

#include "core/protocol.h"
#include "daemon/baseline.h"
#include "daemon/boot-guard.h"
#include "daemon/drift-watch.h"
#include "daemon/evidence.h"
#include "daemon/journal.h"
#include "daemon/manager.h"
#include "daemon/probation.h"
#include "daemon/quarantine.h"
#include "daemon/repairs.h"

/* Scopes that are sampled: the system, and those that profiles name. */
#define MANAGER_SCOPES_MAX 8

typedef struct Confirmation Confirmation;
typedef struct Account Account;

struct Manager {
        const Root *root;
        sd_event *event;
        char *config_file; /* or NULL */
        Config config;
        int state_fd;
        Facts facts;
        Events *events;
        int runtime_fd;
        Baseline *baselines[MANAGER_SCOPES_MAX]; /* the system's is the first */
        size_t n_baselines;
        Quarantine quarantine;
        ManagerState state;
        Journal *pending;     /* on probation, on trial, or stuck in reverting */
        Probation *probation; /* watches pending; of a trial: its limits alone */
        TrialRun *trial_run;
        Plan *arm_plans[2]; /* of a trial: from what was in force to the old and the new setting */
        Confirmation *confirmation; /* a regression that waits for its trial, or is in it */
        Account *account; /* what the kernel said of the kills since the latest change that had any
                           */
        Undoing undoing;  /* of the last; has room for what is watched */
        Journal *kept;    /* in force below it */
        DriftWatch drift;
        Repairs repairs;
        Rivals rivals; /* who else sets knobs, as of then */
        usec_t rivals_usec;
        BootGuard boot_guard;
        bool guard_is_lost; /* it could not be that of what is kept again */
        Hold hold;
        bool held; /* told */
        uint64_t last_id;
        bool keep_failed;       /* said once that keeping could not be recorded */
        bool pending_is_behind; /* the file may be there though nothing is pending */
        bool kept_is_behind;    /* the file may say another thing than memory */
        ManagerListener listener;
        void *listener_userdata;
};

usec_t manager_boottime(void);
usec_t manager_realtime(void);
void manager_set_state(Manager *manager, ManagerState state);
/* The state that follows from what is in force when nothing is under way. */
ManagerState manager_rest_state(const Manager *manager, ManagerState otherwise);
uint64_t manager_next_id(Manager *manager);

/* manager-scope.c */

/* Samples the system and every scope that a profile names, so that each change finds a time before
 * it. -errno. */
int manager_sample_scopes(Manager *manager);
/* The samples of a scope, NULL the system's; from now on, where nobody named it before. -errno. */
int manager_find_baseline(Manager *manager, const char *pressure_of, Baseline **ret);
/* What is in force has changed: no sample before compares with one since. */
void manager_mark(Manager *manager, uint64_t id);

/* manager-drift.c */

/* Once a DriftInterval=, with a sample: what drifts is told, repaired or let go. */
void manager_look_for_drift(Manager *manager);

/* An event about a knob that drifts, with what is known of it as fields; the caller sets the
 * message. NULL without memory. */
Event *manager_drift_event(Manager *manager, EventType type, const DriftEntry *entry);
/* Once, until it works again: "…, and WHAT: WHY." */
void manager_tell_drift_failure(Manager *manager,
                                DriftEntry *entry,
                                const char *what,
                                const char *why);

/* manager-repair.c */

/* Writes the step's value again, recorded first and not too often. Tells what came of it. */
void manager_repair(Manager *manager, const Step *step, DriftEntry *entry);
/* At start, since a process before us may have ended in a repair, and after one that failed. */
void manager_finish_repair(Manager *manager);

/* manager-yield.c */

/* Takes the knob out of the transactions, on disk first. True when it is out. */
bool manager_yield(Manager *manager, DriftEntry *entry);

/* manager-rival.c */

/* Who else sets knobs here, a minute old at most. Borrowed. */
const Rivals *manager_rivals(Manager *manager);
/* Those that set a knob of the plan to something else; "" when there are none; the caller frees.
 * NULL without memory. */
char *manager_format_rivals(Manager *manager, const Plan *plan, const char *separator);

/* manager-boot-guard.c */

/* Before the first write, durably; nothing when the guard is off. */
int manager_open_boot_guard(Manager *manager, const Journal *journal);
void manager_close_boot_guard(Manager *manager);
/* What it was opened for may be in force no longer, and what is kept below that be young too. */
int manager_settle_boot_guard(Manager *manager);
/* Closes it when its time is over. */
void manager_age_boot_guard(Manager *manager);
/* At start, before anything is applied. Negative: the next start has to find it out again. */
int manager_check_boot_guard(Manager *manager);
/* Each start says which profiles are not applied, and why. */
void manager_tell_quarantine(Manager *manager);

/* manager-hold.c */

/* An automatic revert; one too many begins a hold. */
void manager_note_revert(Manager *manager, uint64_t id, const char *profile, const char *why);
/* Says that a hold goes on. */
void manager_start_hold(Manager *manager);
/* 0, or a refusal that names the reverts. */
int manager_check_hold(const Manager *manager, const char *name, Refusal *ret_refusal);
/* Tells when it has ended by itself. */
void manager_age_hold(Manager *manager);

/* manager-apply.c */

/* Resolves and checks, as the daemon does it for a name from anyone. */
int manager_resolve(Manager *manager, const char *name, Settings **ret, Refusal *ret_refusal);
/* The plan that leads from what is in force to settings: also what is left goes back. */
int manager_make_plan(Manager *manager, const Settings *settings, Plan **ret, Refusal *ret_refusal);
/* "vm.swappiness=1" lines, one a setting; the caller frees; NULL without memory. */
char *settings_text(const Settings *settings);
/* manager_apply, for the daemon itself too: why is added to the event (may be NULL). */
int manager_apply_for(Manager *manager,
                      const char *name,
                      const ApplyOptions *options,
                      const char *by,
                      const char *why,
                      uint64_t *ret_id,
                      Refusal *ret_refusal);

/* manager-force.c */

/* Durably, before the first write. A quarantine that could not be recorded has only the journal
 * that this one replaces to be known by: it is recorded first. So is what lies below. */
int manager_write_pending(Manager *manager, const Journal *journal);
/* Journal, limits, writes: the settings are in force and on probation afterwards, or nothing is
 * changed. The journal, complete but for times, is taken over. why is added to the event. */
int manager_put_in_force(Manager *manager,
                         Journal *journal,
                         usec_t time_usec,
                         const char *by,
                         const char *why,
                         Refusal *ret_refusal);
/* Watches manager->pending; -errno and a refusal when a limit cannot be watched. */
int manager_watch(Manager *manager, Journal *journal, Refusal *ret_refusal);

/* manager-trial-plan.c */

/* Both settings' plans (in arm_plans, also when it fails), the schedule, and the journal that leads
 * back from either. */
int manager_plan_trial(Manager *manager,
                       const char *name,
                       const char *against,
                       const TrialOptions *options,
                       Journal **ret,
                       Refusal *ret_refusal);

/* manager-trial.c */

/* Ends it: what was in force is in force again, and the result, or why there is none, is told.
 * Negative as of manager_take_back(). */
int manager_end_trial(Manager *manager, const char *why_void, const char *by);
/* Of the trial that runs, as of now, or as it ended. NULL without memory. */
Report *manager_trial_report(Manager *manager, const char *why_void);
/* For the daemon itself too: a confirmation is not asked for by a person. */
int manager_begin_trial(Manager *manager,
                        const char *name,
                        const char *against,
                        const TrialOptions *options,
                        const char *by,
                        const char *why,
                        uint64_t *ret_id,
                        Refusal *ret_refusal);

/* manager-confirm.c */

/* A regression of the profile was taken back provisionally: find out by a trial whether it was the
 * change, by a metric (negative: the usual one). settling: of its knobs. */
void manager_confirm(
        Manager *manager, const char *profile, uint64_t id, Metric metric, usec_t settling_usec);
/* The trial has ended; trial NULL: void. */
void manager_conclude(Manager *manager, const Trial *trial);
/* A person does something else. */
void manager_forget_confirmation(Manager *manager);

/* manager-oom.c */

/* Tells of the kills since the pending change that were not told yet, and has the kernel's log read
 * for the report. */
void manager_tell_kills(Manager *manager);
/* After a restart: what the kernel said is read again, for the change on probation, or for the last
 * one if the process before us did not come to the end of it. */
void manager_recall_kills(Manager *manager);
/* The report gets what is known of the kills by now. */
void manager_report_kills(const Manager *manager, Report *report);
void manager_forget_account(Manager *manager);

/* manager-damage.c */

/* Renames it, and tells what was wrong and what is lost, a sentence. */
int manager_set_aside(Manager *manager, const char *file, int error, const char *loss);
void manager_tell_unread(Manager *manager, const char *file, size_t n_unread);

/* manager-report.c */

/* Of what is on probation; NULL when nothing is, or memory is short. */
Report *manager_take_report(Manager *manager, const Verdict *verdict);
/* Takes the report over (may be NULL); state is what became of the transaction. */
void manager_store_report(Manager *manager, Report *report, const char *state);

/* manager-forget.c */

/* The undoing left stuck steps: from now on, on disk too, the journal is about them alone. */
void manager_keep_stuck(Manager *manager,
                        Journal *journal,
                        const char *file,
                        const Undoing *undoing);
/* The disk says what memory says, where that failed before (pending_is_behind, kept_is_behind). */
int manager_catch_up(Manager *manager);
/* A journal that was in memory, and is taken over, goes from the disk. Negative and told: it could
 * not yet, so that the next start would take it for being in force. */
int manager_forget_journal(Manager *manager, Journal *journal, bool pending);
/* What is pending, else what is kept, is in force no longer. Negative as before. */
int manager_forget(Manager *manager, bool pending);
/* Of a profile that is not wholly reverted, or not known to be at the next start. */
int manager_refuse_revert(Manager *manager, const char *profile, int error, Refusal *ret_refusal);

/* manager-end.c */

/* The pending transaction becomes the kept one. The report (may be NULL: it is made here) is taken
 * over. */
int manager_keep_pending(
        Manager *manager, const char *why, const char *by, Report *report, Refusal *ret_refusal);
/* Takes back the pending transaction, else the kept one: undoes, tells, forgets. type is
 * EVENT_REVERTED, or EVENT_RECOVERED at start. verdict may be NULL; report as above. Negative: a
 * knob is stuck and kept on disk (state reverting), or the journal cannot be removed. */
int manager_take_back(Manager *manager,
                      EventType type,
                      const char *why,
                      const char *by,
                      const Verdict *verdict,
                      Report *report);
const ProbationCallbacks *manager_probation_callbacks(Manager *manager, ProbationCallbacks *buffer);
