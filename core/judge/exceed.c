/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/judge/exceed.h"

/* A rise of less than a quarter of what was usual at its worst matters to nobody. */
#define MARGIN_PART 0.25
/* The fast lane is for jumps that nobody would call noise. */
#define FAST_MARGIN 0.05
#define FAST_SHARE 0.1
/* A change does its harm from the first block on, more often than not. */
#define ONSET_FIRST 0.6
/* Later onsets have this much / t each: together 0.4 in the first day of 10 s blocks. */
#define ONSET_LATER 0.04
/* Who stakes on a certainty loses all, or more, when it fails. */
#define ODDS_MAX 0.95
#define WEALTH_MIN 1e-100
#define WEALTH_MAX 1e100

static const unsigned level_ranks[EXCEED_LEVELS] = {0, 1, 3, 7, 15, 31};

static int compare_descending(const void *a, const void *b) {
        const double *x = a, *y = b;

        return (*x < *y) - (*x > *y);
}

static double clamp_wealth(double wealth) {
        return MIN_OF(MAX_OF(wealth, WEALTH_MIN), WEALTH_MAX);
}

void exceed_arm(
        Exceed *exceed, double *blocks, size_t n, double margin, double cap, double cap_fast) {
        *exceed = (Exceed){.n = (unsigned) n, .cap = cap, .cap_fast = cap_fast, .e_value = 1};
        if (n < EXCEED_BASELINE_MIN)
                return;
        qsort(blocks, n, sizeof(blocks[0]), compare_descending);
        for (size_t i = 0; i < EXCEED_LEVELS && level_ranks[i] <= n / 3; i++) {
                double threshold = blocks[level_ranks[i]];
                exceed->levels[exceed->n_levels++] = (ExceedLevel){
                        .threshold = threshold,
                        .raised = threshold + MAX_OF(margin, threshold * MARGIN_PART),
                        .far = threshold + MAX_OF(FAST_MARGIN, threshold),
                };
        }
}

/* The share of the wealth that begins to bet with this block. */
static double onset(const Exceed *exceed) {
        double share = exceed->t == 1 ? ONSET_FIRST : ONSET_LATER / exceed->t;

        return MIN_OF(share, 1 - exceed->staked);
}

static double bet(double r, double q, double cap, bool won) {
        r = MIN_OF(r, q * cap);
        if (r <= q || q >= 1)
                return 1;
        return won ? r / q : (1 - r) / (1 - q);
}

/* What its bets are worth after this block. */
static double
bet_on_level(const Exceed *exceed, unsigned rank, ExceedLevel *level, double share, double stake) {
        double q = (rank + 1.0 + level->n_exceeded) / ((double) exceed->n + exceed->t);
        const double odds[EXCEED_ODDS] = {ODDS_MAX, 0.5, MIN_OF(2 * q, ODDS_MAX)};
        double sum = 0;

        for (size_t j = 0; j < EXCEED_ODDS; j++) {
                double factor = bet(odds[j], q, exceed->cap, share > level->raised);
                level->wealth[j] = clamp_wealth((level->wealth[j] + stake) * factor);
                sum += level->wealth[j];
        }
        double factor = bet(odds[0], q, exceed->cap_fast, share > level->far);
        level->fast = clamp_wealth((level->fast + stake) * factor);
        level->n_exceeded += share > level->threshold;
        return (1 - FAST_SHARE) * sum / EXCEED_ODDS + FAST_SHARE * level->fast;
}

void exceed_add(Exceed *exceed, double share) {
        double sum = 0;

        if (exceed->n_levels == 0)
                return;
        exceed->t++;
        double stake = onset(exceed);
        for (size_t i = 0; i < exceed->n_levels; i++)
                sum += bet_on_level(exceed, level_ranks[i], &exceed->levels[i], share, stake);
        exceed->staked += stake;
        exceed->e_value = 1 - exceed->staked + sum / (double) exceed->n_levels;
}
