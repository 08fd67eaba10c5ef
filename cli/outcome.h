/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a verb did, told by the daemon's own events while it was being done. */

#include "cli/client.h"
#include "cli/event-print.h"

/* From before the call on, so that nothing is missed. */
ExitCode outcome_listen(Client *client, EventTail *tail);
/* After the call: prints what has come; as JSON {"done": what, "events": [...]}. */
ExitCode outcome_print(Client *client, EventTail *tail, const char *done);
