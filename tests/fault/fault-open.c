/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening, closing, reading and writing. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/fault/fault-preload.h"

/* A tree's pressure file takes no trigger: a terminal in packet mode does, and fires when someone
 * flushes its other end. */
static int open_trigger(void) {
        const int on = 1;
        char tty[64];

        busy = true;
        int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
        if (fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0 && ioctl(fd, TIOCPKT, &on) == 0 &&
            ptsname_r(fd, tty, sizeof(tty)) == 0)
                memcpy(control->pressure_tty, tty, sizeof(tty));
        busy = false;
        return fd;
}

static int do_open(int dir_fd, const char *path, int flags, mode_t mode) {
        FaultPlace place = place_at(dir_fd, path);
        bool pressure = false;
        int fd;

        bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT);
        FaultAction action =
                call_before(writes ? FAULT_CREATE : FAULT_OPEN, place, path, hash_of(path));
        if (action == FAULT_ERROR)
                return -1;
        if (!busy && control->pressure && strstr(path, "proc/pressure/") &&
            (flags & O_ACCMODE) == O_RDWR) {
                pressure = true;
                fd = open_trigger();
        } else
                fd = (int) syscall(SYS_openat, dir_fd, path, flags, mode);
        if (fd >= 0 && fd < FDS_MAX) {
                fds[fd].place = place;
                fds[fd].hash = hash_of(path);
                fds[fd].pressure = pressure;
        }
        call_after(action);
        return fd;
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

/* What glibc calls when a program was built with _FORTIFY_SOURCE. */
EXPORTED int __open_2(const char *path, int flags);
EXPORTED int __open64_2(const char *path, int flags);
EXPORTED int __openat_2(int dir_fd, const char *path, int flags);
EXPORTED int __openat64_2(int dir_fd, const char *path, int flags);
EXPORTED ssize_t __read_chk(int fd, void *data, size_t size, size_t room);

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

EXPORTED int fcntl(int fd, int command, ...) {
        va_list ap;

        va_start(ap, command);
        void *argument = va_arg(ap, void *);
        va_end(ap);
        int r = (int) syscall(SYS_fcntl, fd, command, argument);
        if ((command == F_DUPFD || command == F_DUPFD_CLOEXEC) && r >= 0 && r < FDS_MAX &&
            fd >= 0 && fd < FDS_MAX)
                fds[r] = fds[fd];
        return r;
}

EXPORTED int fcntl64(int fd, int command, ...) {
        va_list ap;

        va_start(ap, command);
        void *argument = va_arg(ap, void *);
        va_end(ap);
        return fcntl(fd, command, argument);
}

EXPORTED int close(int fd) {
        FaultAction action = fd_before(FAULT_CLOSE, fd);
        int r;

        r = (int) syscall(SYS_close, fd);
        if (fd > STDERR_FILENO && fd < FDS_MAX)
                memset(&fds[fd], 0, sizeof(fds[fd]));
        call_after(action);
        if (action != FAULT_ERROR)
                return r;
        errno = (int) control->error;
        return -1; /* closed all the same, as Linux does */
}

/* Reading and writing */

EXPORTED ssize_t read(int fd, void *data, size_t size) {
        FaultAction action = fd_before(FAULT_READ, fd);

        return FAIL_OR(action, syscall(SYS_read, fd, data, cut(action, size)));
}

ssize_t __read_chk(int fd, void *data, size_t size, size_t room) {
        return read(fd, data, size < room ? size : room);
}

EXPORTED ssize_t pread64(int fd, void *data, size_t size, off64_t offset) {
        FaultAction action = fd_before(FAULT_READ, fd);

        return FAIL_OR(action, syscall(SYS_pread64, fd, data, cut(action, size), offset));
}

EXPORTED ssize_t pread(int fd, void *data, size_t size, off_t offset) {
        return pread64(fd, data, size, offset);
}

EXPORTED ssize_t write(int fd, const void *data, size_t size) {
        if (fd >= 0 && fd < FDS_MAX && fds[fd].pressure)
                return (ssize_t) size; /* a trigger */
        FaultAction action =
                fd_before(place_of_fd(fd) == FAULT_KNOBS ? FAULT_KNOB : FAULT_WRITE, fd);

        return FAIL_OR(action, syscall(SYS_write, fd, data, cut(action, size)));
}

EXPORTED ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
        FaultAction action = fd_before(FAULT_WRITE, fd);

        return FAIL_OR(action, syscall(SYS_pwrite64, fd, data, cut(action, size), offset));
}

EXPORTED ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
        return pwrite64(fd, data, size, offset);
}

EXPORTED ssize_t writev(int fd, const struct iovec *parts, int n) {
        return FAIL_OR(fd_before(FAULT_WRITE, fd), syscall(SYS_writev, fd, parts, n));
}
