/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The blocks "sysctl" and "transparent_hugepage": which knobs, and how their values are said. */

#include "core/profile/profile.h"
#include "core/profile/reader.h"

/* Both add to settings. */
void block_read_sysctl(Reader *reader, const Node *node, ProfileSettings *settings);
void block_read_thp(Reader *reader, const Node *node, ProfileSettings *settings);

void profile_settings_done(ProfileSettings *settings);
