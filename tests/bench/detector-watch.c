/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bench/detector-watch.h"

#include <time.h>

#define SAMPLE_SEC 10
/* Of the second before, memory.full: the trigger that wakes the daemon. */
#define PRESSURE 0.10
#define SETTLE_SEC 60
#define BLOCK_SEC 30
#define WASHOUT_SEC 10
#define HARM_PART 0.5

/* Where a stall is among the detector's metrics: memory.some, memory.full, io.full. */
static const size_t metrics[_STALL_MAX] = {0, 1, 3};

typedef struct Reader {
        Detect detect;
        usec_t at_usec;
        usec_t totals[DETECT_METRICS];
} Reader;

static DetectAlarm reader_read(Reader *reader) {
        static const bool valid[DETECT_METRICS] = {true, true, true, true, true, true};

        return detect_add(&reader->detect, reader->at_usec, reader->totals, valid);
}

static void reader_init(Reader *reader) {
        static const DetectConfig config = {DETECT_BLOCK_USEC, DETECT_WEIGHTS, {0}};

        *reader = (Reader){.at_usec = USEC_PER_DAY};
        detect_init(&reader->detect, &config);
        (void) reader_read(reader);
}

static void reader_pass(Reader *reader, const double shares[static _STALL_MAX]) {
        reader->at_usec += USEC_PER_SEC;
        for (size_t i = 0; i < _STALL_MAX; i++)
                reader->totals[metrics[i]] += (usec_t) (shares[i] * USEC_PER_SEC);
}

static void reader_learn(Reader *reader, const Trace *trace, size_t n_before) {
        for (size_t i = 0; i < n_before; i++) {
                reader_pass(reader, trace->before[TRACE_BEFORE_SEC - n_before + i]);
                if ((i + 1) % SAMPLE_SEC == 0)
                        (void) reader_read(reader);
        }
        detect_arm(&reader->detect);
}

/* A trial is about what rose most. What raised the alarm may have risen by less than is harm. */
static Stall most_risen(const Detect *detect) {
        Stall most = STALL_MEMORY_SOME;
        double rise = -1;

        for (Stall i = 0; i < _STALL_MAX; i++) {
                double change = detect_after(detect, metrics[i]).mean -
                                detect_before(detect, metrics[i]).mean;
                if (change <= rise)
                        continue;
                rise = change;
                most = i;
        }
        return most;
}

Watch watch_run(const Trace *trace, size_t n_before) {
        static Reader reader;

        reader_init(&reader);
        reader_learn(&reader, trace, n_before);
        for (size_t i = 0; i < trace->n_since; i++) {
                reader_pass(&reader, trace->since[i]);
                if ((i + 1) % SAMPLE_SEC != 0 && trace->since[i][STALL_MEMORY_FULL] < PRESSURE)
                        continue;
                DetectAlarm alarm = reader_read(&reader);
                if (alarm != DETECT_QUIET)
                        return (Watch){alarm, most_risen(&reader.detect), i + 1};
        }
        return (Watch){.alarm = DETECT_QUIET};
}

/* --- the trial --- */

static double block_share(Source *source, double mean, Stall stall) {
        double shares[_STALL_MAX], sum = 0;

        for (size_t i = 0; i < BLOCK_SEC; i++) {
                source_next(source, mean, shares);
                sum += i < WASHOUT_SEC ? 0 : shares[stall];
        }
        return sum / (BLOCK_SEC - WASHOUT_SEC);
}

static bool excludes_harm(const Trial *trial) {
        Interval difference = trial_difference(trial);
        double harm = MAX_OF(trial->harm, trial_mean(trial, false).mean * HARM_PART);

        return difference.half >= 0 && difference.mean + difference.half < harm;
}

Settlement watch_settle(const Watch *watch, const Scene *scene, uint64_t seed) {
        double shares[_STALL_MAX];
        Source source;
        Trial trial;
        Random coins;
        bool over = false;

        trace_source(scene, watch->at_sec, seed, &source);
        for (size_t i = 0; i < SETTLE_SEC; i++)
                source_next(&source, scene->old, shares);
        trial_init(&trial, 0, 0);
        random_init(&coins, ~seed);
        while (!over) {
                bool arm = random_next(&coins) >> 63;
                double mean = arm ? scene->new : scene->old;
                over = trial_add(&trial, arm, block_share(&source, mean, watch->stall));
        }
        return (Settlement){trial.effect, excludes_harm(&trial), trial.n * BLOCK_SEC};
}

/* --- cost --- */

static double now_nsec(void) {
        struct timespec now;

        (void) clock_gettime(CLOCK_MONOTONIC, &now);
        return (double) now.tv_sec * 1e9 + (double) now.tv_nsec;
}

void watch_cost(const Trace *trace, double *ret_sample_nsec, double *ret_arm_nsec) {
        enum {
                ARMS = 200,
                PASSES = 20
        };
        static Reader reader;
        double start;

        reader_init(&reader);
        reader_learn(&reader, trace, TRACE_BEFORE_SEC);
        start = now_nsec();
        for (size_t i = 0; i < ARMS; i++)
                detect_arm(&reader.detect);
        *ret_arm_nsec = (now_nsec() - start) / ARMS;

        size_t n = PASSES * trace->n_since / SAMPLE_SEC;
        start = now_nsec();
        for (size_t i = 0; i < n; i++) {
                for (size_t j = 0; j < SAMPLE_SEC; j++)
                        reader_pass(&reader, trace->since[(i * SAMPLE_SEC + j) % trace->n_since]);
                (void) reader_read(&reader);
        }
        *ret_sample_nsec = (now_nsec() - start) / (double) (n * _STALL_MAX);
}
