/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the machine's pressure was before: one sample each 10 s in a ring of the last hour, taken
 * always, since a change comes unannounced. Taking one allocates nothing.
 */

#include <systemd/sd-event.h>

#include "core/machine/sample.h"

#define BASELINE_SAMPLES 361 /* an hour of 10 s and both its ends */
/* How far one sample may be moved so that it shares its wakeup with another timer. */
#define BASELINE_ACCURACY_USEC USEC_PER_SEC

typedef struct Baseline Baseline;
typedef void (*BaselineCallback)(void *userdata);

/* Samples from now on, every interval_usec. root and event are borrowed. No PSI is no error: the
 * ring stays empty. */
int baseline_new(const Root *root, sd_event *event, usec_t interval_usec, Baseline **ret);
Baseline *baseline_free(Baseline *baseline);
DEFINE_CLEANUP(Baseline *, baseline_free)

int baseline_set_interval(Baseline *baseline, usec_t interval_usec);
/* Called after each sample; NULL: no more. */
void baseline_set_callback(Baseline *baseline, BaselineCallback callback, void *userdata);

/*
 * Whose pressure from now on (as in sample_read; the text is copied); the ring begins anew when it
 * is another than before. -ENOMEM.
 */
int baseline_set_cgroup(Baseline *baseline, const char *cgroup);

/* A sample now, for evidence, or the latest one when that is younger than a second: reading more
 * often would change what is measured. The ring is not changed. -ENODATA without PSI. */
int baseline_sample(Baseline *baseline, Sample *ret);
/* The same without the second's patience, for the rare moment of a decision. */
int baseline_sample_now(Baseline *baseline, Sample *ret);
/* The youngest sample of the ring that is at least age_usec older than before; NULL: none. */
const Sample *baseline_find(const Baseline *baseline, const Sample *before, usec_t age_usec);
/* The oldest sample of the ring not more than age_usec older than before; NULL: none. */
const Sample *baseline_oldest(const Baseline *baseline, const Sample *before, usec_t age_usec);
