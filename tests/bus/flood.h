/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Programs of an ordinary user that want to do harm over the bus, and what the daemon spends on
 * them. They run as "nobody" when the tests run as root.
 */

#include "tests/bus/house.h"

#define FLOODERS_MAX 8

typedef enum FloodKind {
        FLOOD_READS,      /* every reading verb and property, answers are read */
        FLOOD_UNREAD,     /* the same, and nothing is ever read */
        FLOOD_APPLIES,    /* a verb that polkit must decide on */
        FLOOD_NEWCOMERS,  /* connect, ask once, go; as fast as that goes */
        FLOOD_SUBSCRIBER, /* wants all signals and reads none */
} FloodKind;

typedef struct FloodCount {
        uint64_t n_sent;
        uint64_t n_answers; /* without an error */
        uint64_t n_limits;  /* LimitsExceeded */
        uint64_t n_many;    /* TooMany */
        uint64_t n_errors;  /* others */
} FloodCount;

typedef struct Flood {
        pid_t pids[FLOODERS_MAX];
        size_t n;
        FloodCount *counts; /* shared with them */
} Flood;

/* So many processes with so many connections each. */
Flood flood_start(const House *house, FloodKind kind, size_t n_processes, size_t n_connections);
/* Ends them; the sum of what they counted. */
FloodCount flood_stop(Flood *flood);

typedef struct Usage {
        uint64_t anon_kb; /* RssAnon */
        uint64_t high_kb; /* VmHWM: the most of its whole memory since usage_forget_high() */
        uint64_t cpu_usec;
        size_t n_fds;
        usec_t at_usec;
} Usage;

Usage usage_read(pid_t pid);
void usage_forget_high(pid_t pid);

typedef struct Watching {
        Usage before;
        Usage after;
        usec_t median_usec;
        usec_t worst_usec;
} Watching;

/* Watches the daemon for a while, and until so many calls were sent: how long root waits for an
 * answer on the private socket, and what it costs. */
Watching flood_watch(const House *house, const Flood *flood, uint64_t n_sent, usec_t during_usec);
/* How much more memory it had at most than at the begin. */
uint64_t watching_growth_kb(const Watching *watching);
unsigned watching_cpu_percent(const Watching *watching);
usec_t flood_now_usec(void);
