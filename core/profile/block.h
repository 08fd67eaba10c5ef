/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The blocks of a profile that hold knobs: "sysctl" with dotted names, the others ("ksm",
 * "transparent_hugepage") as their folders in sysfs are. Which knobs, and how their values are
 * said.
 */

#include "core/profile/profile.h"
#include "core/profile/reader.h"

/* node is the block; its key says which one. Adds to settings. */
void block_read(Reader *reader, const Node *node, ProfileSettings *settings);

void profile_settings_done(ProfileSettings *settings);
