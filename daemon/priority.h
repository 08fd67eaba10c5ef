/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who goes first when several things are to be done, for sd_event_source_set_priority(). The event
 * loop looks for what is due after each message, so whatever floods the bus holds up what comes
 * before it here by one message at most.
 */

#include <systemd/sd-event.h>

enum {
        PRIORITY_TRIGGER = SD_EVENT_PRIORITY_IMPORTANT, /* tasks are stalled just now */
        PRIORITY_WATCH = PRIORITY_TRIGGER + 20,   /* samples, deadlines, switches of a trial */
        PRIORITY_SIGNAL = PRIORITY_TRIGGER + 40,  /* stop, reload */
        PRIORITY_PEER = SD_EVENT_PRIORITY_NORMAL, /* root, on the private socket */
        PRIORITY_BROKER = PRIORITY_PEER + 20,     /* everybody */
};
