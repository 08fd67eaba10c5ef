/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/trial-run.h"

#include <sys/random.h>
#include <time.h>

#include "core/judge/blocks.h"
#include "daemon/priority.h"

/* A switch a little late is one for both settings alike. */
#define ACCURACY_PART 100
/* What the blocks of the new setting may be stalled, on average, over the fewest that can tell. */
#define BUDGET_SHARE 0.5

struct TrialRun {
        Baseline *baseline;
        const TrialSchedule *schedule;
        TrialRunCallbacks callbacks;
        sd_event_source *timer;
        Trial trial;
        Budget budget;
        size_t block;      /* under way */
        usec_t begin_usec; /* of the block, CLOCK_BOOTTIME */
        bool measuring;    /* the washout is over */
        bool has_from;
        Sample from; /* where measuring began */
        bool arm;
        double at_sec[TRIAL_BLOCKS_MAX]; /* of what was measured, since the trial began */
        usec_t start_usec;
};

int trial_schedule_draw(TrialSchedule *schedule, size_t n) {
        unsigned char coins[TRIAL_BLOCKS_MAX];

        if (getrandom(coins, n, 0) != (ssize_t) n)
                return -errno;
        for (size_t i = 0; i < n; i++)
                schedule->arms[i] = coins[i] & 1;
        schedule->n_blocks = n;
        return 0;
}

static usec_t boottime_now(void) {
        struct timespec now;

        (void) clock_gettime(CLOCK_BOOTTIME, &now);
        return (usec_t) now.tv_sec * USEC_PER_SEC + (usec_t) now.tv_nsec / 1000;
}

static void end(TrialRun *run, TrialEnd how) {
        (void) sd_event_source_set_enabled(run->timer, SD_EVENT_OFF);
        run->callbacks.ended(how, run->callbacks.userdata);
}

static void wait_until(TrialRun *run, usec_t usec) {
        (void) sd_event_source_set_time(run->timer, usec);
        (void) sd_event_source_set_enabled(run->timer, SD_EVENT_ONESHOT);
}

static bool begin_block(TrialRun *run) {
        bool arm = run->schedule->arms[run->block];

        run->begin_usec = boottime_now();
        if (arm != run->arm) {
                int r = run->callbacks.switched(arm, &run->arm, run->callbacks.userdata);
                if (r < 0)
                        return false;
        }
        run->measuring = false;
        wait_until(run, run->begin_usec + run->schedule->washout_usec);
        return true;
}

static void begin_measuring(TrialRun *run) {
        run->measuring = true;
        run->has_from = baseline_sample_now(run->baseline, &run->from) >= 0 &&
                        run->from.valid[run->schedule->metric];
        wait_until(run, run->begin_usec + run->schedule->block_usec);
}

/* What of the block was stalled after its washout. */
static bool measure(const TrialRun *run, double *ret) {
        Metric metric = run->schedule->metric;
        Sample to;

        if (!run->has_from || baseline_sample_now(run->baseline, &to) < 0 || !to.valid[metric] ||
            to.stall_usec[metric] < run->from.stall_usec[metric] || to.at_usec <= run->from.at_usec)
                return false;
        usec_t passed = to.at_usec - run->from.at_usec;
        usec_t planned = run->schedule->block_usec - run->schedule->washout_usec;
        if (passed > planned + planned / 2)
                return false;
        double share =
                (double) (to.stall_usec[metric] - run->from.stall_usec[metric]) / (double) passed;
        *ret = MIN_OF(share, 1.0);
        return true;
}

typedef enum After {
        AFTER_NEXT,
        AFTER_JUDGED,
        AFTER_BUDGET,
} After;

static After end_block(TrialRun *run) {
        const TrialSchedule *schedule = run->schedule;
        double measured_sec =
                (double) (schedule->block_usec - schedule->washout_usec) / USEC_PER_SEC;
        double share;

        if (measure(run, &share)) {
                run->at_sec[run->trial.n] =
                        (double) (run->begin_usec - run->start_usec) / USEC_PER_SEC +
                        (double) schedule->block_usec / USEC_PER_SEC / 2;
                if (trial_add(&run->trial, run->arm, share))
                        return AFTER_JUDGED;
                if (run->arm && budget_add(&run->budget, share, measured_sec))
                        return AFTER_BUDGET;
        }
        return ++run->block < schedule->n_blocks ? AFTER_NEXT : AFTER_JUDGED;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        TrialRun *run = userdata;

        if (!run->measuring) {
                begin_measuring(run);
                return 0;
        }
        switch (end_block(run)) {
        case AFTER_NEXT:
                if (!begin_block(run))
                        end(run, TRIAL_END_FAILED);
                return 0;
        case AFTER_BUDGET:
                trial_end(&run->trial);
                end(run, run->trial.effect == TRIAL_WORSE ? TRIAL_END_JUDGED : TRIAL_END_BUDGET);
                return 0;
        case AFTER_JUDGED:
                trial_end(&run->trial);
                end(run, TRIAL_END_JUDGED);
                return 0;
        }
        return 0;
}

typedef struct Shares {
        Metric metric;
        Sample last;
        double shares[BLOCKS_MAX];
        size_t n;
} Shares;

static int add_share(const Sample *sample, void *userdata) {
        Shares *shares = userdata;
        Metric metric = shares->metric;

        if (shares->last.at_usec > 0 && sample->valid[metric] && shares->last.valid[metric] &&
            sample->stall_usec[metric] >= shares->last.stall_usec[metric] && shares->n < BLOCKS_MAX)
                shares->shares[shares->n++] = MIN_OF(
                        1.0,
                        (double) (sample->stall_usec[metric] - shares->last.stall_usec[metric]) /
                                (double) (sample->at_usec - shares->last.at_usec));
        shares->last = *sample;
        return 0;
}

/* The budget of blocks with the new setting, by what was usual before. */
static void arm_budget(TrialRun *run) {
        Shares shares = {.metric = run->schedule->metric};
        double block_sec = (double) baseline_interval(run->baseline) / USEC_PER_SEC;

        (void) baseline_visit_before(
                run->baseline, run->start_usec, USEC_PER_HOUR, add_share, &shares);
        budget_arm(&run->budget, shares.shares, shares.n, block_sec, run->trial.margin);
        /* A setting that is plainly worse must be able to show it: so many blocks it has to have.
         */
        double measured_sec =
                (double) (run->schedule->block_usec - run->schedule->washout_usec) / USEC_PER_SEC;
        run->budget.limit =
                MAX_OF(run->budget.limit, BUDGET_SHARE * measured_sec * TRIAL_BLOCKS_MIN / 2);
}

int trial_run_new(sd_event *event,
                  Baseline *baseline,
                  const TrialSchedule *schedule,
                  const TrialRunCallbacks *callbacks,
                  TrialRun **ret) {
        _cleanup_(trial_run_freep) TrialRun *run = calloc(1, sizeof(*run));

        if (!run)
                return -ENOMEM;
        run->baseline = baseline;
        run->schedule = schedule;
        run->callbacks = *callbacks;
        run->start_usec = boottime_now();
        trial_init(&run->trial, 0, 0);
        arm_budget(run);
        int r = sd_event_add_time(event,
                                  &run->timer,
                                  CLOCK_BOOTTIME,
                                  run->start_usec,
                                  schedule->block_usec / ACCURACY_PART,
                                  on_timer,
                                  run);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(run->timer, "trial");
        (void) sd_event_source_set_priority(run->timer, PRIORITY_WATCH);
        if (!begin_block(run))
                return -EIO;
        *ret = TAKE_PTR(run);
        return 0;
}

TrialRun *trial_run_free(TrialRun *run) {
        if (!run)
                return NULL;
        (void) sd_event_source_disable_unref(run->timer);
        free(run);
        return NULL;
}

const Trial *trial_run_trial(const TrialRun *run) {
        return &run->trial;
}

bool trial_run_arm(const TrialRun *run) {
        return run->arm;
}

size_t trial_run_block(const TrialRun *run) {
        return run->block;
}

int trial_run_report(const TrialRun *run, Report *report) {
        for (size_t i = 0; i < run->trial.n; i++) {
                ReportBlock block = {
                        .at_sec = run->at_sec[i],
                        .length_sec = (double) run->schedule->block_usec / USEC_PER_SEC,
                        .arm = run->trial.arms[i],
                };
                for (int metric = 0; metric < _METRIC_MAX; metric++)
                        block.shares[metric] = -1;
                block.shares[run->schedule->metric] = run->trial.shares[i];
                if (report_add_block(report, &block) < 0)
                        return -ENOMEM;
        }
        return 0;
}
