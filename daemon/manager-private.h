/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of the manager share; nobody else includes it. */

#include "core/protocol.h"
#include "daemon/baseline.h"
#include "daemon/journal.h"
#include "daemon/manager.h"
#include "daemon/probation.h"
#include "daemon/quarantine.h"

struct Manager {
        const Root *root;
        sd_event *event;
        char *config_file; /* or NULL */
        Config config;
        int state_fd;
        Facts facts;
        Events *events;
        Baseline *baseline;
        Quarantine quarantine;
        ManagerState state;
        Journal *pending;     /* on probation, or stuck in reverting */
        Probation *probation; /* watches pending */
        Journal *kept;        /* in force below it */
        uint64_t last_id;
        bool keep_failed; /* said once that keeping could not be recorded */
        ManagerListener listener;
        void *listener_userdata;
};

usec_t manager_boottime(void);
usec_t manager_realtime(void);
void manager_set_state(Manager *manager, ManagerState state);
/* The state that follows from what is in force when nothing is under way. */
ManagerState manager_rest_state(const Manager *manager, ManagerState otherwise);
uint64_t manager_next_id(Manager *manager);

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

/* manager-end.c */

/* The pending transaction becomes the kept one. */
int manager_keep_pending(Manager *manager, const char *why, const char *by, Refusal *ret_refusal);
/* Takes back the pending transaction, else the kept one: undoes, tells, forgets. type is
 * EVENT_REVERTED, or EVENT_RECOVERED at start. verdict may be NULL. -EBUSY when a knob is stuck: it
 * is kept on disk, state reverting. */
int manager_take_back(
        Manager *manager, EventType type, const char *why, const char *by, const Verdict *verdict);
/* The undoing left stuck steps: from now on, on disk too, the journal is about them alone. */
void manager_keep_stuck(Manager *manager,
                        Journal *journal,
                        const char *file,
                        const Undoing *undoing);
const ProbationCallbacks *manager_probation_callbacks(Manager *manager, ProbationCallbacks *buffer);
