/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <time.h>

#include "cli/machine.h"
#include "cli/memctl.h"
#include "cli/output.h"
#include "core/base/quantity.h"
#include "core/machine/trace.h"

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

        format_duration(arg_interval, interval);
        (void) fprintf(out,
                       "# pressure of %s on Linux %s, a reading each %s\n",
                       arg_pressure_of ? arg_pressure_of : "system",
                       machine->facts.release,
                       interval);
        trace_write_header(out);
}

/* Until the time is up or somebody says stop. -errno of the first reading or of writing. */
static int record(const Machine *machine, const char *cgroup, FILE *out, size_t *ret_n) {
        usec_t start = now_usec(), end = arg_duration ? start + arg_duration : USEC_INFINITY;
        Sample sample;
        usec_t first = 0;
        int r = 0;

        for (usec_t at = start; !stopped && at <= end; at += arg_interval) {
                sleep_until(at);
                if (stopped)
                        break;
                r = sample_read(machine->root, cgroup, now_usec(), &sample);
                if (r < 0 && first == 0)
                        return r;
                if (r < 0) /* a service that is being restarted: a gap */
                        continue;
                if (first == 0)
                        first = sample.at_usec;
                trace_write_row(out, &sample, first);
                if (fflush(out) != 0)
                        return -errno;
                (*ret_n)++;
        }
        return 0;
}

static void catch_signals(void) {
        /* Without SA_RESTART, so that the sleep ends. */
        const struct sigaction action = {.sa_handler = on_stop};

        (void) sigaction(SIGINT, &action, NULL);
        (void) sigaction(SIGTERM, &action, NULL);
}

ExitCode verb_record(size_t n, char **arguments) {
        _cleanup_(machine_done) Machine machine = {0};
        _cleanup_(freep) char *cgroup = NULL;
        size_t n_rows = 0;
        FILE *out = NULL;

        if (machine_open(&machine) < 0)
                return EXIT_CODE_FAILED;
        int r = sample_find_cgroup(machine.root, arg_pressure_of, &cgroup);
        if (r < 0)
                return print_errno(r, arg_pressure_of);
        r = output_open(arguments[0], !arg_force, &out);
        if (r == -EEXIST) {
                print_error("%s exists; --force overwrites it", arguments[0]);
                return EXIT_CODE_FAILED;
        }
        if (r < 0)
                return print_errno(r, arguments[0]);
        catch_signals();
        write_head(out, &machine);
        r = record(&machine, cgroup, out, &n_rows);
        int closed = output_close(out);
        if (r >= 0 && closed < 0)
                return print_errno(closed, arguments[0]);
        if (r < 0) {
                /* Only what this made: with --force it may be a device. */
                if (n_rows == 0 && !arg_force && !streq(arguments[0], "-"))
                        (void) unlink(arguments[0]);
                print_error("the pressure of %s cannot be recorded: %s",
                            arg_pressure_of ? arg_pressure_of : "the system",
                            strerror(-r));
                return EXIT_CODE_FAILED;
        }
        print_note("%zu readings recorded; judge them with: memctl replay %s --change-at TIME",
                   n_rows,
                   arguments[0]);
        return EXIT_CODE_DONE;
}
