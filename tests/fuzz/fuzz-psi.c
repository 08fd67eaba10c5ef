/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any text as a pressure file: what is taken has a line that begins so and names that total. */

#include "core/machine/sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds) {
        if (!holds)
                abort();
}

static void check_line(const char *text, const char *kind, usec_t total) {
        char number[32];

        (void) snprintf(number, sizeof(number), " total=%lu", (unsigned long) total);
        check(strstr(text, kind) && strstr(text, number));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(freep) char *text = malloc(size + 1);
        usec_t totals[2] = {7, 8};
        bool valid[2] = {true, false};

        check(text);
        memcpy(text, data, size);
        text[size] = '\0';
        int r = sample_parse_pressure(text, totals, valid);
        if (r < 0) {
                check(r == -EBADMSG && totals[0] == 7 && totals[1] == 8 && valid[0] && !valid[1]);
                return 0;
        }
        check(valid[0] || valid[1]);
        if (valid[0])
                check_line(text, "some ", totals[0]);
        if (valid[1])
                check_line(text, "full ", totals[1]);

        /* Any two counters give a share or none. */
        Sample before = {.at_usec = totals[1]}, after = {.at_usec = totals[0]};
        before.valid[METRIC_IO_SOME] = after.valid[METRIC_IO_SOME] = true;
        before.stall_usec[METRIC_IO_SOME] = totals[0] / 3;
        after.stall_usec[METRIC_IO_SOME] = totals[1];
        int share = sample_share(&before, &after, METRIC_IO_SOME);
        check(share == -ENODATA || (share >= 0 && share <= 10000));
        return 0;
}
