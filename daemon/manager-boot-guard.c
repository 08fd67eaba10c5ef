/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <time.h>

#include "core/base/quantity.h"
#include "daemon/log.h"
#include "daemon/manager-private.h"

int manager_open_boot_guard(Manager *manager, const Journal *journal) {
        if (manager->config.boot_guard_usec == 0)
                return 0;
        return boot_guard_open(manager->state_fd,
                               journal->profile,
                               journal->id,
                               journal->boot_id,
                               manager_boottime(),
                               &manager->boot_guard);
}

void manager_close_boot_guard(Manager *manager) {
        /* Of what is quarantined it may be the only record. */
        int r = quarantine_save(&manager->quarantine, manager->state_fd);

        if (r >= 0)
                r = boot_guard_close(manager->state_fd, &manager->boot_guard);
        if (r < 0)
                log_error("cannot record that the machine outlived the apply of %s: %s",
                          manager->boot_guard.profile,
                          strerror(-r));
}

static bool is_in_force(const Journal *journal, uint64_t id) {
        return journal && journal->id == id;
}

/* What is kept may be young itself, whatever was above it for a while. */
static int guard_kept(Manager *manager) {
        const Journal *kept = manager->kept;

        return boot_guard_open(manager->state_fd,
                               kept->profile,
                               kept->id,
                               kept->boot_id,
                               kept->started_usec,
                               &manager->boot_guard);
}

static bool is_kept_young(const Manager *manager) {
        const Journal *kept = manager->kept;

        return kept && streq(kept->boot_id, manager->facts.boot_id) &&
               manager_boottime() - kept->started_usec < manager->config.boot_guard_usec;
}

int manager_settle_boot_guard(Manager *manager) {
        const BootGuard *guard = &manager->boot_guard;

        if (!guard->open || is_in_force(manager->pending, guard->id) ||
            is_in_force(manager->kept, guard->id))
                return 0;
        bool young = is_kept_young(manager);
        if (young && guard_kept(manager) >= 0)
                return 0;
        manager->guard_is_lost = young; /* taking back comes first */
        if (young)
                log_warning("cannot record yet that this machine may go down under %s, which is in "
                            "force again.",
                            manager->kept->profile);
        return boot_guard_close(manager->state_fd, &manager->boot_guard);
}

void manager_age_boot_guard(Manager *manager) {
        if (manager->guard_is_lost && !manager->boot_guard.open && !manager->pending)
                manager->guard_is_lost = is_kept_young(manager) && guard_kept(manager) < 0;
        if (manager->boot_guard.open && boot_guard_is_over(&manager->boot_guard,
                                                           manager->config.boot_guard_usec,
                                                           manager_boottime()))
                manager_close_boot_guard(manager);
}

static int quarantine_guarded(Manager *manager) {
        const BootGuard *guard = &manager->boot_guard;
        char length[64];

        format_duration(manager->config.boot_guard_usec, length);
        _cleanup_(freep) char *reason = text_format(
                "the boot before ended without a shutdown within %s of its apply", length);
        if (!reason)
                return -ENOMEM;
        int r = quarantine_add(&manager->quarantine,
                               manager->state_fd,
                               guard->profile,
                               reason,
                               manager_realtime());
        if (r == -ENOMEM)
                return r;
        Event *event = event_new(EVENT_QUARANTINED, guard->profile, guard->id);
        if (event) {
                (void) event_set_message(event,
                                         "%s is not in force and is quarantined: %s "
                                         "(BootGuard=). 'memctl release %s' lets it be applied "
                                         "again.%s%s",
                                         guard->profile,
                                         reason,
                                         guard->profile,
                                         r < 0 ? " This could not be recorded: " : "",
                                         r < 0 ? strerror(-r) : "");
                (void) event_add(event, "boot-before", "%s", guard->boot_id);
        }
        events_emit(manager->events, event);
        return r;
}

int manager_check_boot_guard(Manager *manager) {
        const BootGuard *guard = &manager->boot_guard;
        const Journal *pending = manager->pending;

        if (!guard->open || streq(guard->boot_id, manager->facts.boot_id))
                return 0;
        /* What is still on probation is quarantined for that. */
        bool told = pending && streq(pending->profile, guard->profile);
        int r = manager->config.boot_guard_usec > 0 && !told ? quarantine_guarded(manager) : 0;
        if (r >= 0)
                manager_close_boot_guard(manager);
        return r == -ENOMEM ? r : 0; /* else it stays open until it can be recorded */
}

void manager_tell_quarantine(Manager *manager) {
        for (size_t i = 0; i < manager->quarantine.n; i++) {
                const QuarantineEntry *entry = &manager->quarantine.items[i];
                time_t seconds = (time_t) (entry->realtime_usec / USEC_PER_SEC);
                Event *event = event_new(EVENT_QUARANTINED, entry->profile, 0);
                char when[32] = "";
                struct tm utc;
                if (gmtime_r(&seconds, &utc))
                        (void) strftime(when, sizeof(when), "%Y-%m-%d %H:%M UTC", &utc);
                if (event)
                        (void) event_set_message(
                                event,
                                "%s is still quarantined, since %s: %s. It is not applied until "
                                "'memctl release %s'.",
                                entry->profile,
                                when,
                                entry->reason,
                                entry->profile);
                events_emit(manager->events, event);
        }
}
