/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a profile of tuned sets of memory: its units [vm], [sysctl] and [sysfs] with variables and
 * conditions worked out as tuned 2.20 to 2.28 does. [vm] dirty_bytes=40% is no byte value but
 * another name for vm.dirty_ratio. What needs tuned itself, or is no memory knob, is left out with
 * the reason.
 */

#include "core/base/problem.h"
#include "core/base/root.h"
#include "core/profile/assignment.h"

/* word as tuned_profile_load. -EINVAL, -ENOENT and problems; -ENOMEM. */
int tuned_file_load(const Root *root,
                    const char *word,
                    Assignments *assignments,
                    Problems *problems);
