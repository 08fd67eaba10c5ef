/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An event from its first line to its last: what the parser fills, and what follows from it. */

#include "core/machine/oom.h"

void oom_event_init(OomEvent *event);
void oom_event_done(OomEvent *event);
/* Does it hold enough to be told of? Counters alone may come from elsewhere. */
bool oom_event_is_one(const OomEvent *event);
/* Works out what the lines imply together: kind, constraint, page size, whether it is complete. */
void oom_event_conclude(OomEvent *event);
