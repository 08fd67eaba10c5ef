/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/client.h"
#include "cli/event-print.h"
#include "cli/memctl.h"
#include "cli/print.h"

/* With --follow and without --lines, as much as tells what went on just now. */
#define LINES_BEFORE_FOLLOW 10

/* A stream is one JSON object a line. */
static void on_event(const Event *event, void *userdata) {
        uint64_t *last = userdata;

        if (event->seq <= *last)
                return;
        *last = event->seq;
        if (print_is_json())
                (void) print_json_line(event_to_json(event));
        else
                event_print(event, 0);
        (void) fflush(stdout);
}

static ExitCode follow(Client *client, EventTail *tail) {
        uint64_t last = 0;
        int r;

        /* What came between the subscription and the list is in both: seq tells. */
        for (size_t i = 0; i < tail->n; i++)
                on_event(tail->items[i], &last);
        ExitCode code = client_subscribe(client, on_event, &last);
        if (code == EXIT_CODE_DONE)
                code = client_list_events(client, last, on_event, &last);
        if (code != EXIT_CODE_DONE)
                return code;
        do
                r = client_process(client, USEC_INFINITY);
        while (r >= 0 && !ferror(stdout));
        if (r == -EINTR)
                return EXIT_CODE_DONE;
        print_error("memctld went away: %s", strerror(r < 0 ? -r : EPIPE));
        return EXIT_CODE_NO_DAEMON;
}

static ExitCode print_tail(const EventTail *tail) {
        json_object *array = print_is_json() ? json_object_new_array() : NULL;

        for (size_t i = 0; i < tail->n; i++)
                if (array)
                        json_object_array_add(array, event_to_json(tail->items[i]));
                else
                        event_print(tail->items[i], 0);
        return array ? print_json(array) : EXIT_CODE_DONE;
}

ExitCode verb_events(size_t n, char **arguments) {
        _cleanup_(client_closep) Client *client = NULL;
        _cleanup_(event_tail_done) EventTail tail = {.n_max = SIZE_MAX};

        uint64_t since = 0;
        if (arg_since && parse_uint64(arg_since, &since) < 0) {
                print_error("--since takes an event's number, not \"%s\"", arg_since);
                return EXIT_CODE_USAGE;
        }
        if (arg_lines != UINT64_MAX)
                tail.n_max = arg_lines;
        else if (arg_follow && since == 0)
                tail.n_max = LINES_BEFORE_FOLLOW;
        ExitCode code = client_open(&client);
        if (code == EXIT_CODE_DONE)
                code = client_list_events(client, since, event_tail_add, &tail);
        if (code != EXIT_CODE_DONE)
                return code;
        if (tail.failed)
                return print_errno(-ENOMEM, "events");
        return arg_follow ? follow(client, &tail) : print_tail(&tail);
}
