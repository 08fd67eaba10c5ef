/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/judge/trial.h"

#include <math.h>

#include "core/base/random.h"

#define MARGIN 0.001
#define HARM 0.005
#define HARM_PART 0.5
#define EXACT_MAX 14
#define REDRAWS 20000
/* Any number: it must only be the same each time, so that a trace is judged alike everywhere. */
#define SEED 20231
/* A narrow interval of few blocks may be luck. */
#define NONE_BLOCKS_MIN 20
/* Of a sum of ranks, which are multiples of 1/2. */
#define ROUNDING 1e-9

static const size_t looks[TRIAL_LOOKS] = {10, 12, 14, 17, 20, 24, 29, 35, 42, 50, 60};

static const char *const effect_names[_TRIAL_EFFECT_MAX] = {
        [TRIAL_UNDECIDED] = "undecided",
        [TRIAL_WORSE] = "worse",
        [TRIAL_BETTER] = "better",
        [TRIAL_NONE] = "none",
};

const char *trial_effect_to_string(TrialEffect effect) {
        return effect_names[effect];
}

void trial_init(Trial *trial, double margin, double harm) {
        *trial = (Trial){
                .margin = margin > 0 ? margin : MARGIN,
                .harm = harm > 0 ? harm : HARM,
                .p = 1,
        };
}

static size_t count_arm(const Trial *trial, bool arm) {
        size_t n = 0;

        for (size_t i = 0; i < trial->n; i++)
                n += trial->arms[i] == arm;
        return n;
}

Interval trial_mean(const Trial *trial, bool arm) {
        double n = (double) count_arm(trial, arm), mean = 0, squares = 0;

        for (size_t i = 0; i < trial->n; i++)
                mean += trial->arms[i] == arm ? trial->shares[i] / n : 0;
        for (size_t i = 0; i < trial->n; i++)
                if (trial->arms[i] == arm)
                        squares += (trial->shares[i] - mean) * (trial->shares[i] - mean);
        return (Interval){
                .mean = mean,
                .half = n < 2 ? -1 : student_t((size_t) n - 1) * sqrt(squares / (n - 1) / n),
        };
}

/* Squared error of an arm's mean, and its degrees of freedom. */
static double squared_error(const Trial *trial, bool arm, double *ret_degrees) {
        size_t n = count_arm(trial, arm);
        double half = trial_mean(trial, arm).half;

        *ret_degrees = (double) n - 1;
        return n < 2 ? -1 : pow(half / student_t(n - 1), 2);
}

Interval trial_difference(const Trial *trial) {
        double old_degrees, new_degrees;
        double old = squared_error(trial, false, &old_degrees);
        double new = squared_error(trial, true, &new_degrees);
        Interval difference = {
                .mean = trial_mean(trial, true).mean - trial_mean(trial, false).mean,
                .half = -1,
        };

        if (old < 0 || new < 0)
                return difference;
        double sum = old + new;
        /* Welch and Satterthwaite. */
        double degrees =
                sum > 0 ? sum * sum / (old * old / old_degrees + new *new / new_degrees) : 1;
        difference.half = sum > 0 ? student_t((size_t) MAX_OF(degrees, 1.0)) * sqrt(sum) : 0;
        return difference;
}

/* Ranks from 1, ties share theirs. */
static void rank(const double *values, size_t n, double *ret) {
        for (size_t i = 0; i < n; i++) {
                double below = 0, equal = 0;
                for (size_t j = 0; j < n; j++) {
                        below += values[j] < values[i];
                        equal += values[j] == values[i];
                }
                ret[i] = below + (equal + 1) / 2;
        }
}

/* Mean rank where the coin's bit is set, minus where it is not; the lowest when one side is
 * empty. */
static double rank_difference(const double *ranks, size_t n, uint64_t coins) {
        double sum = 0, total = (double) n * ((double) n + 1) / 2;
        size_t n_set = 0;

        for (size_t i = 0; i < n; i++)
                if (coins >> i & 1) {
                        sum += ranks[i];
                        n_set++;
                }
        if (n_set == 0 || n_set == n)
                return -INFINITY;
        return sum / (double) n_set - (total - sum) / (double) (n - n_set);
}

double trial_p_value(const Trial *trial, bool worse) {
        double values[TRIAL_BLOCKS_MAX], ranks[TRIAL_BLOCKS_MAX], sign = worse ? 1 : -1;
        uint64_t real = 0, n_at_least = 0;
        bool exact = trial->n <= EXACT_MAX;
        uint64_t n_coins = exact ? (uint64_t) 1 << trial->n : REDRAWS;
        Random random;

        for (size_t i = 0; i < trial->n; i++) {
                values[i] = sign * trial->shares[i] - (trial->arms[i] ? trial->margin : 0);
                real |= (uint64_t) trial->arms[i] << i;
        }
        rank(values, trial->n, ranks);
        double seen = rank_difference(ranks, trial->n, real);
        if (isinf(seen))
                return 1;
        random_init(&random, SEED);
        for (uint64_t i = 0; i < n_coins; i++) {
                uint64_t coins = exact ? i : random_next(&random);
                n_at_least += rank_difference(ranks, trial->n, coins) >= seen - ROUNDING;
        }
        return exact ? (double) n_at_least / (double) n_coins
                     : ((double) n_at_least + 1) / ((double) n_coins + 1);
}

static bool is_harmless(const Trial *trial) {
        Interval difference = trial_difference(trial);
        double harm = MAX_OF(trial->harm, trial_mean(trial, false).mean * HARM_PART);

        return difference.half >= 0 && fabs(difference.mean) + difference.half < harm;
}

static void look(Trial *trial) {
        double worse = trial_p_value(trial, true), better = trial_p_value(trial, false);

        trial->p = MIN_OF(worse, better);
        if (trial->p < TRIAL_ALPHA / TRIAL_LOOKS)
                trial->effect = worse < better ? TRIAL_WORSE : TRIAL_BETTER;
        else if (trial->n >= NONE_BLOCKS_MIN && is_harmless(trial))
                trial->effect = TRIAL_NONE;
}

static bool is_look(size_t n) {
        for (size_t i = 0; i < TRIAL_LOOKS; i++)
                if (looks[i] == n)
                        return true;
        return false;
}

bool trial_add(Trial *trial, bool arm, double share) {
        if (trial->effect != TRIAL_UNDECIDED || trial->n >= TRIAL_BLOCKS_MAX)
                return true;
        trial->arms[trial->n] = arm;
        trial->shares[trial->n++] = share;
        if (is_look(trial->n))
                look(trial);
        return trial->effect != TRIAL_UNDECIDED || trial->n == TRIAL_BLOCKS_MAX;
}

void trial_end(Trial *trial) {
        if (trial->effect == TRIAL_UNDECIDED && trial->n >= 2 && !is_look(trial->n))
                look(trial);
}
