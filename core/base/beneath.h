/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Opening what lies below a folder, and nothing else: openat2(2) with RESOLVE_BENEATH and
 * RESOLVE_NO_SYMLINKS. No ".." leads out and no link leads away, wherever on the path, and nobody
 * can exchange a part of it in between.
 *
 * Kernels before 5.6 have no openat2, old container managers forbid it, and so does systemd where
 * RestrictSUIDSGID= is on (seccomp_restrict_sxid, src/shared/seccomp-util.c: its filter cannot see
 * the mode), as in memctld.service. There the path is walked one name at a time with O_NOFOLLOW,
 * and
 * ".." is refused: as strict, but for mounts before 5.8, which do not show.
 */

#include "core/base/util.h"

typedef enum BeneathMounts {
        BENEATH_ANY_MOUNT, /* what is mounted below the folder counts as below it */
        BENEATH_ONE_MOUNT, /* -EXDEV for what is mounted there */
} BeneathMounts;

/* As openat(2) of a relative path with O_CLOEXEC and O_NOCTTY added, without O_CREAT. A descriptor;
 * -ELOOP for a link anywhere on the path, -EXDEV for one that leads out of the folder, -errno. */
int open_beneath(int dir_fd, const char *path, int flags, BeneathMounts mounts);
