/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/report-axis.h"

#include <math.h>

/* So many times what is typical, and a straight axis would show that as a hair above zero. */
#define ROOT_FACTOR 12
/* Nothing smaller is worth a label: 0.01 %. */
#define SHARE_MIN 0.0001

/* The smallest 1, 2 or 5 times a power of ten that is not below. */
static double nice_above(double value) {
        double power = pow(10, floor(log10(value)));
        static const double factors[] = {1, 2, 5};

        for (size_t i = 0; i < ELEMENTSOF(factors); i++)
                if (value <= factors[i] * power * (1 + 1e-9))
                        return factors[i] * power;
        return 10 * power;
}

double axis_at(const Axis *axis, double value) {
        double place = (value - axis->from) / (axis->to - axis->from);

        place = place > 0 ? MIN_OF(place, 1) : 0;
        return axis->root ? sqrt(place) : place;
}

static void add_tick(Axis *axis, double value) {
        if (axis->n_ticks < AXIS_TICKS_MAX)
                axis->ticks[axis->n_ticks++] = value;
}

static void add_steps(Axis *axis, double step) {
        for (double i = ceil(axis->from / step - 1e-9); i * step <= axis->to + step * 1e-9; i++)
                add_tick(axis, i * step + 0.0); /* no negative zero */
}

/* From the top down, those of 1, 2 and 5 that keep their distance. */
static void add_root_steps(Axis *axis, size_t n_max) {
        double least = 1.0 / (double) n_max, last = 1;

        add_tick(axis, axis->to);
        for (double value = axis->to; value > SHARE_MIN && axis->n_ticks < n_max;) {
                value = nice_above(value * 0.35);
                double place = axis_at(axis, value);
                if (place < least)
                        break;
                if (last - place < least)
                        continue;
                add_tick(axis, value);
                last = place;
        }
        add_tick(axis, 0);
}

Axis axis_of_shares(double highest, double typical, size_t n_max) {
        double top = MAX_OF(highest, SHARE_MIN);
        Axis axis = {.root = typical > 0 && top > ROOT_FACTOR * typical};

        if (axis.root) {
                axis.to = MIN_OF(nice_above(top), 1);
                add_root_steps(&axis, n_max);
                return axis;
        }
        double step = nice_above(top / (double) MAX_OF(n_max - 1, (size_t) 1));
        axis.to = MIN_OF(ceil(top / step - 1e-9) * step, 1);
        add_steps(&axis, step);
        return axis;
}

Axis axis_of_time(Span span, size_t n_max) {
        static const double steps[] = {
                1,   2,    5,    10,   15,    30,    60,    120,   300,    600,
                900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800,
        };
        Axis axis = {.from = span.from, .to = MAX_OF(span.to, span.from + 1e-3)};
        double wanted = (axis.to - axis.from) / (double) n_max;
        size_t i = 0;

        while (i + 1 < ELEMENTSOF(steps) && steps[i] < wanted)
                i++;
        /* Longer than anything of ours lasts. */
        add_steps(&axis, steps[i] < wanted ? nice_above(wanted) : steps[i]);
        return axis;
}
