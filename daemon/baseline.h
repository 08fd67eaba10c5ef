/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the pressure of one scope was before: one sample each 10 s in a ring of the last hours,
 * taken always, since a change comes unannounced. Each sample is marked with the transaction that
 * was in force, so that a change is compared with what it replaced and nothing else: the time on
 * another probation, and the first minute after any change, are no baseline. Taking one allocates
 * nothing.
 */

#include <systemd/sd-event.h>

#include "daemon/ring.h"

/* How far one sample may be moved so that it shares its wakeup with another timer, at most; less
 * where samples are close together. */
#define BASELINE_ACCURACY_USEC USEC_PER_SEC
/* After a change the caches and limits find their new level first. */
#define BASELINE_SETTLING_USEC USEC_PER_MINUTE

typedef struct Baseline Baseline;
/* After each sample; NULL: the pressure could not be read. */
typedef void (*BaselineCallback)(const Sample *sample, void *userdata);

typedef struct BaselineOptions {
        const Root *root; /* borrowed */
        sd_event *event;
        usec_t interval_usec;
        const char *pressure_of; /* as a profile names it; NULL: the whole system */
        int runtime_fd;          /* -1: nothing outlives the process */
        const char *boot_id;     /* BOOT_ID_MAX bytes */
} BaselineOptions;

/* Samples from now on. A cgroup that is not there (yet) and a kernel without PSI are no error: the
 * ring stays empty. -errno. */
int baseline_new(const BaselineOptions *options, Baseline **ret);
Baseline *baseline_free(Baseline *baseline);
DEFINE_CLEANUP(Baseline *, baseline_free)

/* "system", or what a profile names. */
const char *baseline_scope(const Baseline *baseline);
int baseline_set_interval(Baseline *baseline, usec_t interval_usec);
usec_t baseline_interval(const Baseline *baseline);
/* NULL: no more calls. */
void baseline_set_callback(Baseline *baseline, BaselineCallback callback, void *userdata);
/* After each sample, before the callback above. It must not end this baseline. */
void baseline_set_tick(Baseline *baseline, void (*tick)(void *userdata), void *userdata);
/* The transaction in force from now on; 0: none. The same as before: nothing has changed. */
void baseline_mark(Baseline *baseline, uint64_t setting);

/* A sample now, for evidence, or the latest one when that is younger than a second: reading more
 * often would change what is measured. The ring is not changed. -ENODATA without PSI. */
int baseline_sample(Baseline *baseline, Sample *ret);
/* The same without the second's patience, for the rare moment of a decision. */
int baseline_sample_now(Baseline *baseline, Sample *ret);
/* The youngest sample of the ring that is at least age_usec older than before; NULL: none. */
const Sample *baseline_find(const Baseline *baseline, const Sample *before, usec_t age_usec);

/*
 * The samples with which a change made at at_usec is compared, oldest first: not more than age_usec
 * older, settled, and of what was in force just before. The visitor's first non-zero result
 * ends it and is returned.
 */
typedef int (*BaselineVisitor)(const Sample *sample, void *userdata);
int baseline_visit_before(const Baseline *baseline,
                          usec_t at_usec,
                          usec_t age_usec,
                          BaselineVisitor visitor,
                          void *userdata);
/* All after at_usec, oldest first. */
int baseline_visit_since(const Baseline *baseline,
                         usec_t at_usec,
                         BaselineVisitor visitor,
                         void *userdata);
