/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Stalls of hosts that do not exist, second by second, from a seed: what servers' pressure looks
 * like when nothing changes. Recorded traces show the same shapes: mostly zero, then bursts.
 */

#include "core/base/random.h"

typedef enum Noise {
        NOISE_IDLE,    /* rare blips */
        NOISE_ZEROS,   /* every second second nothing, else log-normal, independent */
        NOISE_AR,      /* log-normal, autocorrelated: 0.95 a second */
        NOISE_DIURNAL, /* NOISE_ZEROS, +-80 % over a day */
        NOISE_CRON,    /* NOISE_ZEROS, and each hour a minute of stalls */
        NOISE_BURSTS,  /* of 20 s every 5 min, both by a quarter more or less */
        NOISE_PARETO,  /* bursts whose length has no variance */
        NOISE_SPARSE,  /* NOISE_ZEROS with four seconds of five nothing */
        NOISE_LOAD,    /* NOISE_ZEROS under a load that steps by e^N(0,1.1) every 4 h */
        _NOISE_MAX,
} Noise;

const char *noise_to_string(Noise noise);

double random_normal(Random *random);
double random_exponential(Random *random, double mean);

typedef struct Host {
        Noise noise;
        Random random;
        double second; /* since it began */
        double phase;  /* seconds: of the day, of the hour */
        double state;  /* of the autocorrelation; the load's logarithm */
        double until;  /* the burst, the quiet or the load lasts until */
        double height; /* of the burst under way; 0: none */
} Host;

void host_init(Host *host, Noise noise, uint64_t seed);
/* The share of the next second that is stalled, with the given mean over long times. */
double host_next(Host *host, double mean);
