/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The machine's pressure at one instant: the cumulative stall counters of PSI ("total=", in
 * microseconds) and the counters that go with a verdict as evidence. Reading allocates nothing.
 *
 * Never read more than once a second: each read closes an accounting interval of the kernel, and
 * a CPU busy for less than a jiffy in it weighs nothing (collect_percpu_times, kernel/sched/psi.c).
 */

#include "core/machine/counter.h"

typedef enum Metric {
        METRIC_MEMORY_SOME,
        METRIC_MEMORY_FULL,
        METRIC_IO_SOME,
        METRIC_IO_FULL,
        METRIC_CPU_SOME,
        METRIC_CPU_FULL, /* of a cgroup alone: for the whole system it is always 0, and not valid */
        _METRIC_MAX,
        _METRIC_INVALID = -EINVAL,
} Metric;

/* "memory.some" and so on. */
const char *metric_to_string(Metric metric);
Metric metric_from_string(const char *name);
/* "memory", "io", "cpu": the name of the pressure file; and "some" or "full". */
const char *metric_resource(Metric metric);
const char *metric_line(Metric metric);

typedef struct Sample {
        usec_t at_usec; /* CLOCK_BOOTTIME, given by the caller */
        usec_t stall_usec[_METRIC_MAX];
        bool valid[_METRIC_MAX]; /* the file and the line exist */
        uint64_t counters[_COUNTER_MAX];
} Sample;

/*
 * Whose pressure: NULL is the whole system (proc/pressure/...), otherwise a cgroup's folder
 * relative to the root ("sys/fs/cgroup/system.slice/redis.service"). -errno when not one metric
 * could be read: -ENOENT without PSI or when the cgroup is gone.
 */
int sample_read(const Root *root, const char *cgroup, usec_t at_usec, Sample *ret);

/* "some avg10=... total=N" lines into the two counters. Missing lines leave ret_valid false. */
int sample_parse_pressure(const char *text, usec_t ret_total[static 2], bool ret_valid[static 2]);

/* Share of the time between two samples that was stalled, in 1/10000, clamped to 0..10000.
 * -ENODATA when either lacks the metric, no time passed, or the counter went backwards. */
int sample_share(const Sample *before, const Sample *after, Metric metric);

/*
 * The path of a metric's pressure file, relative to the root. "system" (or NULL) and a cgroup
 * folder as above. buffer holds PATH_MAX bytes; -ENAMETOOLONG.
 */
int sample_pressure_path(const char *cgroup, Metric metric, char *buffer, size_t size);

/*
 * The folder, relative to the root, of the cgroup that a profile's pressure-of names: "system"
 * gives NULL; "/system.slice/x.service" that path under the cgroup2 mount; "x.service" is looked
 * for in system.slice. -ENOENT when there is none; -EOPNOTSUPP without cgroup2. The caller frees
 * *ret.
 */
int sample_find_cgroup(const Root *root, const char *pressure_of, char **ret);
/* Its path below the mount, as the kernel prints it: "/system.slice/a.service"; NULL for the one
 * that all others are in, and for what is none: the whole system. Borrowed. */
const char *sample_cgroup_name(const char *cgroup);
