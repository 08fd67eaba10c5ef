/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bench/detector-peer.h"

#include <math.h>
#include <string.h>

#define BLOCK_SEC 10
#define BLOCKS_BEFORE (TRACE_BEFORE_SEC / BLOCK_SEC)
#define BLOCKS_SINCE (TRACE_SINCE_SEC_MAX / BLOCK_SEC)

static const char *const names[_PEER_MAX] = {
        [PEER_OOMD_60] = "oomd60",
        [PEER_OOMD_2] = "oomd2",
        [PEER_KAYENTA] = "kayenta",
        [PEER_CUSUM] = "CUSUM",
};

const char *peer_to_string(Peer peer) {
        return names[peer];
}

/* --- thresholds --- */

/* The kernel's averages: kernel/sched/psi.c, calc_avgs(), every 2 s. */
typedef struct Pressure {
        double period; /* stalled of the period under way */
        double avg10;
        double avg60;
} Pressure;

static void pressure_add(Pressure *pressure, double share, size_t second) {
        pressure->period += share / 2;
        if (second % 2 == 0)
                return;
        pressure->avg10 += (pressure->period - pressure->avg10) * (1 - exp(-2.0 / 10));
        pressure->avg60 += (pressure->period - pressure->avg60) * (1 - exp(-2.0 / 60));
        pressure->period = 0;
}

static Pressure pressure_before(const Trace *trace) {
        Pressure pressure = {0};

        for (size_t i = 0; i < TRACE_BEFORE_SEC; i++)
                pressure_add(&pressure, trace->before[i][STALL_MEMORY_FULL], i);
        return pressure;
}

static size_t run_oomd_60(const Trace *trace) {
        Pressure pressure = pressure_before(trace);
        size_t above_since = 0;

        for (size_t i = 0; i < trace->n_since; i++) {
                pressure_add(&pressure, trace->since[i][STALL_MEMORY_FULL], i);
                if (pressure.avg10 <= 0.6)
                        above_since = i + 1;
                else if (i - above_since >= 30)
                        return i + 1;
        }
        return 0;
}

static size_t run_oomd_2(const Trace *trace) {
        Pressure pressure = pressure_before(trace);
        double last = pressure.avg10;
        size_t above_since = 0;

        for (size_t i = 0; i < trace->n_since; i++) {
                pressure_add(&pressure, trace->since[i][STALL_MEMORY_FULL], i);
                if ((i + 1) % 5 != 0)
                        continue;
                if (pressure.avg60 <= 0.02)
                        above_since = i + 5;
                else if (i >= above_since + 15 && pressure.avg10 > 0.02 &&
                         pressure.avg10 >= 0.85 * last)
                        return i + 1;
                last = pressure.avg10;
        }
        return 0;
}

/* --- blocks --- */

static double block_of(const double seconds[][_STALL_MAX]) {
        double sum = 0;

        for (size_t i = 0; i < BLOCK_SEC; i++)
                sum += seconds[i][STALL_MEMORY_SOME];
        return sum / BLOCK_SEC;
}

static size_t blocks_before(const Trace *trace, size_t n_before, double *ret) {
        size_t n = n_before / BLOCK_SEC;

        for (size_t i = 0; i < n; i++)
                ret[i] = block_of(&trace->before[TRACE_BEFORE_SEC - n_before + i * BLOCK_SEC]);
        return n;
}

static size_t run_cusum(const Trace *trace, size_t n_before) {
        double before[BLOCKS_BEFORE], mean = 0, squares = 0, sum = 0;
        size_t n = blocks_before(trace, n_before, before);

        for (size_t i = 0; i < n; i++)
                mean += before[i] / (double) n;
        for (size_t i = 0; i < n; i++)
                squares += (before[i] - mean) * (before[i] - mean);
        /* Where nothing ever varied, as much as matters to memctl. */
        double deviation = MAX_OF(sqrt(squares / (double) (n - 1)), 0.001);
        for (size_t i = 0; i + BLOCK_SEC <= trace->n_since; i += BLOCK_SEC) {
                sum += (block_of(&trace->since[i]) - mean) / deviation - 0.5;
                sum = MAX_OF(sum, 0.0);
                if (sum > 5)
                        return i + BLOCK_SEC;
        }
        return 0;
}

/* --- Mann and Whitney --- */

static int compare(const void *a, const void *b) {
        const double *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

static void insert_sorted(double *values, size_t n, double value) {
        size_t i = n;

        while (i > 0 && values[i - 1] > value)
                i--;
        memmove(&values[i + 1], &values[i], (n - i) * sizeof(values[0]));
        values[i] = value;
}

typedef struct Samples {
        double before[BLOCKS_BEFORE];
        size_t n_before;
        double since[BLOCKS_SINCE];
        size_t n_since;
} Samples;

static size_t run_length(const double *values, size_t n, double value, double shift) {
        size_t i = 0;

        while (i < n && values[i] - shift <= value)
                i++;
        return i;
}

/* The statistic of the values since, less a shift, in standard deviations: falls with the shift.
 * Both samples are sorted. */
static double score(const Samples *s, double shift) {
        double n = (double) s->n_since, m = (double) s->n_before, u = 0, ties = 0;

        for (size_t i = 0, j = 0; i < s->n_since || j < s->n_before;) {
                double value = INFINITY;
                if (i < s->n_since)
                        value = s->since[i] - shift;
                if (j < s->n_before)
                        value = MIN_OF(value, s->before[j]);
                size_t a = run_length(&s->since[i], s->n_since - i, value, shift);
                size_t b = run_length(&s->before[j], s->n_before - j, value, 0);
                double equal = (double) (a + b);
                u += (double) a * ((double) j + (double) b / 2);
                ties += equal * equal * equal - equal;
                i += a;
                j += b;
        }
        double distance = u - n * m / 2, all = n + m;
        double variance = n * m / 12 * (all + 1 - ties / (all * (all - 1)));
        if (variance <= 0)
                return 0;
        return (distance - 0.5 * ((distance > 0) - (distance < 0))) / sqrt(variance);
}

/* Hodges and Lehmann's estimate of the shift: where the score is 0. */
static double estimate(const Samples *s) {
        double low = s->since[0] - s->before[s->n_before - 1];
        double high = s->since[s->n_since - 1] - s->before[0];

        while (high - low > 1e-6) {
                double middle = (low + high) / 2;
                if (score(s, middle) > 0)
                        low = middle;
                else
                        high = middle;
        }
        return (low + high) / 2;
}

/* The interval's lower bound lies above a shift where the score there is above the quantile. */
static bool is_high(const Samples *s) {
        static const double quantile = 2.3263; /* 99 %, two-sided 98 % */

        return score(s, 0) > quantile && score(s, 0.25 * fabs(estimate(s))) > quantile;
}

static size_t run_kayenta(const Trace *trace, size_t n_before) {
        static Samples s;

        s.n_before = blocks_before(trace, n_before, s.before);
        s.n_since = 0;
        qsort(s.before, s.n_before, sizeof(s.before[0]), compare);
        for (size_t i = 0; i + BLOCK_SEC <= trace->n_since; i += BLOCK_SEC) {
                insert_sorted(s.since, s.n_since, block_of(&trace->since[i]));
                s.n_since++;
                if (s.n_since % 6 == 0 && is_high(&s))
                        return i + BLOCK_SEC;
        }
        return 0;
}

size_t peer_run(Peer peer, const Trace *trace, size_t n_before) {
        switch (peer) {
        case PEER_OOMD_60:
                return run_oomd_60(trace);
        case PEER_OOMD_2:
                return run_oomd_2(trace);
        case PEER_KAYENTA:
                return run_kayenta(trace, n_before);
        case PEER_CUSUM:
                return run_cusum(trace, n_before);
        case _PEER_MAX:
                break;
        }
        return 0;
}
