/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/follow.h"

#include <signal.h>
#include <time.h>

#include "cli/print.h"
#include "cli/status.h"
#include "core/base/quantity.h"

#define POLL_USEC (2 * USEC_PER_SEC)
#define PLAIN_LINE_USEC (30 * USEC_PER_SEC)
#define RECONNECT_USEC (10 * USEC_PER_SEC)
#define RECONNECT_STEP_USEC (250 * USEC_PER_MSEC)

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number) {
        interrupted = 1;
}

static usec_t now_usec(void) {
        struct timespec ts;

        (void) clock_gettime(CLOCK_MONOTONIC, &ts);
        return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

static void live_clear(Follow *follow) {
        if (follow->drawn)
                (void) fputs("\r\033[K", stdout);
        follow->drawn = false;
}

static void on_event(const Event *event, void *userdata) {
        Follow *follow = userdata;

        if (event->seq <= follow->last_seq || event->transaction != follow->id)
                return;
        follow->last_seq = event->seq;
        if (event->message) {
                free(follow->message);
                follow->message = strdup(event->message);
        }
        if (event->type == EVENT_KEPT || event->type == EVENT_REVERTED) {
                follow->ended = true;
                follow->verdict = event->type == EVENT_KEPT ? EXIT_CODE_DONE : EXIT_CODE_REFUSED;
        }
        const char *trial = event_field(event, "trial");
        if (event->type == EVENT_TRIAL && trial && !streq(trial, "began")) {
                follow->ended = true;
                follow->verdict = streq(trial, "ended") ? EXIT_CODE_DONE : EXIT_CODE_FAILED;
        }
        if (follow->events) {
                json_object_array_add(follow->events, event_to_json(event));
                return;
        }
        live_clear(follow);
        if (event->message && (!arg_quiet || follow->ended))
                print_beside(0, event->message);
        (void) fflush(stdout);
}

/* Until the id is known, events wait in the connection's queue: nothing processes it. */
ExitCode follow_init(Follow *follow, Client *client, const char *profile) {
        *follow = (Follow){
                .client = client,
                .profile = profile,
                .verdict = EXIT_CODE_FAILED,
                .events = print_is_json() ? json_object_new_array() : NULL,
        };
        return client_subscribe(client, on_event, follow);
}

void follow_done(Follow *follow) {
        follow->client = client_close(follow->client);
        free(follow->message);
        json_object_put(follow->events);
        *follow = (Follow){0};
}

ExitCode follow_begin(Follow *follow, uint64_t id) {
        follow->id = id;
        int r = client_process(follow->client, 0);
        if (r < 0)
                return print_errno(r, "memctld");
        if (follow->last_seq > 0)
                return EXIT_CODE_DONE;
        /* The signal may be under way still. */
        return client_list_events(follow->client, 0, on_event, follow);
}

/* "memory 0.3 % (was 0.1 %)" */
static void append_share(FILE *out, const Status *status, Metric metric) {
        char now[16], before[16];

        if (status->now.permyriad[metric] < 0)
                return;
        format_share((unsigned) status->now.permyriad[metric], now);
        (void) fprintf(out, "   %s %s", metric_resource(metric), now);
        if (status->before.permyriad[metric] < 0)
                return;
        format_share((unsigned) status->before.permyriad[metric], before);
        (void) fprintf(out, " (was %s)", before);
}

static char *progress_text(const Follow *follow, const Status *status) {
        char *text = NULL, left[64];
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        if (!out)
                return NULL;
        if (status->on_trial) {
                format_duration((status->n_blocks - status->block + 1) * status->block_usec, left);
                (void) fprintf(out,
                               "block %u of %u, %s left at most",
                               (unsigned) status->block,
                               (unsigned) status->n_blocks,
                               left);
        } else {
                format_duration(status->left_usec - status->left_usec % USEC_PER_SEC, left);
                (void) fprintf(out, "%s left", left);
        }
        append_share(out, status, METRIC_MEMORY_SOME);
        append_share(out, status, METRIC_IO_SOME);
        append_share(out, status, METRIC_CPU_SOME);
        if (fclose(out) != 0) {
                free(text);
                return NULL;
        }
        return text;
}

static void show_progress(Follow *follow, const Status *status) {
        _cleanup_(freep) char *text = progress_text(follow, status);
        usec_t now = now_usec();

        if (!text || print_is_json() || arg_quiet)
                return;
        if (print_is_live()) {
                live_clear(follow);
                (void) printf("%.*s", (int) MIN_OF(print_width() - 1, (size_t) 200), text);
                follow->drawn = true;
        } else if (now - follow->told_usec >= PLAIN_LINE_USEC) {
                follow->told_usec = now;
                (void) printf("%s: %s\n", follow->profile, text);
        }
        (void) fflush(stdout);
}

/* No longer on probation, and no event said why: it came while the connection was away. */
static ExitCode find_verdict(Follow *follow, const Status *status) {
        ExitCode code = client_list_events(follow->client, follow->last_seq, on_event, follow);

        if (code != EXIT_CODE_DONE || follow->ended)
                return code;
        follow->ended = true;
        if (status->transaction == follow->id && streq(status->state, "kept"))
                follow->verdict = EXIT_CODE_DONE;
        else
                follow->verdict = EXIT_CODE_REFUSED;
        return EXIT_CODE_DONE;
}

static ExitCode poll_status(Follow *follow) {
        _cleanup_(status_done) Status status = {0};

        ExitCode code = status_load(follow->client, &status);
        if (code != EXIT_CODE_DONE)
                return code;
        if (status.transaction == follow->id && (status.on_probation || status.on_trial)) {
                show_progress(follow, &status);
                return EXIT_CODE_DONE;
        }
        if (status.transaction == follow->id &&
            (streq(status.state, "applying") || streq(status.state, "reverting")))
                return EXIT_CODE_DONE;
        return find_verdict(follow, &status);
}

static ExitCode try_again(Follow *follow) {
        follow->client = client_close(follow->client);
        ExitCode code = client_open(&follow->client);
        if (code == EXIT_CODE_DONE)
                code = client_subscribe(follow->client, on_event, follow);
        if (code == EXIT_CODE_DONE)
                code = client_list_events(follow->client, follow->last_seq, on_event, follow);
        return code;
}

static ExitCode reconnect(Follow *follow) {
        const struct timespec step = {.tv_nsec = RECONNECT_STEP_USEC * 1000};
        usec_t until = now_usec() + RECONNECT_USEC;

        live_clear(follow);
        print_note("memctld went away; waiting for it to come back");
        while (!interrupted && now_usec() < until) {
                if (try_again(follow) == EXIT_CODE_DONE) {
                        print_note("memctld is back");
                        return EXIT_CODE_DONE;
                }
                (void) nanosleep(&step, NULL);
        }
        if (interrupted)
                return EXIT_CODE_DONE;
        print_error("memctld did not come back within 10s; what it left in force: memctl status");
        return EXIT_CODE_NO_DAEMON;
}

static ExitCode follow_loop(Follow *follow) {
        usec_t next = 0;

        while (!follow->ended && !interrupted) {
                ExitCode code = EXIT_CODE_DONE;
                usec_t now = now_usec();
                int r = client_process(follow->client, next > now ? next - now : 0);
                if (r < 0 && r != -EINTR)
                        code = EXIT_CODE_NO_DAEMON;
                else if (now_usec() >= next && !follow->ended && !interrupted) {
                        code = poll_status(follow);
                        next = now_usec() + POLL_USEC;
                }
                if (code == EXIT_CODE_NO_DAEMON)
                        code = reconnect(follow);
                if (code != EXIT_CODE_DONE)
                        return code;
        }
        return EXIT_CODE_DONE;
}

ExitCode follow_run(Follow *follow) {
        const struct sigaction interrupt = {.sa_handler = on_interrupt};
        struct sigaction before;

        (void) sigaction(SIGINT, &interrupt, &before);
        follow->told_usec = now_usec();
        client_set_quiet(true);
        ExitCode code = follow_loop(follow);
        client_set_quiet(false);
        (void) sigaction(SIGINT, &before, NULL);
        live_clear(follow);
        if (code != EXIT_CODE_DONE)
                return code;
        if (follow->ended)
                return follow->verdict;
        if (follow->is_trial)
                print_note("The trial of %s goes on without this command.\n"
                           "Look: memctl status   End it now: memctl trial --stop",
                           follow->profile);
        else
                print_note("The probation of %s goes on without this command.\n"
                           "Look: memctl status   Keep it now: memctl keep   Take it back: memctl "
                           "revert",
                           follow->profile);
        return EXIT_CODE_INTERRUPTED;
}
