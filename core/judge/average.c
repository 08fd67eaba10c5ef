/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/judge/average.h"

#include <math.h>

/* Fewer values or batches than this have no spread worth the name. */
#define VALUES_MIN 4
#define BATCHES_MIN 8

static void add_batch(AverageScale *scale, double value) {
        double distance = value - scale->mean;

        scale->n++;
        scale->mean += distance / (double) scale->n;
        scale->squares += distance * (value - scale->mean);
}

void average_add(Average *average, double value) {
        for (size_t i = 0; i < AVERAGE_SCALES; i++) {
                AverageScale *scale = &average->scales[i];
                scale->partial += value;
                if (++scale->n_partial < (size_t) 1 << i)
                        continue;
                add_batch(scale, scale->partial / (double) scale->n_partial);
                scale->partial = 0;
                scale->n_partial = 0;
        }
}

void average_break(Average *average) {
        for (size_t i = 0; i < AVERAGE_SCALES; i++) {
                average->scales[i].partial = 0;
                average->scales[i].n_partial = 0;
        }
}

size_t average_count(const Average *average) {
        return average->scales[0].n;
}

double student_t(size_t degrees) {
        static const double table[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306,
                                       2.262,  2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
                                       2.110,  2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064};

        if (degrees == 0)
                return INFINITY;
        if (degrees <= ELEMENTSOF(table))
                return table[degrees - 1];
        /* Cornish and Fisher's expansion; from 25 on it is right to 0.001. */
        double n = (double) degrees;
        return 1.95996 + (2.3723 + 2.8225 / n) / n;
}

Interval average_interval(const Average *average) {
        const AverageScale *values = &average->scales[0];
        Interval interval = {.mean = values->mean, .half = -1};

        if (values->n < VALUES_MIN)
                return interval;
        for (size_t i = 0; i < AVERAGE_SCALES; i++) {
                const AverageScale *scale = &average->scales[i];
                double n = (double) scale->n;
                if (i > 0 && scale->n < BATCHES_MIN)
                        break;
                double half = student_t(scale->n - 1) * sqrt(scale->squares / (n - 1) / n);
                interval.half = MAX_OF(interval.half, half);
        }
        return interval;
}

Interval interval_change(Interval before, Interval after) {
        return (Interval){
                .mean = after.mean - before.mean,
                .half = before.half < 0 || after.half < 0 ? -1 : hypot(before.half, after.half),
        };
}
