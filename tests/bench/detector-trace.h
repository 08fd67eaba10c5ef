/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What one host stalls second by second before a change of knobs and since: memory.some, of which
 * memory.full is about six tenths, and io.full, a fifth of it beside stalls of its own. The host
 * comes from a seed; drawn twice it is the same.
 */

#include "tests/bench/detector-noise.h"

typedef enum Stall {
        STALL_MEMORY_SOME,
        STALL_MEMORY_FULL,
        STALL_IO_FULL,
        _STALL_MAX,
} Stall;

#define TRACE_BEFORE_SEC 3600
#define TRACE_SINCE_SEC_MAX 86400

typedef struct Source {
        Host memory;
        Host io;
        Random random;
} Source;

void source_init(Source *source, Noise noise, uint64_t seed);
/* The shares of the next second. */
void source_next(Source *source, double mean, double ret[static _STALL_MAX]);

/* A host, and the mean of memory.some with the old setting and the new. */
typedef struct Scene {
        Noise noise;
        double old;
        double new;
} Scene;

typedef struct Trace {
        double before[TRACE_BEFORE_SEC][_STALL_MAX];
        double since[TRACE_SINCE_SEC_MAX][_STALL_MAX];
        size_t n_since;
} Trace;

void trace_draw(Trace *trace, const Scene *scene, size_t n_since, uint64_t seed);
/* The same host, n_since seconds after the change. */
void trace_source(const Scene *scene, size_t n_since, uint64_t seed, Source *ret);
