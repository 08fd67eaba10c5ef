/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A profile of tuned as its own code would load it: the file and what it includes, merged unit by
 * unit and option by option (tuned/profiles/merger.py), nothing evaluated yet. tuned-file.h makes
 * assignments of it.
 */

#include "core/base/problem.h"
#include "core/base/root.h"
#include "core/profile/assignment.h"

typedef struct TunedOption {
        char *key;
        char *value;
        char *file;
        unsigned line;
} TunedOption;

typedef struct TunedUnit {
        char *name;
        TunedOption *options; /* in the order in which they were said first */
        size_t n;
        char *file; /* of its heading */
        unsigned line;
} TunedUnit;

typedef struct TunedProfile {
        TunedUnit *units;
        size_t n;
} TunedProfile;

/* Deeper includes are a mistake. */
#define TUNED_DEPTH_MAX 16

/*
 * word is a profile's name ("oracle"), its folder, or its file tuned.conf. Parents are looked for
 * beside it and where tuned looks: etc/tuned, then usr/lib/tuned, also in "profiles" below both.
 * -EINVAL, -ENOENT and problems; -ENOMEM.
 */
int tuned_profile_load(const Root *root, const char *word, Problems *problems, TunedProfile *ret);
void tuned_profile_done(TunedProfile *profile);

const TunedUnit *tuned_unit_find(const TunedProfile *profile, const char *name);
/* NULL when the unit has none of that key. */
const char *tuned_option_get(const TunedUnit *unit, const char *key);

/* Adds the options of a file without sections, as "include=" of [variables] names one. */
int tuned_unit_read(TunedUnit *unit, const char *file, const char *text);
