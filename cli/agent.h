/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* polkit's text agent: asks an ordinary user on a terminal for the administrator's password. */

#include <sys/types.h>

typedef struct Agent {
        pid_t pid; /* 0: none was started */
} Agent;

/* Does nothing for root, without a terminal, or when there is no pkttyagent. */
void agent_start(Agent *agent);
void agent_stop(Agent *agent);
