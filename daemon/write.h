/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The only writer of /proc and /sys.
 *
 * The kernel takes a write in ways that no other file does (measured, fs/proc/proc_sysctl.c and
 * fs/sysfs): a second write on one descriptor succeeds and changes nothing; a write of no bytes
 * runs the handler all the same and zeroes the other member of a pair; a number with a leading zero
 * is octal; a short write is a success with part of the text applied. So: canonical text, one
 * write at position 0 of a fresh descriptor, all of it or an error, and the caller reads back.
 */

#include "core/base/root.h"
#include "core/knobs/knob.h"

/*
 * 0 when the kernel took all of it. -errno as the kernel gave it; -EIO for a short write; -EINVAL
 * for an empty text. Says nothing about what the knob reads now.
 */
int write_knob(const Root *root, KnobRef ref, const Value *value);
