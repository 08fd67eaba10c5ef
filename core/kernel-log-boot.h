/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which boot of the journal is meant. */

#include <systemd/sd-journal.h>

#include "core/kernel-log.h"

/* Leaves only entries of that boot. -ENXIO when the journal has none such. */
int kernel_log_match_boot(sd_journal *journal, const Root *root, const KernelLogRange *range);
