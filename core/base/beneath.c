/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/beneath.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* The kernel gives up when something is renamed at the same time (fs/namei.c:handle_dots). */
#define ATTEMPTS 16

static int open_once(int dir_fd, const char *path, int flags, BeneathMounts mounts) {
        struct open_how how = {
                .flags = (uint64_t) flags,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
        };

        if (mounts == BENEATH_ONE_MOUNT)
                how.resolve |= RESOLVE_NO_XDEV;
        long fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
        return fd < 0 ? -errno : (int) fd;
}

/* openat() says -ENOTDIR of a link where it wants a folder. */
static int open_step(int dir_fd, const char *name, int flags) {
        struct stat st;

        if (streq(name, ".."))
                return -EXDEV;
        int fd = openat(dir_fd, name, flags | O_NOFOLLOW);
        if (fd >= 0)
                return fd;
        int r = -errno;
        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) >= 0 && S_ISLNK(st.st_mode))
                return -ELOOP;
        return r;
}

static bool get_mount(int fd, uint64_t *ret) {
        struct statx stx;

        if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) < 0 || !(stx.stx_mask & STATX_MNT_ID))
                return false;
        *ret = stx.stx_mnt_id;
        return true;
}

/* Not by st_dev: a folder and a file of one overlayfs have different ones. Unknown before 5.8. */
static bool is_crossing(int from, int to) {
        uint64_t one, other;

        return get_mount(from, &one) && get_mount(to, &other) && one != other;
}

static int walk(int dir_fd, const char *path, int flags, BeneathMounts mounts) {
        _cleanup_(closep) int folder = -1;
        char name[NAME_MAX + 1];

        if (path[0] == '/')
                return -EXDEV;
        for (;;) {
                int at = folder >= 0 ? folder : dir_fd;
                size_t n = strcspn(path, "/");
                if (n == 0)
                        return -ENOENT;
                if (n >= sizeof(name))
                        return -ENAMETOOLONG;
                memcpy(name, path, n);
                name[n] = '\0';
                path += n + strspn(path + n, "/");
                bool last = *path == '\0';
                _cleanup_(closep) int fd =
                        open_step(at, name, last ? flags : O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (fd < 0)
                        return TAKE_FD(fd);
                if (mounts == BENEATH_ONE_MOUNT && is_crossing(at, fd))
                        return -EXDEV;
                if (last)
                        return TAKE_FD(fd);
                closep(&folder);
                folder = TAKE_FD(fd);
        }
}

int open_beneath(int dir_fd, const char *path, int flags, BeneathMounts mounts) {
        int r = -EAGAIN;

        /* openat2() refuses what O_PATH has no use for. */
        flags |= O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY);
        for (int i = 0; i < ATTEMPTS && r == -EAGAIN; i++)
                r = open_once(dir_fd, path, flags, mounts);
        /* EPERM: a filter of system calls that does not know it; a real one comes again. */
        if (r == -ENOSYS || r == -EPERM)
                return walk(dir_fd, path, flags, mounts);
        return r;
}
