/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A profile and all that it builds on, loaded once each: a diamond counts a profile at its first
 * place. The order is the one in which they count, parents first, left to right.
 */

#include "core/profile/profile.h"
#include "core/profile/store.h"

/* Parents of parents of parents: more is a mistake. */
#define ANCESTRY_DEPTH_MAX 16

/* A profile that was looked at already. */
typedef struct Ancestor {
        char *name;
        const Profile *profile; /* NULL when it could not be loaded */
        Profile *owned;         /* the same, or NULL when another ancestry has it */
} Ancestor;

typedef struct Ancestry {
        Ancestor *items; /* without the profile itself, in the order of being met */
        size_t n;
        const Profile **order; /* in which they count; the profile itself is the last */
        size_t n_order;
} Ancestry;

#define ANCESTRY_INIT ((Ancestry){0})

/*
 * Loads what the profile inherits. A parent of a profile that a person named by its file is looked
 * for beside it first. All problems are added, and the ancestry then lacks what they are about;
 * 0 or -ENOMEM. The profile must outlive the ancestry.
 */
int ancestry_load(const Root *root,
                  const Profile *profile,
                  StoreTrust trust,
                  Problems *problems,
                  Ancestry *ret);
/* The same for a profile of that ancestry, which must outlive the new one: no file is read. */
int ancestry_of(const Ancestry *known, const Profile *profile, Ancestry *ret);
void ancestry_done(Ancestry *ancestry);

/* The profile of that name among those that were inherited, or NULL. */
const Profile *ancestry_find(const Ancestry *ancestry, const char *name);
/* The profile that was read from that file, the profile itself included, or NULL. */
const Profile *ancestry_find_file(const Ancestry *ancestry, const char *file);
