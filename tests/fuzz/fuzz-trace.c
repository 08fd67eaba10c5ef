/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any text as a pressure trace: what is taken has rising times, reads back as it was written, and
 * is judged without end or harm, as a probation and as a trial. */

#include <sys/mman.h>

#include "core/replay-trial.h"
#include "core/replay.h"

#define ROWS_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Rows {
        TraceRow rows[ROWS_MAX];
        size_t n;
} Rows;

static Rows first, second;

static void check(bool holds) {
        if (!holds)
                abort();
}

static int take_row(const TraceRow *row, void *userdata) {
        Rows *rows = userdata;

        if (rows->n == ROWS_MAX)
                return 1;
        check(rows->n == 0 || row->sample.at_usec > rows->rows[rows->n - 1].sample.at_usec);
        check(row->arm >= -1 && row->arm <= 1);
        rows->rows[rows->n++] = *row;
        return 0;
}

/* False when it is no trace. */
static bool read_rows(const void *data, size_t size, Rows *rows) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        _cleanup_(closep) int fd = memfd_create("trace", MFD_CLOEXEC);

        check(fd >= 0 && write(fd, data, size) == (ssize_t) size && lseek(fd, 0, SEEK_SET) == 0);
        rows->n = 0;
        int r = trace_read(fd, "fuzz", &problems, take_row, rows);
        check((r < 0) == (problems.n_errors > 0));
        return r >= 0;
}

static void check_written(void) {
        _cleanup_(freep) char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        check(out);
        trace_write_header(out);
        for (size_t i = 0; i < first.n; i++)
                trace_write_row(out, &first.rows[i].sample, TRACE_EPOCH);
        check(fclose(out) == 0 && read_rows(text, size, &second) && second.n == first.n);
        for (size_t i = 0; i < first.n; i++)
                check(memcmp(&first.rows[i].sample, &second.rows[i].sample, sizeof(Sample)) == 0);
}

static void judge(void) {
        const Watch watch = {
                .limits = {{.metric = METRIC_MEMORY_SOME,
                            .share_permyriad = 5000,
                            .window_usec = 2 * USEC_PER_SEC}},
                .n_limits = 1,
                .regressions = {{METRIC_MEMORY_SOME, 0}, {METRIC_IO_FULL, 100}},
                .n_regressions = 2,
        };
        const ReplayOptions options = {
                .watch = &watch,
                .change_usec = first.rows[first.n / 2].sample.at_usec - TRACE_EPOCH,
                .baseline_usec = USEC_PER_HOUR,
        };
        _cleanup_(replay_freep) Replay *replay = NULL;
        _cleanup_(report_freep) Report *report = NULL;
        int r = 0;

        check(replay_new(&options, &replay) >= 0);
        for (size_t i = 0; r == 0 && i < first.n; i++)
                r = replay_add(&first.rows[i], replay);
        r = replay_end(replay, &report);
        check(r == -ENODATA || (r >= 0 && report->verdict != REPORT_VERDICT_NONE));
}

static void judge_trial(void) {
        _cleanup_(replay_trial_freep) ReplayTrial *replay = NULL;
        _cleanup_(report_freep) Report *report = NULL;

        check(replay_trial_new(METRIC_IO_FULL, 0, USEC_INFINITY, &replay) >= 0);
        for (size_t i = 0; i < first.n; i++)
                check(replay_trial_add(&first.rows[i], replay) >= 0);
        int r = replay_trial_end(replay, &report);
        check(r == -ENODATA || r == -ENOMSG || r == -EDOM || r == -E2BIG || r == -EINVAL ||
              (r >= 0 && report->trial.known));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        if (!read_rows(data, size, &first) || first.n < 2)
                return 0;
        judge();
        judge_trial();
        check_written();
        return 0;
}
