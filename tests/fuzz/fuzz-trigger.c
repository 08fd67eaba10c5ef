/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Any text as what a profile watches, "limits" and "pressure-of": what is taken becomes triggers
 * that the kernel takes, by the rules of its psi_trigger_create() and psi_write(), and files of
 * pressure that lie in the cgroup tree.
 */

#include "tests/fuzz/fuzz.h"

#include <limits.h>

#include "core/machine/sample.h"
#include "core/profile/profile.h"
#include "daemon/trigger.h"

#define KERNEL_BUFFER 32 /* of psi_write() */
#define KERNEL_WINDOW_MAX_USEC 10000000u

static void check_spec(const WatchLimit *limit, usec_t window_usec) {
        unsigned threshold = 0, window = 0;
        char spec[TRIGGER_SPEC_MAX], end = 0;

        trigger_spec(limit, window_usec, spec);
        check(strlen(spec) + 1 <= KERNEL_BUFFER);
        check(sscanf(spec, "some %u %u%c", &threshold, &window, &end) == 2 ||
              sscanf(spec, "full %u %u%c", &threshold, &window, &end) == 2);
        check(window == window_usec && window > 0 && window <= KERNEL_WINDOW_MAX_USEC);
        check(threshold > 0 && threshold <= window);
}

static void check_limit(const WatchLimit *limit) {
        usec_t windows[TRIGGER_WINDOWS], last = 0;

        trigger_windows(limit->window_usec, windows);
        check(windows[0] == limit->window_usec);
        for (size_t i = 0; i < TRIGGER_WINDOWS && windows[i] > 0; i++) {
                check_spec(limit, windows[i]);
                last = windows[i];
        }
        /* The kernel's bound for who has no CAP_SYS_RESOURCE. */
        check(last % (2 * USEC_PER_SEC) == 0 && last >= limit->window_usec);
}

/* "/" is only looked at. */
static void check_scope(const char *pressure_of) {
        _cleanup_(root_closep) Root *root = NULL;
        _cleanup_(freep) char *cgroup = NULL;
        char path[PATH_MAX];

        check(root_open("/", &root) >= 0);
        if (!pressure_of || sample_find_cgroup(root, pressure_of, &cgroup) < 0 || !cgroup)
                return;
        if (sample_pressure_path(cgroup, METRIC_IO_FULL, path, sizeof(path)) < 0)
                return;
        check(!strstr(path, "/../") && !strchr(path, '\n'));
        check(text_starts_with(path, "sys/fs/cgroup/") || streq(path, "proc/pressure/io"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        _cleanup_(profile_freep) Profile *profile = NULL;
        _cleanup_(freep) char *input = fuzz_text(data, size);
        _cleanup_(freep) char *text = text_format("profile: x\nsummary: X\nwatch:\n%s\n", input);

        check(text);
        if (profile_parse("x.yaml", "x", text, strlen(text), &problems, &profile) < 0)
                return 0;
        check(profile->watch.n_limits <= WATCH_LIMITS_MAX);
        for (size_t i = 0; i < profile->watch.n_limits; i++)
                check_limit(&profile->watch.limits[i]);
        check_scope(profile->watch.pressure_of);
        return 0;
}
