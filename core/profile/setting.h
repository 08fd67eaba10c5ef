/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One value of a profile against this machine: is the knob here, does it take the value? */

#include "core/profile/resolve.h"
#include "core/profile/source.h"

typedef struct SettingContext {
        const Root *root;
        const Facts *facts;
        bool applicable; /* else what does not fit is no error: the profile is for others */
        Problems *problems;
} SettingContext;

/*
 * 1 and *ret, or 0 and *ret_skipped: both are the caller's. -EINVAL and a problem, -ENOMEM.
 */
int setting_resolve(const SettingContext *context,
                    const SettingSource *source,
                    Setting *ret,
                    Skipped *ret_skipped);

/*
 * For a value that does not come into force here: its text must be one that the knob can have on
 * some machine; with in_range also on this one. What it finds is added to the problems.
 */
void setting_check(const SettingContext *context, const SettingSource *source, bool in_range);

Location setting_source_location(const SettingSource *source);
/* "file:line" of the key; the caller frees. */
char *setting_source_origin(const SettingSource *source);

void setting_done(Setting *setting);
void skipped_done(Skipped *skipped);
