/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/random.h"

/* splitmix64 makes of any seed a state that is not all zero. */
void random_init(Random *random, uint64_t seed) {
        for (size_t i = 0; i < ELEMENTSOF(random->state); i++) {
                uint64_t z = seed += 0x9e3779b97f4a7c15u;
                z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
                z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
                random->state[i] = z ^ (z >> 31);
        }
}

static uint64_t rotate(uint64_t x, int k) {
        return (x << k) | (x >> (64 - k));
}

uint64_t random_next(Random *random) {
        uint64_t *s = random->state, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = rotate(s[3], 45);
        return result;
}

double random_uniform(Random *random) {
        return ((double) (random_next(random) >> 11) + 0.5) / 9007199254740992.0;
}
