/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Fails, cuts short or ends a process at a chosen one of its calls, as a full disk, a dying disk, a
 * lack of memory or descriptors, a kernel that refuses and a crash do. To be loaded into memctld
 * with LD_PRELOAD:
 *
 *     MEMCTL_FAULT_CONTROL  the page that the walk writes to (fault-control.h)
 *     MEMCTL_FAULT_LOG      where each counted call is named, when the page asks for it
 *
 * It stands in for what tests cannot have, too: time that passes at once, pressure files that take
 * a trigger, random numbers that are the same in each run.
 */

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "tests/fault/fault-control.h"

#define EXPORTED __attribute__((visibility("default")))
#define FDS_MAX 1024
#define STACK_MAX 24

static FaultControl idle_control;
static FaultControl *control = &idle_control;
static int log_fd = -1;
static bool busy; /* our own calls are not counted */

/* What each descriptor is of. */
static struct {
        unsigned char place;
        bool pressure;
        int clock; /* of a timer */
        uint32_t hash;
} fds[FDS_MAX];

static const char *const kind_names[_FAULT_KIND_MAX] = {
        [FAULT_OPEN] = "open",       [FAULT_CREATE] = "create", [FAULT_READ] = "read",
        [FAULT_WRITE] = "write",     [FAULT_FSYNC] = "fsync",   [FAULT_RENAME] = "rename",
        [FAULT_UNLINK] = "unlink",   [FAULT_MKDIR] = "mkdir",   [FAULT_RESIZE] = "resize",
        [FAULT_MMAP] = "mmap",       [FAULT_CLOSE] = "close",   [FAULT_STAT] = "stat",
        [FAULT_READDIR] = "readdir", [FAULT_POLL] = "poll",     [FAULT_WAIT] = "wait",
        [FAULT_TIMER] = "timer",     [FAULT_SOCKET] = "socket", [FAULT_SEND] = "send",
        [FAULT_RECEIVE] = "receive", [FAULT_RANDOM] = "random", [FAULT_SIGNAL] = "signal",
        [FAULT_KNOB] = "knob",       [FAULT_MALLOC] = "malloc",
};

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

__attribute__((constructor)) static void init(void) {
        const char *page = getenv("MEMCTL_FAULT_CONTROL"), *log = getenv("MEMCTL_FAULT_LOG");
        void *frames[2];

        fds[STDERR_FILENO].place = FAULT_QUIET;
        if (!page)
                return;
        int fd = (int) syscall(SYS_openat, AT_FDCWD, page, O_RDWR | O_CLOEXEC);
        if (fd < 0)
                return;
        void *map = (void *) syscall(
                SYS_mmap, NULL, sizeof(FaultControl), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        (void) syscall(SYS_close, fd);
        if (map == MAP_FAILED)
                return;
        (void) backtrace(frames, 2); /* loads what it needs */
        if (log && ((FaultControl *) map)->log)
                log_fd = (int) syscall(
                        SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        control = map;
}

/* Telling */

static uint32_t hash_of(const char *text) {
        uint32_t hash = 2166136261u;

        for (; *text; text++)
                hash = (hash ^ (unsigned char) *text) * 16777619u;
        return hash;
}

/* "memctld-tree+0x1234 libc.so.6+0x99": who made the call, the innermost first. */
static void format_stack(char *text, size_t size, size_t n_most) {
        void *frames[STACK_MAX];
        int n = backtrace(frames, STACK_MAX);
        size_t used = 0, n_shown = 0;

        text[0] = '\0';
        for (int i = 2; i < n && n_shown < n_most; i++) {
                Dl_info info;
                if (dladdr(frames[i], &info) == 0 || strstr(info.dli_fname, "memctl-fault"))
                        continue;
                const char *slash = strrchr(info.dli_fname, '/');
                int added =
                        snprintf(text + used,
                                 size - used,
                                 "%s%s+%#lx",
                                 n_shown++ > 0 ? " " : "",
                                 slash ? slash + 1 : info.dli_fname,
                                 (unsigned long) ((char *) frames[i] - (char *) info.dli_fbase));
                if (added < 0 || (size_t) added >= size - used)
                        return;
                used += (size_t) added;
        }
}

static void log_call(FaultKind kind, FaultPlace place, const char *what) {
        char stack[2048] = "", line[4096];

        format_stack(stack, sizeof(stack), STACK_MAX);
        int n = snprintf(line,
                         sizeof(line),
                         "%s %u %u %s %08x\n",
                         kind_names[kind],
                         place,
                         control->counts[kind],
                         what && *what ? what : "-",
                         hash_of(stack));
        (void) syscall(SYS_write, log_fd, line, (size_t) n);
}

static void die(void) {
        (void) kill(getpid(), SIGKILL);
        for (;;)
                (void) pause();
}

static bool is_held_to(FaultKind kind, FaultPlace place, uint32_t hash) {
        return control->is_sticky && (control->sticky_kinds & 1u << kind) &&
               (control->sticky_places & 1u << place) &&
               (!control->sticky_path || control->sticky_hash == hash);
}

static void note_hit(FaultKind kind, const char *what, uint32_t hash) {
        size_t used;

        control->n_hits++;
        if (control->n_hits > 1)
                return;
        if (control->sticky_kinds) {
                control->is_sticky = 1;
                control->sticky_hash = hash;
        }
        used = (size_t) snprintf(control->hit,
                                 sizeof(control->hit),
                                 "%s %u %.160s < ",
                                 kind_names[kind],
                                 control->counts[kind],
                                 what && *what ? what : "-");
        format_stack(control->hit + used, sizeof(control->hit) - used, 8);
}

/* A call begins: what becomes of it. FAULT_KILL_AFTER is left to call_after(). */
static FaultAction call_before(FaultKind kind, FaultPlace place, const char *what, uint32_t hash) {
        FaultAction action = FAULT_NONE;
        int saved_errno = errno;

        if (busy || !control->armed || place == FAULT_QUIET)
                return FAULT_NONE;
        busy = true;
        control->counts[kind]++;
        if (log_fd >= 0)
                log_call(kind, place, what);
        if ((control->number == control->counts[kind] && control->kind == kind) ||
            is_held_to(kind, place, hash)) {
                action = control->action;
                note_hit(kind, what, hash);
        }
        busy = false;
        errno = saved_errno;
        if (action == FAULT_KILL_BEFORE)
                die();
        if (action == FAULT_ERROR)
                errno = (int) control->error;
        return action;
}

static void call_after(FaultAction action) {
        if (action == FAULT_KILL_AFTER)
                die();
}

/* Places */

static FaultPlace place_of(const char *path) {
        static const struct {
                const char *part;
                FaultPlace place;
        } parts[] = {
                {"var/lib/memctl", FAULT_STATE},
                {"run/memctl", FAULT_RUNTIME},
                {"proc/sys/vm/", FAULT_KNOBS},
                {"sys/kernel/mm/transparent_hugepage/", FAULT_KNOBS},
                {"proc/", FAULT_MACHINE},
                {"sys/", FAULT_MACHINE},
                {"etc/", FAULT_CONFIG},
                {"usr/", FAULT_CONFIG},
        };

        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
                if (strstr(path, parts[i].part))
                        return parts[i].place;
        return FAULT_ELSEWHERE;
}

static FaultPlace place_at(int dir_fd, const char *path) {
        FaultPlace place = place_of(path);

        if (place == FAULT_ELSEWHERE && path[0] != '/' && dir_fd >= 0 && dir_fd < FDS_MAX)
                place = fds[dir_fd].place;
        return place;
}

static FaultPlace place_of_fd(int fd) {
        return fd >= 0 && fd < FDS_MAX ? fds[fd].place : FAULT_ELSEWHERE;
}

static uint32_t hash_of_fd(int fd) {
        return fd >= 0 && fd < FDS_MAX ? fds[fd].hash : 0;
}

static FaultAction fd_before(FaultKind kind, int fd) {
        char name[32];

        (void) snprintf(name, sizeof(name), "fd%d", fd);
        return call_before(kind, place_of_fd(fd), name, hash_of_fd(fd));
}

static FaultAction path_before(FaultKind kind, int dir_fd, const char *path) {
        return call_before(kind, place_at(dir_fd, path), path, hash_of(path));
}

/* The usual shape of a call that returns an int. */
#define FAIL_OR(before, real)                   \
        ({                                      \
                FaultAction _action = (before); \
                long _r = -1;                   \
                if (_action != FAULT_ERROR) {   \
                        _r = (real);            \
                        call_after(_action);    \
                }                               \
                _r;                             \
        })

/* Opening */

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

static size_t cut(FaultAction action, size_t size) {
        return action == FAULT_SHORT && size > 1 ? size / 2 : size;
}

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

/* Called by the kernel that tests stand in for: a write of it is one call, whatever it does. */
EXPORTED ssize_t memctl_fault_knob(const char *path,
                                   size_t size,
                                   ssize_t (*take)(void *),
                                   void *data);

ssize_t memctl_fault_knob(const char *path, size_t size, ssize_t (*take)(void *), void *data) {
        FaultAction action = call_before(FAULT_KNOB, FAULT_KNOBS, path, hash_of(path));

        if (action == FAULT_ERROR)
                return -(ssize_t) control->error;
        if (action == FAULT_IGNORED)
                return (ssize_t) size;
        busy = true;
        ssize_t n = take(data);
        busy = false;
        call_after(action);
        return action == FAULT_SHORT && n > 0 ? n - 1 : n;
}

/* Files */

EXPORTED int fsync(int fd) {
        return (int) FAIL_OR(fd_before(FAULT_FSYNC, fd), syscall(SYS_fsync, fd));
}

EXPORTED int fdatasync(int fd) {
        return (int) FAIL_OR(fd_before(FAULT_FSYNC, fd), syscall(SYS_fdatasync, fd));
}

EXPORTED int
renameat2(int old_fd, const char *old_path, int new_fd, const char *new_path, unsigned flags) {
        return (int) FAIL_OR(path_before(FAULT_RENAME, new_fd, new_path),
                             syscall(SYS_renameat2, old_fd, old_path, new_fd, new_path, flags));
}

EXPORTED int renameat(int old_fd, const char *old_path, int new_fd, const char *new_path) {
        return renameat2(old_fd, old_path, new_fd, new_path, 0);
}

EXPORTED int rename(const char *old_path, const char *new_path) {
        return renameat2(AT_FDCWD, old_path, AT_FDCWD, new_path, 0);
}

EXPORTED int unlinkat(int dir_fd, const char *path, int flags) {
        return (int) FAIL_OR(path_before(FAULT_UNLINK, dir_fd, path),
                             syscall(SYS_unlinkat, dir_fd, path, flags));
}

EXPORTED int unlink(const char *path) {
        return unlinkat(AT_FDCWD, path, 0);
}

EXPORTED int mkdirat(int dir_fd, const char *path, mode_t mode) {
        return (int) FAIL_OR(path_before(FAULT_MKDIR, dir_fd, path),
                             syscall(SYS_mkdirat, dir_fd, path, mode));
}

EXPORTED int mkdir(const char *path, mode_t mode) {
        return mkdirat(AT_FDCWD, path, mode);
}

EXPORTED int ftruncate64(int fd, off64_t size) {
        return (int) FAIL_OR(fd_before(FAULT_RESIZE, fd), syscall(SYS_ftruncate, fd, size));
}

EXPORTED int ftruncate(int fd, off_t size) {
        return ftruncate64(fd, size);
}

EXPORTED int posix_fallocate64(int fd, off64_t from, off64_t size) {
        int r = (int) FAIL_OR(fd_before(FAULT_RESIZE, fd),
                              syscall(SYS_fallocate, fd, 0, from, size));
        return r < 0 ? errno : 0;
}

EXPORTED int posix_fallocate(int fd, off_t from, off_t size) {
        return posix_fallocate64(fd, from, size);
}

EXPORTED void *mmap64(void *at, size_t size, int protection, int flags, int fd, off64_t offset) {
        return (void *) FAIL_OR(fd_before(FAULT_MMAP, fd),
                                syscall(SYS_mmap, at, size, protection, flags, fd, offset));
}

EXPORTED void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
        return mmap64(at, size, protection, flags, fd, offset);
}

EXPORTED int fstatat64(int dir_fd, const char *path, struct stat64 *ret, int flags) {
        FaultAction action =
                *path ? path_before(FAULT_STAT, dir_fd, path) : fd_before(FAULT_STAT, dir_fd);
        return (int) FAIL_OR(action, syscall(SYS_newfstatat, dir_fd, path, ret, flags));
}

EXPORTED int fstatat(int dir_fd, const char *path, struct stat *ret, int flags) {
        return fstatat64(dir_fd, path, (struct stat64 *) ret, flags);
}

EXPORTED int fstat64(int fd, struct stat64 *ret) {
        return (int) FAIL_OR(fd_before(FAULT_STAT, fd), syscall(SYS_fstat, fd, ret));
}

EXPORTED int fstat(int fd, struct stat *ret) {
        return fstat64(fd, (struct stat64 *) ret);
}

EXPORTED int stat64(const char *path, struct stat64 *ret) {
        return fstatat64(AT_FDCWD, path, ret, 0);
}

EXPORTED int stat(const char *path, struct stat *ret) {
        return stat64(path, (struct stat64 *) ret);
}

EXPORTED int lstat64(const char *path, struct stat64 *ret) {
        return fstatat64(AT_FDCWD, path, ret, AT_SYMLINK_NOFOLLOW);
}

EXPORTED int lstat(const char *path, struct stat *ret) {
        return lstat64(path, (struct stat64 *) ret);
}

EXPORTED int statx(int dir_fd, const char *path, int flags, unsigned mask, struct statx *ret) {
        return (int) FAIL_OR(path_before(FAULT_STAT, dir_fd, path),
                             syscall(SYS_statx, dir_fd, path, flags, mask, ret));
}

EXPORTED int faccessat(int dir_fd, const char *path, int mode, int flags) {
        return (int) FAIL_OR(path_before(FAULT_STAT, dir_fd, path),
                             syscall(SYS_faccessat, dir_fd, path, mode));
}

EXPORTED int fstatfs64(int fd, struct statfs64 *ret) {
        int r = (int) FAIL_OR(fd_before(FAULT_STAT, fd), syscall(SYS_fstatfs, fd, ret));

        if (r == 0 && fd >= 0 && fd < FDS_MAX && fds[fd].pressure)
                ret->f_type = PROC_SUPER_MAGIC;
        return r;
}

EXPORTED int fstatfs(int fd, struct statfs *ret) {
        return fstatfs64(fd, (struct statfs64 *) ret);
}

EXPORTED struct dirent *readdir(DIR *dir) {
        static struct dirent *(*real)(DIR *);
        FaultAction action = fd_before(FAULT_READDIR, dirfd(dir));

        if (!real)
                real = (struct dirent * (*) (DIR *) ) dlsym(RTLD_NEXT, "readdir");
        if (action == FAULT_ERROR)
                return NULL;
        struct dirent *entry = real(dir);
        call_after(action);
        return entry;
}

EXPORTED struct dirent64 *readdir64(DIR *dir) {
        return (struct dirent64 *) readdir(dir);
}

/* The loop */

EXPORTED int epoll_create1(int flags) {
        return (int) FAIL_OR(call_before(FAULT_POLL, FAULT_ELSEWHERE, "create", 0),
                             syscall(SYS_epoll_create1, flags));
}

/* A trigger that has fired is quiet again once it was seen, which a terminal is not. */
static struct {
        int fd;
        uint64_t data;
} last_trigger = {.fd = -1};

static void quiet_trigger(const struct epoll_event *events, int n) {
        char status;

        for (int i = 0; i < n; i++)
                if ((events[i].events & EPOLLPRI) && last_trigger.fd >= 0 &&
                    events[i].data.u64 == last_trigger.data)
                        (void) syscall(SYS_read, last_trigger.fd, &status, 1);
}

EXPORTED int epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event) {
        if (operation == EPOLL_CTL_ADD && fd >= 0 && fd < FDS_MAX && fds[fd].pressure) {
                last_trigger.fd = fd;
                last_trigger.data = event->data.u64;
        } else if (operation == EPOLL_CTL_DEL && fd == last_trigger.fd)
                last_trigger.fd = -1;
        return (int) FAIL_OR(call_before(FAULT_POLL, FAULT_ELSEWHERE, "ctl", 0),
                             syscall(SYS_epoll_ctl, epoll_fd, operation, fd, event));
}

EXPORTED int epoll_wait(int fd, struct epoll_event *events, int n, int timeout) {
        int r = (int) FAIL_OR(call_before(FAULT_WAIT, FAULT_ELSEWHERE, "wait", 0),
                              syscall(SYS_epoll_pwait, fd, events, n, timeout, NULL, 8));
        quiet_trigger(events, r);
        return r;
}

EXPORTED int epoll_pwait2(int fd,
                          struct epoll_event *events,
                          int n,
                          const struct timespec *timeout,
                          const sigset_t *mask) {
        int r = (int) FAIL_OR(call_before(FAULT_WAIT, FAULT_ELSEWHERE, "wait", 0),
                              syscall(SYS_epoll_pwait2, fd, events, n, timeout, mask, 8));
        quiet_trigger(events, r);
        return r;
}

EXPORTED int signalfd(int fd, const sigset_t *mask, int flags) {
        return (int) FAIL_OR(call_before(FAULT_SIGNAL, FAULT_ELSEWHERE, "signalfd", 0),
                             syscall(SYS_signalfd4, fd, mask, 8, flags));
}

static time_t warp_of(int clock) {
        bool warped = clock == CLOCK_BOOTTIME || (clock == CLOCK_MONOTONIC && control->awake);

        return warped ? (time_t) (control->warp_usec / 1000000) : 0;
}

EXPORTED int clock_gettime(clockid_t clock, struct timespec *ret) {
        int r = (int) syscall(SYS_clock_gettime, clock, ret);

        if (r == 0)
                ret->tv_sec += warp_of(clock);
        return r;
}

EXPORTED int timerfd_create(int clock, int flags) {
        int fd = (int) FAIL_OR(call_before(FAULT_TIMER, FAULT_ELSEWHERE, "create", 0),
                               syscall(SYS_timerfd_create, clock, flags));

        if (fd >= 0 && fd < FDS_MAX)
                fds[fd].clock = clock;
        return fd;
}

EXPORTED int
timerfd_settime(int fd, int flags, const struct itimerspec *new, struct itimerspec *old) {
        struct itimerspec unwarped = *new;

        time_t warp = fd >= 0 && fd < FDS_MAX ? warp_of(fds[fd].clock) : 0;
        if (warp > 0 && (flags & TFD_TIMER_ABSTIME) && unwarped.it_value.tv_sec > 0) {
                unwarped.it_value.tv_sec -= warp;
                if (unwarped.it_value.tv_sec <= 0)
                        unwarped.it_value = (struct timespec){.tv_nsec = 1};
        }
        return (int) FAIL_OR(call_before(FAULT_TIMER, FAULT_ELSEWHERE, "set", 0),
                             syscall(SYS_timerfd_settime, fd, flags, &unwarped, old));
}

/* Always the same, and heads and tails for the coins of a trial. */
EXPORTED ssize_t getrandom(void *data, size_t size, unsigned flags) {
        static unsigned char next;
        FaultAction action = call_before(FAULT_RANDOM, FAULT_ELSEWHERE, "getrandom", 0);
        size_t n = cut(action, size);

        if (action == FAULT_ERROR)
                return -1;
        for (size_t i = 0; i < n; i++)
                ((unsigned char *) data)[i] = (unsigned char) (++next * 37);
        call_after(action);
        return (ssize_t) n;
}

/* Sockets */

EXPORTED int socket(int domain, int type, int protocol) {
        return (int) FAIL_OR(call_before(FAULT_SOCKET, FAULT_ELSEWHERE, "socket", 0),
                             syscall(SYS_socket, domain, type, protocol));
}

EXPORTED int bind(int fd, const struct sockaddr *address, socklen_t size) {
        return (int) FAIL_OR(call_before(FAULT_SOCKET, FAULT_ELSEWHERE, "bind", 0),
                             syscall(SYS_bind, fd, address, size));
}

EXPORTED int listen(int fd, int backlog) {
        return (int) FAIL_OR(call_before(FAULT_SOCKET, FAULT_ELSEWHERE, "listen", 0),
                             syscall(SYS_listen, fd, backlog));
}

EXPORTED int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags) {
        return (int) FAIL_OR(call_before(FAULT_SOCKET, FAULT_ELSEWHERE, "accept", 0),
                             syscall(SYS_accept4, fd, address, size, flags));
}

EXPORTED int getsockopt(int fd, int level, int name, void *value, socklen_t *size) {
        return (int) FAIL_OR(call_before(FAULT_SOCKET, FAULT_ELSEWHERE, "getsockopt", 0),
                             syscall(SYS_getsockopt, fd, level, name, value, size));
}

EXPORTED int setsockopt(int fd, int level, int name, const void *value, socklen_t size) {
        return (int) FAIL_OR(call_before(FAULT_SOCKET, FAULT_ELSEWHERE, "setsockopt", 0),
                             syscall(SYS_setsockopt, fd, level, name, value, size));
}

/* Of a datagram nothing is sent, or all. */
static bool is_stream(int fd) {
        int type = 0;
        socklen_t size = sizeof(type);

        return syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
               type == SOCK_STREAM;
}

static ssize_t do_send(int fd, const struct msghdr *message, int flags) {
        FaultAction action = call_before(FAULT_SEND, FAULT_ELSEWHERE, "send", 0);
        struct msghdr cut_message = *message;
        struct iovec first;

        if (action == FAULT_SHORT && is_stream(fd) && message->msg_iovlen > 0) {
                first = message->msg_iov[0];
                first.iov_len = cut(action, first.iov_len);
                cut_message.msg_iov = &first;
                cut_message.msg_iovlen = 1;
        }
        return FAIL_OR(action, syscall(SYS_sendmsg, fd, &cut_message, flags));
}

EXPORTED ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
        return do_send(fd, message, flags);
}

EXPORTED ssize_t
sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *to, socklen_t n) {
        struct iovec part = {.iov_base = (void *) data, .iov_len = size};

        return do_send(fd,
                       &(struct msghdr){.msg_name = (void *) to,
                                        .msg_namelen = n,
                                        .msg_iov = &part,
                                        .msg_iovlen = 1},
                       flags);
}

EXPORTED ssize_t send(int fd, const void *data, size_t size, int flags) {
        return sendto(fd, data, size, flags, NULL, 0);
}

EXPORTED ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
        FaultAction action = call_before(FAULT_RECEIVE, FAULT_ELSEWHERE, "receive", 0);
        size_t whole = message->msg_iovlen == 1 ? message->msg_iov[0].iov_len : 0;

        if (whole > 0)
                message->msg_iov[0].iov_len = cut(action, whole);
        ssize_t n = FAIL_OR(action, syscall(SYS_recvmsg, fd, message, flags));
        if (whole > 0)
                message->msg_iov[0].iov_len = whole;
        return n;
}

/* Memory */

static bool memory_is_short(void) {
        if (call_before(FAULT_MALLOC, FAULT_ELSEWHERE, NULL, 0) != FAULT_ERROR)
                return false;
        errno = ENOMEM;
        return true;
}

EXPORTED void *malloc(size_t size) {
        return memory_is_short() ? NULL : __libc_malloc(size);
}

EXPORTED void *calloc(size_t n, size_t size) {
        return memory_is_short() ? NULL : __libc_calloc(n, size);
}

EXPORTED void *realloc(void *old, size_t size) {
        return memory_is_short() ? NULL : __libc_realloc(old, size);
}

EXPORTED void *aligned_alloc(size_t alignment, size_t size) {
        return memory_is_short() ? NULL : __libc_memalign(alignment, size);
}

EXPORTED int posix_memalign(void **ret, size_t alignment, size_t size) {
        void *memory = aligned_alloc(alignment, size);

        if (!memory)
                return ENOMEM;
        *ret = memory;
        return 0;
}
