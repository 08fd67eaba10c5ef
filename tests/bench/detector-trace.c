/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bench/detector-trace.h"

#define FULL_PART 0.6
#define IO_PART 0.2
#define IO_MEAN 0.0007

void source_init(Source *source, Noise noise, uint64_t seed) {
        host_init(&source->memory, noise, 3 * seed);
        host_init(&source->io, NOISE_ZEROS, 3 * seed + 1);
        random_init(&source->random, 3 * seed + 2);
}

void source_next(Source *source, double mean, double ret[static _STALL_MAX]) {
        double some = host_next(&source->memory, mean);
        double full = some * FULL_PART * (0.8 + 0.4 * random_uniform(&source->random));
        double io = host_next(&source->io, IO_MEAN) + IO_PART * some;

        ret[STALL_MEMORY_SOME] = some;
        ret[STALL_MEMORY_FULL] = full;
        ret[STALL_IO_FULL] = MIN_OF(io, 1.0);
}

void trace_draw(Trace *trace, const Scene *scene, size_t n_since, uint64_t seed) {
        Source source;

        source_init(&source, scene->noise, seed);
        for (size_t i = 0; i < TRACE_BEFORE_SEC; i++)
                source_next(&source, scene->old, trace->before[i]);
        for (size_t i = 0; i < n_since; i++)
                source_next(&source, scene->new, trace->since[i]);
        trace->n_since = n_since;
}

void trace_source(const Scene *scene, size_t n_since, uint64_t seed, Source *ret) {
        double passed_over[_STALL_MAX];

        source_init(ret, scene->noise, seed);
        for (size_t i = 0; i < TRACE_BEFORE_SEC + n_since; i++)
                source_next(ret, i < TRACE_BEFORE_SEC ? scene->old : scene->new, passed_over);
}
