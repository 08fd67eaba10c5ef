/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A profile with its parents, on this machine: which knob gets which value, and which line says so.
 * Later wins: parents left to right, the file itself, its overrides whose condition holds. The
 * members of a coupled pair count as one: a later dirty_bytes replaces an earlier dirty_ratio.
 */

#include "core/profile/ancestry.h"

typedef struct Setting {
        KnobRef ref;
        ValueType type; /* on this kernel */
        Value value;
        char *origin; /* "etc/memctl/profiles/redis.yaml:12", with the root's prefix */
        Place place;  /* of the key, in that file */
        bool optional;
        Only only; /* a plan compares with the live value */
        DriftPolicy drift;
        char *source;   /* or NULL */
        char *reviewed; /* or NULL */
} Setting;

/* A setting that is left out here, and why: "this kernel (6.1) has no such knob". */
typedef struct Skipped {
        KnobRef ref;
        char *origin;
        char *reason;
} Skipped;

typedef struct Settings {
        char *profile;
        char *summary;
        char *file;
        Setting *items; /* sorted by knob name */
        size_t n;
        Skipped *skipped;
        size_t n_skipped;
        DriftPolicy drift; /* of the values that say none of their own */
        Watch watch;       /* complete: what no file says has its default */
        bool applicable;   /* every "when" of the profile and its parents holds */
        char *why_not;     /* when not applicable */
} Settings;

/* What a profile that says nothing gets. */
#define WATCH_BASELINE_DEFAULT USEC_PER_HOUR
#define WATCH_PROBATION_DEFAULT (30 * USEC_PER_MINUTE)

/*
 * Loads the profile of that name and its parents. All problems are added; -EINVAL when there is an
 * error, -ENOENT or -EPERM when the profile itself is missing or not trusted. A profile that is
 * not applicable resolves all the same, with applicable false.
 */
int resolve_name(const Root *root,
                 const char *name,
                 StoreTrust trust,
                 const Facts *facts,
                 Problems *problems,
                 Settings **ret);
/* The same for a profile already parsed. */
int resolve_profile(const Root *root,
                    const Profile *profile,
                    StoreTrust trust,
                    const Facts *facts,
                    Problems *problems,
                    Settings **ret);
/* The same for a profile whose parents are loaded too. */
int resolve_ancestry(const Root *root,
                     const Ancestry *ancestry,
                     const Facts *facts,
                     Problems *problems,
                     Settings **ret);

Settings *settings_free(Settings *settings);
DEFINE_CLEANUP(Settings *, settings_free)

/* The setting of that knob, or NULL. */
const Setting *settings_find(const Settings *settings, KnobRef ref);
