/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/baseline.h"

#include <time.h>

#include "daemon/log.h"
#include "daemon/priority.h"

struct Baseline {
        const Root *root;
        char *pressure_of; /* NULL: the whole system */
        char *cgroup;      /* its folder; NULL also while it is not there */
        sd_event_source *timer;
        usec_t interval_usec;
        BaselineCallback callback;
        void *userdata;
        void (*tick)(void *userdata);
        void *tick_userdata;
        Ring *ring;
        uint64_t setting;
        usec_t settled_usec; /* CLOCK_BOOTTIME */
        Sample latest;       /* in the ring or not; at_usec 0: none */
};

static usec_t boottime_now(void) {
        struct timespec now;

        (void) clock_gettime(CLOCK_BOOTTIME, &now);
        return (usec_t) now.tv_sec * USEC_PER_SEC + (usec_t) now.tv_nsec / 1000;
}

/* A unit's cgroup comes and goes with the unit. */
static bool find_cgroup(Baseline *baseline) {
        if (!baseline->pressure_of || baseline->cgroup)
                return true;
        return sample_find_cgroup(baseline->root, baseline->pressure_of, &baseline->cgroup) >= 0;
}

static int read_sample(Baseline *baseline) {
        baseline->latest = (Sample){0};
        if (!find_cgroup(baseline))
                return -ENODATA;
        return sample_read(baseline->root, baseline->cgroup, boottime_now(), &baseline->latest) < 0
                       ? -ENODATA
                       : 0;
}

/* A tenth of the interval, at most a second. */
static usec_t accuracy_of(usec_t interval_usec) {
        return MIN_OF(interval_usec / 10, BASELINE_ACCURACY_USEC);
}

static void take_sample(Baseline *baseline) {
        if (read_sample(baseline) >= 0)
                ring_add(baseline->ring,
                         &baseline->latest,
                         baseline->setting,
                         baseline->latest.at_usec < baseline->settled_usec);
}

static int on_sample(sd_event_source *source, uint64_t usec, void *userdata) {
        Baseline *baseline = userdata;

        /* First: the callback may end this baseline. */
        (void) sd_event_source_set_time_relative(source, baseline->interval_usec);
        (void) sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
        take_sample(baseline);
        if (baseline->tick)
                baseline->tick(baseline->tick_userdata);
        if (baseline->callback)
                baseline->callback(baseline->latest.at_usec ? &baseline->latest : NULL,
                                   baseline->userdata);
        return 0;
}

/* "samples", "samples-redis.service", "samples-a-b" for "/a/b": a name of its own each. */
static char *ring_file(const Baseline *baseline) {
        char *name = text_format(
                "samples%s%s", baseline->pressure_of ? "-" : "", baseline->pressure_of ?: "");

        for (char *p = name; p && *p; p++)
                if (*p == '/')
                        *p = '-';
        return name;
}

static int open_ring(Baseline *baseline, const BaselineOptions *options) {
        _cleanup_(freep) char *file = ring_file(baseline);
        int error;

        if (!file)
                return -ENOMEM;
        int r = ring_open(options->runtime_fd,
                          file,
                          baseline_scope(baseline),
                          options->boot_id,
                          &baseline->ring,
                          &error);
        if (r < 0)
                return r;
        if (error < 0)
                log_warning("the samples of %s will not outlive a restart: %s: %s",
                            baseline_scope(baseline),
                            file,
                            strerror(-error));
        if (ring_count(baseline->ring) > 0)
                baseline->setting = ring_at(baseline->ring, 0)->setting;
        return 0;
}

int baseline_new(const BaselineOptions *options, Baseline **ret) {
        _cleanup_(baseline_freep) Baseline *baseline = calloc(1, sizeof(*baseline));

        if (!baseline)
                return -ENOMEM;
        baseline->root = options->root;
        baseline->interval_usec = options->interval_usec;
        if (options->pressure_of && !streq(options->pressure_of, "system") &&
            !(baseline->pressure_of = strdup(options->pressure_of)))
                return -ENOMEM;
        int r = open_ring(baseline, options);
        if (r < 0)
                return r;
        take_sample(baseline);
        r = sd_event_add_time_relative(options->event,
                                       &baseline->timer,
                                       CLOCK_MONOTONIC,
                                       baseline->interval_usec,
                                       accuracy_of(baseline->interval_usec),
                                       on_sample,
                                       baseline);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(baseline->timer, "baseline");
        (void) sd_event_source_set_priority(baseline->timer, PRIORITY_WATCH);
        *ret = TAKE_PTR(baseline);
        return 0;
}

Baseline *baseline_free(Baseline *baseline) {
        if (!baseline)
                return NULL;
        (void) sd_event_source_disable_unref(baseline->timer);
        ring_closep(&baseline->ring);
        free(baseline->pressure_of);
        free(baseline->cgroup);
        free(baseline);
        return NULL;
}

const char *baseline_scope(const Baseline *baseline) {
        return baseline->pressure_of ? baseline->pressure_of : "system";
}

int baseline_set_interval(Baseline *baseline, usec_t interval_usec) {
        baseline->interval_usec = interval_usec;
        (void) sd_event_source_set_time_accuracy(baseline->timer, accuracy_of(interval_usec));
        return sd_event_source_set_time_relative(baseline->timer, interval_usec);
}

usec_t baseline_interval(const Baseline *baseline) {
        return baseline->interval_usec;
}

void baseline_set_callback(Baseline *baseline, BaselineCallback callback, void *userdata) {
        baseline->callback = callback;
        baseline->userdata = userdata;
}

void baseline_set_tick(Baseline *baseline, void (*tick)(void *userdata), void *userdata) {
        baseline->tick = tick;
        baseline->tick_userdata = userdata;
}

void baseline_mark(Baseline *baseline, uint64_t setting) {
        if (setting == baseline->setting)
                return;
        baseline->setting = setting;
        baseline->settled_usec = boottime_now() + BASELINE_SETTLING_USEC;
}

int baseline_sample_now(Baseline *baseline, Sample *ret) {
        int r = read_sample(baseline);

        if (r >= 0)
                *ret = baseline->latest;
        return r;
}

int baseline_sample(Baseline *baseline, Sample *ret) {
        if (boottime_now() - baseline->latest.at_usec >= USEC_PER_SEC)
                return baseline_sample_now(baseline, ret);
        *ret = baseline->latest;
        return 0;
}

const Sample *baseline_find(const Baseline *baseline, const Sample *before, usec_t age_usec) {
        for (size_t i = 0; i < ring_count(baseline->ring); i++) {
                const Sample *sample = &ring_at(baseline->ring, i)->sample;
                if (sample->at_usec + age_usec <= before->at_usec)
                        return sample;
        }
        return NULL;
}

/* The setting of the newest sample up to that time. */
static bool find_setting(const Baseline *baseline, usec_t at_usec, uint64_t *ret) {
        for (size_t i = 0; i < ring_count(baseline->ring); i++) {
                const RingEntry *entry = ring_at(baseline->ring, i);
                if (entry->sample.at_usec > at_usec)
                        continue;
                *ret = entry->setting;
                return true;
        }
        return false;
}

int baseline_visit_before(const Baseline *baseline,
                          usec_t at_usec,
                          usec_t age_usec,
                          BaselineVisitor visitor,
                          void *userdata) {
        uint64_t setting;
        int r = 0;

        if (!find_setting(baseline, at_usec, &setting))
                return 0;
        for (size_t i = ring_count(baseline->ring); r == 0 && i-- > 0;) {
                const RingEntry *entry = ring_at(baseline->ring, i);
                if (entry->sample.at_usec <= at_usec &&
                    entry->sample.at_usec + age_usec >= at_usec && entry->setting == setting &&
                    !entry->settling)
                        r = visitor(&entry->sample, userdata);
        }
        return r;
}

int baseline_visit_since(const Baseline *baseline,
                         usec_t at_usec,
                         BaselineVisitor visitor,
                         void *userdata) {
        int r = 0;

        for (size_t i = ring_count(baseline->ring); r == 0 && i-- > 0;) {
                const Sample *sample = &ring_at(baseline->ring, i)->sample;
                if (sample->at_usec > at_usec)
                        r = visitor(sample, userdata);
        }
        return r;
}
