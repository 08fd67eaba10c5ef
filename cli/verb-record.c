/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <time.h>

#include "cli/machine.h"
#include "cli/memctl.h"
#include "cli/output.h"
#include "core/base/quantity.h"
#include "core/machine/trace.h"

/* Reading more often changes what is read (core/machine/sample.h). */
#define INTERVAL_MIN USEC_PER_SEC

static usec_t interval_usec(void) {
        return arg_interval > 0 ? arg_interval : INTERVAL_MIN;
}

static volatile sig_atomic_t stopped;

static void on_stop(int signal) {
        stopped = 1;
}

static usec_t now_usec(void) {
        struct timespec now;

        (void) clock_gettime(CLOCK_BOOTTIME, &now);
        return (usec_t) now.tv_sec * USEC_PER_SEC + (usec_t) now.tv_nsec / 1000;
}

/* To a time, not for one: what the reading costs does not add up. */
static void sleep_until(usec_t usec) {
        const struct timespec until = {
                .tv_sec = (time_t) (usec / USEC_PER_SEC),
                .tv_nsec = (long) (usec % USEC_PER_SEC) * 1000,
        };

        while (!stopped && clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &until, NULL) == EINTR)
                ;
}

static void write_head(FILE *out, const Machine *machine) {
        char interval[64];

        format_duration(interval_usec(), interval);
        (void) fprintf(out,
                       "# pressure of %s on Linux %s, a reading each %s\n",
                       arg_pressure_of ? arg_pressure_of : "system",
                       machine->facts.release,
                       interval);
        trace_write_header(out);
}

/* On the grid that begins with the first reading. What was slept through (a suspend) is a gap: two
 * readings close together would change what is measured. */
static usec_t next_usec(usec_t start_usec) {
        return start_usec + ((now_usec() - start_usec) / interval_usec() + 1) * interval_usec();
}

/* Until the time is up or somebody says stop. -errno of writing. */
static int
record(const Machine *machine, const char *cgroup, FILE *out, Sample *sample, size_t *ret_n) {
        usec_t start = sample->at_usec, end = arg_duration ? start + arg_duration : USEC_INFINITY;
        int r = 0;

        for (;;) {
                if (r >= 0) { /* else a service that is being restarted: a gap */
                        trace_write_row(out, sample, start);
                        if (fflush(out) != 0)
                                return -errno;
                        (*ret_n)++;
                }
                usec_t at = next_usec(start);
                if (at > end)
                        return 0;
                sleep_until(at);
                if (stopped)
                        return 0;
                r = sample_read(machine->root, cgroup, now_usec(), sample);
        }
}

static void catch_signals(void) {
        /* Without SA_RESTART, so that the sleep ends. */
        const struct sigaction action = {.sa_handler = on_stop};

        (void) sigaction(SIGINT, &action, NULL);
        (void) sigaction(SIGTERM, &action, NULL);
        (void) sigaction(SIGHUP, &action, NULL);
}

/* What cannot be read makes no file. */
static ExitCode read_first(const Machine *machine, const char *cgroup, Sample *ret) {
        int r = sample_read(machine->root, cgroup, now_usec(), ret);

        if (r >= 0)
                return EXIT_CODE_DONE;
        print_error("the pressure of %s cannot be recorded: %s%s",
                    arg_pressure_of ? arg_pressure_of : "the system",
                    strerror(-r),
                    r == -ENOENT || r == -EOPNOTSUPP ? " (it needs CONFIG_PSI, and psi=1 on the "
                                                       "kernel's command line)"
                                                     : "");
        return EXIT_CODE_FAILED;
}

static ExitCode open_file(const char *path, FILE **ret) {
        int r = output_open(path, !arg_force, ret);

        if (r == -EEXIST) {
                print_error("%s exists; --force overwrites it", path);
                return EXIT_CODE_FAILED;
        }
        return r < 0 ? print_errno(r, path) : EXIT_CODE_DONE;
}

static ExitCode find_cgroup(const Machine *machine, char **ret) {
        int r = sample_find_cgroup(machine->root, arg_pressure_of, ret);

        if (r == -ENOENT) {
                print_error("there is no cgroup of \"%s\"; expected system, a unit that runs or a "
                            "cgroup's path (/a/b)",
                            arg_pressure_of);
                return EXIT_CODE_FAILED;
        }
        return r < 0 ? print_errno(r, arg_pressure_of) : EXIT_CODE_DONE;
}

ExitCode verb_record(size_t n, char **arguments) {
        _cleanup_(machine_done) Machine machine = {0};
        _cleanup_(freep) char *cgroup = NULL;
        const char *path = arguments[0];
        size_t n_rows = 0;
        FILE *out = NULL;
        Sample sample;

        if (interval_usec() < INTERVAL_MIN) {
                print_error(
                        "--interval takes at least 1s here: reading pressure more often changes "
                        "what it reads");
                return EXIT_CODE_USAGE;
        }
        if (machine_open(&machine) < 0)
                return EXIT_CODE_FAILED;
        catch_signals();
        ExitCode code = find_cgroup(&machine, &cgroup);
        if (code == EXIT_CODE_DONE)
                code = read_first(&machine, cgroup, &sample);
        if (code == EXIT_CODE_DONE)
                code = open_file(path, &out);
        if (code != EXIT_CODE_DONE)
                return code;
        write_head(out, &machine);
        int r = record(&machine, cgroup, out, &sample, &n_rows);
        int closed = output_close(out);
        if (r < 0 || closed < 0)
                return print_errno(r < 0 ? r : closed, path);
        print_note("%zu readings recorded; judge them with: memctl replay %s --change-at TIME",
                   n_rows,
                   path);
        return EXIT_CODE_DONE;
}
