/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/baseline.h"

#include <time.h>

struct Baseline {
        const Root *root;
        char *cgroup; /* NULL: the whole system */
        sd_event_source *timer;
        usec_t interval_usec;
        BaselineCallback callback;
        void *userdata;
        Sample ring[BASELINE_SAMPLES];
        size_t next;
        size_t n;
        Sample latest; /* in the ring or not; at_usec 0: none */
};

static usec_t boottime_now(void) {
        struct timespec now;

        (void) clock_gettime(CLOCK_BOOTTIME, &now);
        return (usec_t) now.tv_sec * USEC_PER_SEC + (usec_t) now.tv_nsec / 1000;
}

/* i 0 is the newest. */
static const Sample *ring_at(const Baseline *baseline, size_t i) {
        return &baseline->ring[(baseline->next + BASELINE_SAMPLES - 1 - i) % BASELINE_SAMPLES];
}

static void take_sample(Baseline *baseline) {
        if (sample_read(baseline->root, baseline->cgroup, boottime_now(), &baseline->latest) < 0) {
                baseline->latest = (Sample){0};
                return;
        }
        baseline->ring[baseline->next] = baseline->latest;
        baseline->next = (baseline->next + 1) % BASELINE_SAMPLES;
        baseline->n = MIN_OF(baseline->n + 1, (size_t) BASELINE_SAMPLES);
}

static int on_sample(sd_event_source *source, uint64_t usec, void *userdata) {
        Baseline *baseline = userdata;

        take_sample(baseline);
        if (baseline->callback)
                baseline->callback(baseline->userdata);
        (void) sd_event_source_set_time_relative(source, baseline->interval_usec);
        (void) sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
        return 0;
}

int baseline_new(const Root *root, sd_event *event, usec_t interval_usec, Baseline **ret) {
        _cleanup_(baseline_freep) Baseline *baseline = calloc(1, sizeof(*baseline));

        if (!baseline)
                return -ENOMEM;
        baseline->root = root;
        baseline->interval_usec = interval_usec;
        take_sample(baseline);
        int r = sd_event_add_time_relative(event,
                                           &baseline->timer,
                                           CLOCK_MONOTONIC,
                                           interval_usec,
                                           BASELINE_ACCURACY_USEC,
                                           on_sample,
                                           baseline);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(baseline->timer, "baseline");
        *ret = TAKE_PTR(baseline);
        return 0;
}

Baseline *baseline_free(Baseline *baseline) {
        if (!baseline)
                return NULL;
        (void) sd_event_source_disable_unref(baseline->timer);
        free(baseline->cgroup);
        free(baseline);
        return NULL;
}

int baseline_set_interval(Baseline *baseline, usec_t interval_usec) {
        baseline->interval_usec = interval_usec;
        return sd_event_source_set_time_relative(baseline->timer, interval_usec);
}

void baseline_set_callback(Baseline *baseline, BaselineCallback callback, void *userdata) {
        baseline->callback = callback;
        baseline->userdata = userdata;
}

int baseline_set_cgroup(Baseline *baseline, const char *cgroup) {
        char *copy = NULL;

        if (streq(cgroup ? cgroup : "", baseline->cgroup ? baseline->cgroup : ""))
                return 0;
        if (cgroup && !(copy = strdup(cgroup)))
                return -ENOMEM;
        free(baseline->cgroup);
        baseline->cgroup = copy;
        baseline->n = 0;
        baseline->latest = (Sample){0};
        take_sample(baseline);
        return 0;
}

int baseline_sample_now(Baseline *baseline, Sample *ret) {
        usec_t now = boottime_now();

        if (sample_read(baseline->root, baseline->cgroup, now, &baseline->latest) < 0) {
                baseline->latest = (Sample){0};
                return -ENODATA;
        }
        *ret = baseline->latest;
        return 0;
}

int baseline_sample(Baseline *baseline, Sample *ret) {
        if (boottime_now() - baseline->latest.at_usec >= USEC_PER_SEC)
                return baseline_sample_now(baseline, ret);
        *ret = baseline->latest;
        return 0;
}

const Sample *baseline_find(const Baseline *baseline, const Sample *before, usec_t age_usec) {
        for (size_t i = 0; i < baseline->n; i++)
                if (ring_at(baseline, i)->at_usec + age_usec <= before->at_usec)
                        return ring_at(baseline, i);
        return NULL;
}

const Sample *baseline_oldest(const Baseline *baseline, const Sample *before, usec_t age_usec) {
        const Sample *oldest = NULL;

        for (size_t i = 0; i < baseline->n; i++)
                if (ring_at(baseline, i)->at_usec < before->at_usec &&
                    ring_at(baseline, i)->at_usec + age_usec >= before->at_usec)
                        oldest = ring_at(baseline, i);
        return oldest;
}
