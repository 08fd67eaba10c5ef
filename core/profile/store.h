/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where profiles lie: four folders, searched in order, the first file of a name masks the others
 * whole. A profile is asked for by name; a name never becomes a path outside the folders.
 */

#include "core/base/root.h"
#include "core/profile/profile.h"

typedef enum StoreTrust {
        STORE_ANY,     /* commands: whoever may read it */
        STORE_TRUSTED, /* the daemon: see core/base/trust.h */
} StoreTrust;

/* Relative to the root, in search order, NULL-terminated. */
const char *const *store_folders(void);

typedef struct StoreEntry {
        char *name;
        char *path;    /* relative to the root, the file that counts */
        char **masked; /* the files it hides, in order */
        size_t n_masked;
} StoreEntry;

typedef struct StoreList {
        StoreEntry *items; /* sorted by name */
        size_t n;
} StoreList;

/* Every *.yaml of a valid name. A missing folder is no error. */
int store_list(const Root *root, StoreList *ret);
void store_list_done(StoreList *list);

/* True when there is a file of that valid name. */
bool store_has(const Root *root, const char *name);
/* 'did you mean "X"?' or NULL; the caller frees. */
char *store_hint(const Root *root, const char *name);

/*
 * The file of that name, read and parsed. -ENOENT (with a problem that names the folders and the
 * nearest name), -EPERM (with a problem: who owns it, or that it cannot be read), -EINVAL (its
 * problems, or no name of a profile). The reading is bounded by DOCUMENT_SIZE_MAX.
 */
int store_load(
        const Root *root, const char *name, StoreTrust trust, Problems *problems, Profile **ret);

/* A profile from any file, for "memctl validate ./x.yaml": the name is the file's name without
 * .yaml. The path is taken as it is, not below a root; what it inherits is looked for beside it
 * before it is looked for in the store. */
int store_load_file(const char *path, Problems *problems, Profile **ret);
