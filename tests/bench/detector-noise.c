/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bench/detector-noise.h"

#include <math.h>

#define DAY_SEC 86400.0
#define HOUR_SEC 3600.0

static const char *const names[_NOISE_MAX] = {
        [NOISE_IDLE] = "idle",
        [NOISE_ZEROS] = "zeros",
        [NOISE_AR] = "AR(1)",
        [NOISE_DIURNAL] = "diurnal",
        [NOISE_CRON] = "cron",
        [NOISE_BURSTS] = "bursts",
        [NOISE_PARETO] = "Pareto",
        [NOISE_SPARSE] = "sparse",
        [NOISE_LOAD] = "load",
};

const char *noise_to_string(Noise noise) {
        return names[noise];
}

double random_normal(Random *random) {
        return sqrt(-2 * log(random_uniform(random))) * cos(2 * M_PI * random_uniform(random));
}

double random_exponential(Random *random, double mean) {
        return -mean * log(random_uniform(random));
}

void host_init(Host *host, Noise noise, uint64_t seed) {
        *host = (Host){.noise = noise};
        random_init(&host->random, seed);
        host->phase = random_uniform(&host->random) * DAY_SEC;
        host->state = noise == NOISE_AR ? random_normal(&host->random) : 0;
}

/* With mean 1. */
static double log_normal(Host *host, double sigma) {
        return exp(sigma * random_normal(&host->random) - sigma * sigma / 2);
}

/* nothing: the share of seconds without a stall */
static double zeros_of(Host *host, double nothing, double sigma) {
        return random_uniform(&host->random) < nothing ? 0
                                                       : log_normal(host, sigma) / (1 - nothing);
}

static double zeros(Host *host) {
        return zeros_of(host, 0.5, 1.25);
}

static double autoregressive(Host *host) {
        host->state = 0.95 * host->state + sqrt(1 - 0.95 * 0.95) * random_normal(&host->random);
        return exp(host->state - 0.5);
}

/* 60 s each hour hold nine tenths of all stalls. */
static double cron(Host *host) {
        bool burst = fmod(host->second + host->phase, HOUR_SEC) < 60;

        return burst ? 54 * (0.5 + random_uniform(&host->random)) : 0.1 * zeros(host);
}

static double pareto_length(Host *host) {
        return 6.6 * pow(random_uniform(&host->random), -1 / 1.5);
}

/* A duty of 20 s in 320 s, so 16 times the mean; every 5 min, by a quarter more or less. */
static void next_burst(Host *host, bool pareto) {
        bool begins = host->height <= 0;
        double usual = begins ? 20 : 300, length;

        if (pareto)
                length = begins ? pareto_length(host) : random_exponential(&host->random, usual);
        else
                length = usual * (0.75 + 0.5 * random_uniform(&host->random));
        host->until += length;
        host->height = begins ? 16 * log_normal(host, pareto ? 0.5 : 0.25) : 0;
}

static double bursts(Host *host, bool pareto) {
        while (host->second >= host->until)
                next_burst(host, pareto);
        return host->height > 0 ? host->height * log_normal(host, 0.25) : 0;
}

static double load(Host *host) {
        while (host->second >= host->until) {
                host->state = 1.1 * random_normal(&host->random);
                host->until += random_exponential(&host->random, 4 * HOUR_SEC);
        }
        return exp(host->state) * zeros(host);
}

static double relative(Host *host) {
        switch (host->noise) {
        case NOISE_IDLE:
                return random_uniform(&host->random) < 0.001 ? random_exponential(&host->random, 2)
                                                             : 0;
        case NOISE_SPARSE:
                return zeros_of(host, 0.8, 1.3);
        case NOISE_ZEROS:
                return zeros(host);
        case NOISE_AR:
                return autoregressive(host);
        case NOISE_DIURNAL:
                return zeros(host) *
                       (1 + 0.8 * sin(2 * M_PI * (host->second + host->phase) / DAY_SEC));
        case NOISE_CRON:
                return cron(host);
        case NOISE_BURSTS:
                return bursts(host, false);
        case NOISE_PARETO:
                return bursts(host, true);
        case NOISE_LOAD:
                return load(host);
        case _NOISE_MAX:
                break;
        }
        return 0;
}

double host_next(Host *host, double mean) {
        double share = mean * relative(host);

        host->second += 1;
        return MIN_OF(share, 1.0);
}
