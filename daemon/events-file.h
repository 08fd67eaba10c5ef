/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The events on disk: "events" and, before it, "events.1" in the state folder, one JSON line an
 * event, each appended with one write. A torn line, from a full disk or a crash, is passed over.
 */

#include "core/event.h"

typedef struct EventsFile {
        int state_fd; /* borrowed; -1: nothing is stored */
        bool failing; /* said once, until it works again */
        uint64_t n_lost;
        size_t n_aside; /* of its files: what lay in their place was set aside */
} EventsFile;

/* What lies in the place of its files and is no regular file is set aside, as no event could be
 * stored ever after. */
void events_file_init(EventsFile *file, int state_fd);

/* Never fails: what goes wrong is logged, once until it works again. */
void events_file_append(EventsFile *file, const Event *event);

/* Takes the event over. Non-zero ends the reading. */
typedef int (*EventsFileVisitor)(Event *event, void *userdata);

/* The newest at most max events with since < seq < before, oldest first. Returns what the visitor
 * returned, or -ENOMEM. An unreadable file is as an empty one; then *ret_incomplete (may be NULL)
 * is true, as when an event cannot be read for lack of memory. */
int events_file_read(const EventsFile *file,
                     uint64_t since,
                     uint64_t before,
                     size_t max,
                     EventsFileVisitor visitor,
                     void *userdata,
                     bool *ret_incomplete);

/*
 * The last number given to an event that could not be stored; 0 when there was none. It lies in a
 * file of its own that is as long as it ever gets from the start, so that a full disk does not stop
 * the daemon from remembering which numbers are used up.
 */
uint64_t events_file_reserved(const EventsFile *file);
