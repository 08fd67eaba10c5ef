/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Throw-away copies of the recorded machines in tests/machines. */

#include "core/base/root.h"

/* A writable copy of tests/machines/NAME below $TMPDIR, found by $MEMCTL_SOURCE_ROOT; the caller
 * gives *ret to tree_remove(). A name of NULL makes an empty folder. -errno. */
int tree_copy(const char *name, char **ret);
/* Deletes the copy and frees its path. */
char *tree_remove(char *tree);
DEFINE_CLEANUP(char *, tree_remove)

/* Replaces one file of the copy, making its folders; path is relative to the tree. -errno. */
int tree_write(const char *tree, const char *path, const char *text);
/* Deletes one file of the copy, or a folder with all in it. -errno. */
int tree_delete(const char *tree, const char *path);
/* True when the file holds that text, a newline at its end aside. */
bool tree_holds(const char *tree, const char *path, const char *text);
