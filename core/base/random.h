/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Numbers from a seed, the same on every machine: for re-randomisation and simulation. Not for
 * secrets. xoshiro256** (Blackman and Vigna 2018, "Scrambled linear pseudorandom number
 * generators"). */

#include "core/base/util.h"

typedef struct Random {
        uint64_t state[4];
} Random;

void random_init(Random *random, uint64_t seed);
uint64_t random_next(Random *random);
/* In (0, 1). */
double random_uniform(Random *random);
