/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Ends a process at a chosen point of what it does to its files, as a crash does. To be loaded into
 * memctld with LD_PRELOAD:
 *
 *     MEMCTL_FAULT_PATHS    files below these folders count, separated by colons
 *     MEMCTL_FAULT_ARMED    a file: nothing is counted before it exists
 *     MEMCTL_FAULT_LOG      a file: each point is added to it, "7 renameat /var/lib/memctl/kept"
 *     MEMCTL_FAULT_KILL_AT  SIGKILL comes before the point of this number, from 1; 0 or unset:
 * never
 *
 * A point is a call that changes a file or makes a change last: opening for writing, write, pwrite,
 * fsync, fdatasync, rename, unlink. Whatever is no file below the folders (sockets, timers, stderr)
 * is passed on unseen. pwrite counts in the state folder alone: only the kernel that tests stand in
 * for writes knobs with it, and that is one write for the one it stands in for.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

/* What glibc calls when a program was built with _FORTIFY_SOURCE. */
EXPORTED int __open_2(const char *path, int flags);
EXPORTED int __open64_2(const char *path, int flags);
EXPORTED int __openat_2(int dir_fd, const char *path, int flags);
EXPORTED int __openat64_2(int dir_fd, const char *path, int flags);

static unsigned long n_points;

static bool is_armed(void) {
        static bool armed;
        const char *file = getenv("MEMCTL_FAULT_ARMED");

        if (!armed)
                armed = file && syscall(SYS_faccessat, AT_FDCWD, file, F_OK) == 0;
        return armed;
}

static bool is_counted(const char *path) {
        const char *folders = getenv("MEMCTL_FAULT_PATHS");

        for (const char *folder = folders; folder && *folder;) {
                size_t n = strcspn(folder, ":");
                if (strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == '\0'))
                        return true;
                folder += n + (folder[n] == ':');
        }
        return false;
}

static void log_point(const char *call, const char *path) {
        const char *file = getenv("MEMCTL_FAULT_LOG");
        char line[PATH_MAX + 64];

        if (!file)
                return;
        long fd = syscall(
                SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (fd < 0)
                return;
        int n = snprintf(line, sizeof(line), "%lu %s %s\n", n_points, call, path);
        (void) syscall(SYS_write, fd, line, (size_t) n);
        (void) syscall(SYS_close, fd);
}

static void point(const char *call, const char *path) {
        const char *kill_at = getenv("MEMCTL_FAULT_KILL_AT");
        int saved_errno = errno;

        if (is_counted(path) && is_armed()) {
                n_points++;
                log_point(call, path);
                if (kill_at && strtoul(kill_at, NULL, 10) == n_points) {
                        (void) kill(getpid(), SIGKILL);
                        for (;;)
                                (void) pause();
                }
        }
        errno = saved_errno;
}

static void fd_path(int fd, char path[static PATH_MAX]) {
        char link[64];

        (void) snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, path, PATH_MAX - 1);
        path[n < 0 ? 0 : n] = '\0';
}

static void point_at_fd(const char *call, int fd) {
        char path[PATH_MAX];

        fd_path(fd, path);
        point(call, path);
}

static void point_at_path(const char *call, int dir_fd, const char *name) {
        char folder[PATH_MAX], path[2 * PATH_MAX];

        if (name[0] == '/' || dir_fd == AT_FDCWD) {
                point(call, name);
                return;
        }
        fd_path(dir_fd, folder);
        (void) snprintf(path, sizeof(path), "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, name);
        point(call, path);
}

static int do_open(int dir_fd, const char *path, int flags, mode_t mode) {
        if ((flags & O_ACCMODE) != O_RDONLY)
                point_at_path("open", dir_fd, path);
        return (int) syscall(SYS_openat, dir_fd, path, flags, mode);
}

#define OPEN_MODE(last)                               \
        ({                                            \
                mode_t _mode = 0;                     \
                if ((last) & (O_CREAT | O_TMPFILE)) { \
                        va_list _ap;                  \
                        va_start(_ap, last);          \
                        _mode = va_arg(_ap, mode_t);  \
                        va_end(_ap);                  \
                }                                     \
                _mode;                                \
        })

EXPORTED int open(const char *path, int flags, ...) {
        return do_open(AT_FDCWD, path, flags, OPEN_MODE(flags));
}

EXPORTED int open64(const char *path, int flags, ...) {
        return do_open(AT_FDCWD, path, flags, OPEN_MODE(flags));
}

EXPORTED int openat(int dir_fd, const char *path, int flags, ...) {
        return do_open(dir_fd, path, flags, OPEN_MODE(flags));
}

EXPORTED int openat64(int dir_fd, const char *path, int flags, ...) {
        return do_open(dir_fd, path, flags, OPEN_MODE(flags));
}

int __open_2(const char *path, int flags) {
        return do_open(AT_FDCWD, path, flags, 0);
}

int __open64_2(const char *path, int flags) {
        return do_open(AT_FDCWD, path, flags, 0);
}

int __openat_2(int dir_fd, const char *path, int flags) {
        return do_open(dir_fd, path, flags, 0);
}

int __openat64_2(int dir_fd, const char *path, int flags) {
        return do_open(dir_fd, path, flags, 0);
}

EXPORTED ssize_t write(int fd, const void *data, size_t size) {
        point_at_fd("write", fd);
        return syscall(SYS_write, fd, data, size);
}

/* Knobs are told from the state folder by what lies above them. */
static ssize_t do_pwrite(int fd, const void *data, size_t size, off_t offset) {
        char path[PATH_MAX];

        fd_path(fd, path);
        if (!strstr(path, "/proc/sys/") && !strstr(path, "/sys/kernel/"))
                point("pwrite", path);
        return syscall(SYS_pwrite64, fd, data, size, offset);
}

EXPORTED ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
        return do_pwrite(fd, data, size, offset);
}

EXPORTED ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset) {
        return do_pwrite(fd, data, size, offset);
}

EXPORTED int fsync(int fd) {
        point_at_fd("fsync", fd);
        return (int) syscall(SYS_fsync, fd);
}

EXPORTED int fdatasync(int fd) {
        point_at_fd("fdatasync", fd);
        return (int) syscall(SYS_fdatasync, fd);
}

EXPORTED int renameat(int old_fd, const char *old_path, int new_fd, const char *new_path) {
        point_at_path("rename", new_fd, new_path);
        return (int) syscall(SYS_renameat2, old_fd, old_path, new_fd, new_path, 0);
}

EXPORTED int rename(const char *old_path, const char *new_path) {
        return renameat(AT_FDCWD, old_path, AT_FDCWD, new_path);
}

EXPORTED int unlinkat(int dir_fd, const char *path, int flags) {
        point_at_path("unlink", dir_fd, path);
        return (int) syscall(SYS_unlinkat, dir_fd, path, flags);
}

EXPORTED int unlink(const char *path) {
        return unlinkat(AT_FDCWD, path, 0);
}
