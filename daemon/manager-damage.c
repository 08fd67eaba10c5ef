/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/manager-private.h"

/* What cannot be trusted is kept for a person, and the daemon goes on without it. Negative when it
 * could not be set aside, and would be written over. */
int manager_set_aside(Manager *manager, const char *file, int error, const char *loss) {
        _cleanup_(freep) char *aside = NULL;
        Event *event = event_new(EVENT_PROBLEM, NULL, 0);

        int r = state_set_aside(manager->state_fd, file, &aside);
        if (event && r >= 0)
                (void) event_set_message(event,
                                         "The state file \"%s\" is damaged (%s) and was set aside "
                                         "as \"%s\". %s Delete it when you have seen it.",
                                         file,
                                         state_damage(error),
                                         aside,
                                         loss);
        else if (event)
                (void) event_set_message(event,
                                         "The state file \"%s\" is damaged (%s) and could not be "
                                         "set aside: %s. It is not used. %s",
                                         file,
                                         state_damage(error),
                                         strerror(-r),
                                         loss);
        if (event) {
                (void) event_add(event, "file", "%s", file);
                if (aside)
                        (void) event_add(event, "set-aside-as", "%s", aside);
        }
        events_emit(manager->events, event);
        return r < 0 ? r : 0;
}

void manager_tell_unread(Manager *manager, const char *file, size_t n_unread) {
        Event *event = event_new(EVENT_PROBLEM, NULL, 0);

        if (event) {
                (void) event_set_message(event,
                                         "%zu %s of the state file \"%s\", torn by a crash or "
                                         "damaged, %s passed over: what it says without counts.",
                                         n_unread,
                                         n_unread == 1 ? "line" : "lines",
                                         file,
                                         n_unread == 1 ? "was" : "were");
                (void) event_add(event, "file", "%s", file);
        }
        events_emit(manager->events, event);
}

int manager_list_damaged(const Manager *manager, StateAside *ret) {
        return state_list_aside(manager->state_fd, ret);
}
