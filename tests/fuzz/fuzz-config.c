/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as memctld.conf: either values within their bounds, or located problems that a terminal
 * may show. */

#include "tests/fuzz/fuzz.h"

#include <syslog.h>

#include "core/protocol.h"
#include "daemon/config.h"

static void check_values(const Config *config) {
        check(config->probation_usec >= MEMCTL_TIME_MIN_USEC &&
              config->probation_usec <= MEMCTL_TIME_MAX_USEC);
        check(config->sample_usec >= USEC_PER_SEC && config->sample_usec <= USEC_PER_MINUTE);
        check(config->log_level >= LOG_ERR && config->log_level <= LOG_DEBUG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const Config untouched = {.probation_usec = 77};
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        _cleanup_(root_closep) Root *root = NULL;
        Config config = untouched;
        char path[64];

        (void) snprintf(path, sizeof(path), "/proc/self/fd/%d/conf", fuzz_folder());
        fuzz_write(fuzz_folder(), "conf", data, size);
        check(root_open("/", &root) >= 0);
        int r = config_load(root, path, &problems, &config);
        check((r < 0) == (problems.n_errors > 0));
        if (r >= 0)
                check_values(&config);
        else
                check(memcmp(&config, &untouched, sizeof(config)) == 0);
        _cleanup_(freep) char *text = problems_format(&problems);
        check(text);
        for (const char *p = text; *p; p++)
                check((unsigned char) *p >= ' ' || *p == '\n');
        return 0;
}
