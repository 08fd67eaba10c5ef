/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Makes a copied tree take writes as the kernel does: it brackets the chosen word, zeroes the other
 * member of a pair, parses /proc/sys numbers in base 0 (so that "010" is 8), refuses what is out
 * of the catalogue's range, ignores a second write on a descriptor of /proc/sys, runs the handler
 * on a write of no bytes, and rebuilds vm.min_free_kbytes when a THP knob is written.
 *
 *     root_set_write_hook(root, fake_kernel_write);
 *
 * A file "fake-kernel.refuse" at the tree's root makes single knobs misbehave, one line each:
 *
 *     vm.swappiness EPERM        every write fails with that errno
 *     vm.page-cluster CLAMP 3    writes succeed, and 3 is what it holds then
 *     vm.stat_interval SHORT     the value is applied, and one byte less than given is reported
 */

#include "core/base/root.h"

/* The kernel remembers what a person wrote to min_free_kbytes; here in this file of the tree. */
#define FAKE_KERNEL_USER_MIN_FREE "fake-kernel.user-min-free"
#define FAKE_KERNEL_REFUSE "fake-kernel.refuse"

/* A RootWriteHook. */
ssize_t
fake_kernel_write(const Root *root, const char *path, int fd, const char *data, size_t size);
