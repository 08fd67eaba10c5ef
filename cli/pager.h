/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Long output through a pager, chosen as systemctl chooses it. */

#include <sys/types.h>

/* Standard output now goes to the pager; its process, or 0 when there is none to be used. */
pid_t pager_start(void);
/* Ends standard output and waits until the person has left the pager. */
void pager_finish(pid_t pager);
