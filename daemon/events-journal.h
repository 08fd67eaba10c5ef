/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An event as a journal entry with MEMCTL_ fields, or, where stderr is no journal, as a line. */

#include "core/event.h"

void events_journal_send(const Event *event);
