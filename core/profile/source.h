/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which line has the say about each knob: later wins, parents left to right, the file itself, its
 * overrides whose condition holds. The members of a coupled pair make room for each other.
 */

#include "core/profile/ancestry.h"

/* What a profile says of a knob, and which file says it. */
typedef struct SettingSource {
        const Profile *profile;
        const ProfileSetting *said;
} SettingSource;

typedef struct Sources {
        SettingSource *items; /* what is in force, in the order of the files */
        size_t n;
        SettingSource *replaced; /* by a later line */
        size_t n_replaced;
} Sources;

#define SOURCES_INIT ((Sources){0})

/* What an ancestry says on a machine with these facts; whether it is applicable there does not
 * matter. 0 or -ENOMEM. */
int sources_gather(const Ancestry *ancestry, const Facts *facts, Sources *ret);
void sources_done(Sources *sources);

/* The line that has the say, or NULL. */
const SettingSource *sources_find(const Sources *sources, KnobRef ref);
