/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/log.h"
#include "daemon/manager-private.h"
#include "daemon/reports.h"

Report *manager_take_report(Manager *manager, const Verdict *verdict) {
        if (!manager->probation)
                return NULL;
        Report *report = evidence_report(manager->probation, verdict);
        if (report)
                manager_report_kills(manager, report);
        return report;
}

/* A report that cannot be stored is a loss of evidence, and no reason for anything else. */
void manager_store_report(Manager *manager, Report *report, const char *state) {
        _cleanup_(report_freep) Report *owned = report;

        if (!owned)
                return;
        free(owned->state);
        owned->state = strdup(state);
        if (owned->ended_sec < 0)
                owned->ended_sec =
                        (double) (manager_realtime() - owned->realtime_usec) / USEC_PER_SEC;
        int r = owned->state ? reports_store(manager->state_fd, owned) : -ENOMEM;
        if (r < 0)
                log_warning("cannot store the report of transaction %lu: %s",
                            (unsigned long) owned->id,
                            strerror(-r));
}

int manager_report(Manager *manager, uint64_t id, Report **ret, Refusal *ret_refusal) {
        if (manager->probation && (id == 0 || id == manager->pending->id)) {
                Report *report = manager->state == MANAGER_TRIAL
                                         ? manager_trial_report(manager, NULL)
                                         : manager_take_report(manager, NULL);
                if (!report)
                        return refuse(ret_refusal, MEMCTL_ERROR_FAILED, "out of memory");
                *ret = report;
                return 0;
        }
        int r = reports_load(manager->state_fd, id, ret);
        if (r == -ENOENT && id == 0)
                return refuse(ret_refusal, MEMCTL_ERROR_NOTHING, "there is no report yet");
        if (r == -ENOENT)
                return refuse(ret_refusal,
                              MEMCTL_ERROR_NOTHING,
                              "there is no report of transaction %lu; the last %d are kept",
                              (unsigned long) id,
                              REPORTS_MAX);
        if (r < 0)
                return refuse(ret_refusal,
                              MEMCTL_ERROR_FAILED,
                              "the report of transaction %lu cannot be read: %s",
                              (unsigned long) id,
                              state_damage(r));
        return 0;
}
