/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the calls that are stood in for share: each asks first what becomes of it. Errors are in
 * errno, as of the call itself.
 */

#include <stdbool.h>
#include <stddef.h>

#include "tests/fault/fault-control.h"

#define EXPORTED __attribute__((visibility("default")))
#define FDS_MAX 1024

extern FaultControl *control;
extern bool busy; /* our own calls are not counted */

/* What a descriptor is of. */
typedef struct FaultFd {
        unsigned char place;
        bool pressure;
        int clock; /* of a timer */
        uint32_t hash;
} FaultFd;

extern FaultFd fds[FDS_MAX];

uint32_t hash_of(const char *text);
FaultPlace place_at(int dir_fd, const char *path);
FaultPlace place_of_fd(int fd);

/* A call begins: what becomes of it. FAULT_KILL_AFTER is left to call_after(). */
FaultAction call_before(FaultKind kind, FaultPlace place, const char *what, uint32_t hash);
FaultAction fd_before(FaultKind kind, int fd);
FaultAction path_before(FaultKind kind, int dir_fd, const char *path);
void call_after(FaultAction action);

/* How much of it is read or written. */
size_t cut(FaultAction action, size_t size);

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
