/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Events as people read them, and a place to gather them. */

#include "core/event.h"

/* "Nov 23 12:31:04  reverted  what happened", wrapped beside it on a terminal. */
void event_print(const Event *event, size_t indent);
/* One line of it, cut where the terminal ends (at EVENT_BRIEF_MIN columns at least). */
#define EVENT_BRIEF_MIN ((size_t) 80)
void event_print_brief(const Event *event, size_t indent);

/* The last of what ListEvents told, oldest first. */
typedef struct EventTail {
        Event **items;
        size_t n;
        size_t n_max; /* older ones are let go */
        bool failed;  /* memory was short */
} EventTail;

void event_tail_done(EventTail *tail);
/* A ClientEventFn; userdata is the EventTail. */
void event_tail_add(const Event *event, void *userdata);
