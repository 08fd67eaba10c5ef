/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/judge/stream.h"

#include <math.h>

/* The autocorrelation up to which blocks pass as independent, so many of its own errors included:
 * where the time before shows what the host does, fewer. */
#define INDEPENDENT 0.45
#define ERRORS 0.6
#define ERRORS_QUIET 1.0
#define ROUNDING 1e-9
/* Each length has this much of what the next shorter one has: most changes show at once. */
#define SHARE_FALL 0.5
/* What one block can multiply the evidence by: more where a longer time before tells what is
 * usual, and more for a longer block, which a transient fills less easily. */
#define CAP_GAIN 1.8
#define CAP_BEFORE 60.0
/* The same where more than half of that time had no stall worth the name: it has seen few of the
 * bursts that such a host may have. */
#define CAP_BEFORE_QUIET 90.0
#define QUIET_PART 0.1 /* of the margin */
#define CAP_SCALE 0.8
/* Of a jump, where the time before has shown how high stalls get. */
#define CAP_FAST 4.0
/* A burst says more than a block, and bursts are few. */
#define BURST_CAP 4.0
#define BURSTS_MIN 8

bool stream_has_before(const Stream *stream) {
        return stream->n_before >= EXCEED_BASELINE_MIN;
}

/* Blocks of 2^scale, cut from the newest backwards, none across a gap; newest first. */
static size_t cut_blocks(const double *before, size_t n_before, unsigned scale, double *ret) {
        size_t n = 0, n_partial = 0, length = (size_t) 1 << scale;
        double partial = 0;

        for (size_t i = n_before; i-- > 0;) {
                partial = before[i] < 0 ? 0 : partial + before[i];
                n_partial = before[i] < 0 ? 0 : n_partial + 1;
                if (n_partial < length)
                        continue;
                ret[n++] = partial / (double) length;
                partial = 0;
                n_partial = 0;
        }
        return n;
}

/* Of each with the next; 0 when nothing varies. */
static double autocorrelation(const double *blocks, size_t n) {
        double mean = 0, variance = 0, covariance = 0;

        for (size_t i = 0; i < n; i++)
                mean += blocks[i] / (double) n;
        for (size_t i = 0; i < n; i++) {
                variance += (blocks[i] - mean) * (blocks[i] - mean);
                if (i > 0)
                        covariance += (blocks[i] - mean) * (blocks[i - 1] - mean);
        }
        /* Equal blocks differ from their mean by what rounding leaves of it. */
        return variance > (double) n * pow(ROUNDING * mean, 2) ? covariance / variance : 0;
}

static bool is_independent(const double *blocks, size_t n, bool quiet) {
        double errors = quiet ? ERRORS_QUIET : ERRORS;

        return autocorrelation(blocks, n) + errors / sqrt((double) n) < INDEPENDENT;
}

static double cap_of(size_t n, unsigned scale, bool quiet) {
        double before = quiet ? CAP_BEFORE_QUIET : CAP_BEFORE;
        double gain = CAP_GAIN * MIN_OF(1.0, sqrt((double) n / before));

        return (1 + gain) * (1 + CAP_SCALE * scale);
}

static bool is_quiet(const double *before, size_t n_before, double margin) {
        size_t n = 0, n_quiet = 0;

        for (size_t i = 0; i < n_before; i++) {
                n += before[i] >= 0;
                n_quiet += before[i] >= 0 && before[i] < margin * QUIET_PART;
        }
        return n_quiet > n / 2;
}

static void arm_scales(Stream *stream, const double *before, size_t n_before, double margin) {
        bool quiet = is_quiet(before, n_before, margin);
        double blocks[BLOCKS_MAX];

        for (unsigned scale = 0; scale < STREAM_SCALES; scale++) {
                StreamScale *s = &stream->scales[scale];
                size_t n = cut_blocks(before, n_before, scale, blocks);
                if (n >= EXCEED_BASELINE_MIN && is_independent(blocks, n, quiet))
                        s->share = pow(SHARE_FALL, scale);
                double cap = cap_of(n, scale, quiet);
                exceed_arm(&s->exceed, blocks, n, margin, cap, quiet ? cap : CAP_FAST);
        }
}

static void arm_bursts(Stream *stream, const double *before, size_t n_before, double margin) {
        double sizes[BLOCKS_MAX];
        size_t n = 0;

        stream->burst.above = stream->before.scales[0].mean + margin;
        Burst burst = stream->burst;
        for (size_t i = 0; i < n_before; i++)
                if (before[i] < 0)
                        burst = stream->burst;
                else if (burst_add(&burst, before[i], &sizes[n]))
                        n++;
        if (n < BURSTS_MIN)
                return;
        exceed_arm(&stream->bursts, sizes, n, margin, BURST_CAP, CAP_FAST);
        stream->burst_share = 1;
}

/* The shares sum up to 1. */
static void divide_alpha(Stream *stream) {
        StreamScale *longest = NULL;
        double sum = stream->burst_share;

        for (size_t i = 0; i < STREAM_SCALES; i++) {
                sum += stream->scales[i].share;
                if (stream->scales[i].exceed.n >= EXCEED_BASELINE_MIN)
                        longest = &stream->scales[i];
        }
        if (sum <= 0) {
                if (longest)
                        longest->share = 1;
                return;
        }
        stream->burst_share /= sum;
        for (size_t i = 0; i < STREAM_SCALES; i++)
                stream->scales[i].share /= sum;
}

/* Without the gaps; counts them into the mean as what they are. */
static size_t take_before(Stream *stream, const double *before, size_t n_before, double *ret) {
        size_t n = 0;

        for (size_t i = 0; i < n_before; i++) {
                if (before[i] < 0) {
                        average_break(&stream->before);
                        continue;
                }
                average_add(&stream->before, before[i]);
                ret[n++] = before[i];
        }
        return n;
}

void stream_arm(Stream *stream, const double *before, size_t n, double block_sec, double margin) {
        double blocks[BLOCKS_MAX];

        *stream = (Stream){0};
        stream->n_before = take_before(stream, before, n, blocks);
        absolute_arm(&stream->absolute);
        budget_arm(&stream->budget, blocks, stream->n_before, block_sec, margin);
        arm_scales(stream, before, n, margin);
        if (stream->scales[0].share <= 0)
                arm_bursts(stream, before, n, margin);
        divide_alpha(stream);
}

static void add_to_scale(StreamScale *scale, unsigned length, double share) {
        scale->partial += share;
        if (++scale->n_partial < length)
                return;
        exceed_add(&scale->exceed, scale->partial / length);
        scale->partial = 0;
        scale->n_partial = 0;
}

void stream_add(Stream *stream, double share) {
        double size;

        average_add(&stream->after, share);
        absolute_add(&stream->absolute, share);
        for (unsigned i = 0; i < STREAM_SCALES; i++)
                add_to_scale(&stream->scales[i], 1u << i, share);
        if (burst_add(&stream->burst, share, &size))
                exceed_add(&stream->bursts, size);
}

void stream_break(Stream *stream) {
        average_break(&stream->after);
        for (size_t i = 0; i < STREAM_SCALES; i++) {
                stream->scales[i].partial = 0;
                stream->scales[i].n_partial = 0;
        }
        stream->burst = (Burst){.above = stream->burst.above};
}

double stream_evidence(const Stream *stream, unsigned *ret_length) {
        double best = stream->burst_share * stream->bursts.e_value;

        *ret_length = best > 0 ? 0 : 1;
        if (!stream_has_before(stream)) {
                *ret_length = 1;
                return stream->absolute.e_value;
        }
        for (unsigned i = 0; i < STREAM_SCALES; i++) {
                double evidence = stream->scales[i].share * stream->scales[i].exceed.e_value;
                if (evidence <= best)
                        continue;
                best = evidence;
                *ret_length = 1u << i;
        }
        return best;
}
