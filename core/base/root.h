/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The machine as a parameter: a directory that stands for "/". All reading of /proc and /sys goes
 * through it, so that everything above works on the live machine, on a recorded tree and on a
 * copy that a test may write to. Paths are relative, without a leading slash: "proc/sys/vm".
 *
 * On a tree, a plain file does not behave like a kernel (it does not bracket, clamp or zero the
 * other member of a pair). A test that needs this installs a write hook; only daemon/write.c calls
 * it, in the place of write(2).
 */

#include <dirent.h>

#include "core/base/util.h"

typedef struct Root Root;

/* The largest file under /proc or /sys that is read whole. */
#define ROOT_READ_MAX ((size_t) 1024 * 1024)

/* Stands in for write(2) on a knob: returns bytes taken, or -errno. fd is open for writing. */
typedef ssize_t (*RootWriteHook)(
        const Root *root, const char *path, int fd, const char *data, size_t size);

/* "/" is the live machine. -errno when the folder cannot be opened. */
int root_open(const char *path, Root **ret);
Root *root_close(Root *root);
DEFINE_CLEANUP(Root *, root_close)

/* True when the tree is the running machine's own "/". */
bool root_is_live(const Root *root);
/* The folder's path as given, for messages; "" for the live machine, so that "%s/proc" prints. */
const char *root_prefix(const Root *root);
int root_fd(const Root *root);

void root_set_write_hook(Root *root, RootWriteHook hook);
RootWriteHook root_write_hook(const Root *root);

/* open(2) with O_CLOEXEC and O_NOCTTY added; a file descriptor or -errno. */
int root_open_file(const Root *root, const char *path, int flags);
/* NULL and errno on failure. */
DIR *root_open_dir(const Root *root, const char *path);
/* The whole file as text, at most ROOT_READ_MAX; the caller frees. -errno. */
int root_read(const Root *root, const char *path, char **ret);
/* The same for files that grow with the machine: proc/zoneinfo has a part for each CPU in each
 * zone. */
int root_read_max(const Root *root, const char *path, size_t max, char **ret);
/* Into the caller's buffer, without allocation, NUL-terminated, cut at size - 1; -errno. */
int root_read_into(const Root *root, const char *path, char *buffer, size_t size);
/* The same for a file of a folder that is open, with one read(2): for walks over thousands of
 * folders, and for files that the kernel prints at once, as those of cgroups and of processes. */
int root_read_at(int dir_fd, const char *name, char *buffer, size_t size);
bool root_exists(const Root *root, const char *path);
