/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Tells each event once to everyone: the file in the state folder (one JSON line an event, kept
 * across restarts and reboots), the journal with MEMCTL_ fields and a message id, and one listener,
 * which is the bus. The newest few stay in memory too, so that a full disk hides nothing.
 */

#include "core/event.h"

typedef struct Events Events;

#define EVENTS_RING 64                         /* kept in memory */
#define EVENTS_FILE_MAX ((size_t) 1024 * 1024) /* then "events" becomes "events.1" */

/*
 * state_fd is the state folder, borrowed for the lifetime; -1: memory only. Reads the last sequence
 * number; a damaged line in the file is passed over. -errno only for -ENOMEM.
 */
int events_new(int state_fd, Events **ret);
Events *events_free(Events *events);
DEFINE_CLEANUP(Events *, events_free)

typedef void (*EventsListener)(const Event *event, void *userdata);
void events_set_listener(Events *events, EventsListener listener, void *userdata);

/*
 * Takes the event over, gives it its number and the time, tells it, frees it. Never fails: what
 * cannot be stored is still logged. NULL (no memory when it was made) is logged as such.
 */
void events_emit(Events *events, Event *event);

/* The newest at most max events with seq > since, oldest first, to the visitor, until it returns
 * non-zero, which is returned. */
typedef int (*EventsVisitor)(const Event *event, void *userdata);
int events_visit(Events *events, uint64_t since, size_t max, EventsVisitor visitor, void *userdata);

/* The sequence number of the newest, 0 when there is none. */
uint64_t events_last(const Events *events);
