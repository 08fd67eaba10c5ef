/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The statistics of a switchback trial: each block of time got one of two settings by a fair coin.
 * Load moves; the coin does not know. Under "the new setting makes no block worse by more than d"
 * the values y_j - d z_j (y: share stalled, z: 1 with the new setting) do not depend on the coins,
 * so the difference of mean ranks over all coins that could have fallen gives an exact p-value,
 * whatever the load did (Fisher 1935; Bojinov, Simchi-Levi, Zhao 2023, "Design and analysis of
 * switchback experiments"). All 2^n coins up to 14 blocks, 20,000 redraws from there on, the real
 * one counted with them (Phipson and Smyth 2010).
 *
 * It is looked at TRIAL_LOOKS times at most, each time at TRIAL_ALPHA / TRIAL_LOOKS. The effect's
 * interval is by Student's t over blocks (Welch 1947), and approximate: the p-value has the
 * verdict.
 */

#include "core/judge/average.h"

#define TRIAL_BLOCKS_MAX 60
#define TRIAL_LOOKS 11 /* after 10, 12, 14, 17, 20, 24, 29, 35, 42, 50, 60 blocks */
#define TRIAL_ALPHA 0.01
/* Blocks that a trial must have room for. Of the 2^n coins n - 1 part the blocks as well as the
 * best can, unless blocks tie: with fewer no p-value is small enough. */
#define TRIAL_BLOCKS_MIN 14

typedef enum TrialEffect {
        TRIAL_UNDECIDED,
        TRIAL_WORSE,
        TRIAL_BETTER,
        TRIAL_NONE, /* no difference that matters: the interval lies inside +-harm */
        _TRIAL_EFFECT_MAX,
} TrialEffect;

typedef struct Trial {
        double margin;               /* d */
        double harm;                 /* a difference that matters, at least */
        bool arms[TRIAL_BLOCKS_MAX]; /* true: the new setting */
        double shares[TRIAL_BLOCKS_MAX];
        size_t n;
        TrialEffect effect; /* of the last look */
        double p;           /* of that effect; of the nearer one when undecided; 1 before a look */
} Trial;

/* margin and harm are shares of time; 0: 0.1 and 0.5 points. */
void trial_init(Trial *trial, double margin, double harm);
/* One block: which setting, and what share of it was stalled after the washout. True when the trial
 * is over: the answer is clear, or there is no room for more. */
bool trial_add(Trial *trial, bool arm, double share);
/* No more blocks come: a last look, unless there has just been one. It costs none of alpha when the
 * schedule had not come to its end. */
void trial_end(Trial *trial);

/* Mean with the old (false) or the new setting. */
Interval trial_mean(const Trial *trial, bool arm);
/* New minus old, with its approximate 95 % interval. */
Interval trial_difference(const Trial *trial);
/* The chance of a difference like this or more, to the worse (or the better), by the coin alone. */
double trial_p_value(const Trial *trial, bool worse);
const char *trial_effect_to_string(TrialEffect effect);
