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

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/fault/fault-preload.h"

#define STACK_MAX 24

static FaultControl idle_control;
FaultControl *control = &idle_control;
static int log_fd = -1;
bool busy;
FaultFd fds[FDS_MAX];

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

uint32_t hash_of(const char *text) {
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

FaultAction call_before(FaultKind kind, FaultPlace place, const char *what, uint32_t hash) {
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

void call_after(FaultAction action) {
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

FaultPlace place_at(int dir_fd, const char *path) {
        FaultPlace place = place_of(path);

        if (place == FAULT_ELSEWHERE && path[0] != '/' && dir_fd >= 0 && dir_fd < FDS_MAX)
                place = fds[dir_fd].place;
        return place;
}

FaultPlace place_of_fd(int fd) {
        return fd >= 0 && fd < FDS_MAX ? fds[fd].place : FAULT_ELSEWHERE;
}

static uint32_t hash_of_fd(int fd) {
        return fd >= 0 && fd < FDS_MAX ? fds[fd].hash : 0;
}

FaultAction fd_before(FaultKind kind, int fd) {
        char name[32];

        (void) snprintf(name, sizeof(name), "fd%d", fd);
        return call_before(kind, place_of_fd(fd), name, hash_of_fd(fd));
}

FaultAction path_before(FaultKind kind, int dir_fd, const char *path) {
        return call_before(kind, place_at(dir_fd, path), path, hash_of(path));
}

size_t cut(FaultAction action, size_t size) {
        return action == FAULT_SHORT && size > 1 ? size / 2 : size;
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
