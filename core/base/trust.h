/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Files that the daemon does what they say: it is root, so nobody else may have a say in them. Each
 * folder from the root down, and the file itself, belongs to root (or to the daemon's own user) and
 * cannot be written by others; nothing on the way is a symbolic link; the file is a regular one,
 * and not mounted over its folder.
 */

#include "core/base/problem.h"
#include "core/base/root.h"

/*
 * Opens such a file for reading; path is relative to the root. A descriptor; -ENOENT when it is not
 * there, without a problem; -EPERM with a problem that names the folder or file and what is wrong
 * with it; -ENOMEM.
 */
int trust_open(const Root *root, const char *path, Problems *problems);
