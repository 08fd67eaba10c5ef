/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the event loop waits with, time, and chance. */
#include <signal.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "tests/fault/fault-preload.h"

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
