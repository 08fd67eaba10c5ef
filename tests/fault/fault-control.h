/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a walk and the process it hurts share: one page, mapped by both. The walk says which call
 * shall fail and how; the process counts its calls and says what it did. control.py has the same
 * layout and the same names, by their numbers.
 */

#include <stdint.h>

/* Calls are counted kind by kind, so that a number means the same call in the next run. */
typedef enum FaultKind {
        FAULT_OPEN,   /* for reading */
        FAULT_CREATE, /* for writing */
        FAULT_READ,
        FAULT_WRITE,
        FAULT_FSYNC,
        FAULT_RENAME,
        FAULT_UNLINK,
        FAULT_MKDIR,
        FAULT_RESIZE, /* ftruncate, fallocate */
        FAULT_MMAP,
        FAULT_CLOSE,
        FAULT_STAT,
        FAULT_READDIR,
        FAULT_POLL, /* epoll_create, epoll_ctl */
        FAULT_WAIT, /* epoll_wait */
        FAULT_TIMER,
        FAULT_SOCKET, /* socket, bind, listen, accept, options: what makes one */
        FAULT_SEND,
        FAULT_RECEIVE,
        FAULT_RANDOM,
        FAULT_SIGNAL, /* signalfd */
        FAULT_KNOB, /* the kernel takes a knob: one call, whatever stands in for the kernel does */
        FAULT_MALLOC,
        _FAULT_KIND_MAX,
} FaultKind;

/* Where the file of a call lies. */
typedef enum FaultPlace {
        FAULT_ELSEWHERE,
        FAULT_STATE,   /* var/lib/memctl */
        FAULT_RUNTIME, /* run/memctl */
        FAULT_KNOBS,   /* proc/sys/vm, sys/kernel/mm */
        FAULT_MACHINE, /* the rest of proc and sys */
        FAULT_CONFIG,  /* etc, usr */
        FAULT_QUIET,   /* standard error: not counted */
        _FAULT_PLACE_MAX,
} FaultPlace;

typedef enum FaultAction {
        FAULT_NONE,
        FAULT_ERROR,
        FAULT_SHORT,       /* half of it is read or written */
        FAULT_KILL_BEFORE, /* SIGKILL */
        FAULT_KILL_AFTER,
        FAULT_IGNORED, /* a knob: said to be taken, and nothing changes */
} FaultAction;

typedef struct FaultControl {
        uint32_t armed; /* nothing is counted before */
        uint32_t kind;
        uint32_t number; /* of its kind, from 1; 0: none */
        uint32_t action;
        uint32_t error;
        /* From then on too: calls of these kinds and places (bits); 0: once. */
        uint32_t sticky_kinds;
        uint32_t sticky_places;
        uint32_t sticky_path; /* and of that file alone */
        uint32_t n_hits;
        uint32_t log;         /* MEMCTL_FAULT_LOG is written: slow */
        int64_t warp_usec;    /* what CLOCK_BOOTTIME is ahead */
        uint32_t pressure;    /* pressure files can be triggers */
        uint32_t is_sticky;   /* it has begun */
        uint32_t sticky_hash; /* that file */
        uint32_t awake;       /* no suspend: CLOCK_MONOTONIC is as much ahead */
        uint32_t counts[32];
        char hit[512];         /* what it was */
        char pressure_tty[64]; /* what fires the last trigger made */
} FaultControl;
