/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/quantity.h"
#include "daemon/log.h"
#include "daemon/manager-private.h"

static usec_t hold_end(const Manager *manager) {
        return hold_until(&manager->hold, manager->config.reverts_per_hour, manager_boottime());
}

/* Rounded up: a time that is told is not over too early. */
static void format_left(usec_t until_usec, char buffer[static 64]) {
        usec_t now = manager_boottime();
        usec_t left = until_usec > now ? until_usec - now : 0;

        format_duration((left + USEC_PER_SEC - 1) / USEC_PER_SEC * USEC_PER_SEC, buffer);
}

static void tell_hold(Manager *manager, const char *again) {
        usec_t until = hold_end(manager);
        char left[64];

        if (until == 0)
                return;
        manager->held = true;
        Event *event = event_new(EVENT_HELD, NULL, 0);
        _cleanup_(freep) char *reverts = hold_format(&manager->hold, manager_boottime());
        if (event) {
                format_left(until, left);
                (void) event_set_message(
                        event,
                        "Nothing is applied %sfor %s: %u automatic reverts within an hour are as "
                        "many as RevertsPerHour= allows. 'memctl release' without a name ends "
                        "this.",
                        again,
                        left,
                        manager->config.reverts_per_hour);
                if (reverts)
                        (void) event_add(event, "reverts", "%s", reverts);
        }
        events_emit(manager->events, event);
}

void manager_note_revert(Manager *manager, uint64_t id, const char *profile, const char *why) {
        int r = hold_note(&manager->hold, manager->state_fd, id, profile, why, manager_boottime());
        if (r < 0)
                log_error("cannot record the revert of %s: %s", profile, strerror(-r));
        tell_hold(manager, "");
}

void manager_start_hold(Manager *manager) {
        tell_hold(manager, "yet ");
}

int manager_check_hold(const Manager *manager, const char *name, Refusal *ret_refusal) {
        usec_t until = hold_end(manager);
        char left[64];

        if (until == 0)
                return 0;
        format_left(until, left);
        _cleanup_(freep) char *reverts = hold_format(&manager->hold, manager_boottime());
        return refuse(ret_refusal,
                      MEMCTL_ERROR_HELD,
                      "%s is not applied, since there were %u automatic reverts within an hour; "
                      "this ends by itself in %s, or now with 'memctl release' without a name. "
                      "The reverts:\n%s",
                      name,
                      manager->config.reverts_per_hour,
                      left,
                      reverts ? reverts : "");
}

static void tell_end(Manager *manager, const char *why, const char *by) {
        Event *event = event_new(EVENT_RELEASED, NULL, 0);

        manager->held = false;
        if (event) {
                (void) event_set_message(event, "Profiles may be applied again: %s.", why);
                if (by)
                        (void) event_add(event, "by", "%s", by);
        }
        events_emit(manager->events, event);
        manager_set_state(manager, manager->state);
}

void manager_age_hold(Manager *manager) {
        (void) hold_save(&manager->hold, manager->state_fd);
        if (manager->held && hold_end(manager) == 0)
                tell_end(manager, "the reverts are an hour ago", NULL);
}

int manager_release_hold(Manager *manager, const char *by, Refusal *ret_refusal) {
        if (hold_end(manager) == 0)
                return refuse(ret_refusal,
                              MEMCTL_ERROR_NOTHING,
                              "nothing is held; 'memctl release NAME' ends a quarantine");
        int r = hold_lift(&manager->hold, manager->state_fd);
        if (r < 0)
                return refuse(ret_refusal,
                              MEMCTL_ERROR_FAILED,
                              "cannot record that profiles may be applied again: %s; they may not",
                              strerror(-r));
        tell_end(manager, "a person said release", by);
        return 0;
}

bool manager_hold(const Manager *manager, HoldView *ret) {
        HoldView view = {.until_usec = hold_end(manager), .now_usec = manager_boottime()};

        if (view.until_usec == 0)
                return false;
        view.hold = &manager->hold;
        *ret = view;
        return true;
}
