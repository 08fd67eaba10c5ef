/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The reports of the last transactions, one file each in the state folder. */

#include "core/report.h"

/* So many are kept; the oldest goes. */
#define REPORTS_MAX 32

/* Durably. -errno. */
int reports_store(int state_fd, const Report *report);
/* id 0: the newest. -ENOENT; -EBADMSG when the file is damaged. */
int reports_load(int state_fd, uint64_t id, Report **ret);
