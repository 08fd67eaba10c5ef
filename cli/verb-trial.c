/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/follow.h"
#include "cli/memctl.h"
#include "cli/outcome.h"
#include "cli/print.h"
#include "core/machine/sample.h"

static ExitCode stop(void) {
        _cleanup_(client_closep) Client *client = NULL;
        _cleanup_(event_tail_done) EventTail tail = {0};

        ExitCode code = client_open(&client);
        if (code == EXIT_CODE_DONE)
                code = outcome_listen(client, &tail);
        if (code == EXIT_CODE_DONE)
                code = client_stop_trial(client, 0);
        return code == EXIT_CODE_DONE ? outcome_print(client, &tail, "stopped") : code;
}

static ExitCode print_result(Follow *follow, ExitCode code) {
        json_object *object = json_object_new_object();

        json_add_number(object, "transaction", follow->id);
        json_add_text(object, "profile", follow->profile);
        json_add_text(object, "message", follow->message);
        json_add(object, "events", TAKE_PTR(follow->events));
        ExitCode printed = print_json(object);
        return printed == EXIT_CODE_DONE ? code : printed;
}

static ExitCode start(const char *name, const char *against) {
        _cleanup_(follow_done) Follow follow = {0};
        const char *metric = metric_to_string((Metric) arg_metric);
        Client *client = NULL;
        uint64_t id = 0;

        ExitCode code = client_open(&client);
        if (code == EXIT_CODE_DONE)
                code = follow_init(&follow, client, name);
        follow.is_trial = true;
        if (code == EXIT_CODE_DONE)
                code = client_start_trial(client,
                                          name,
                                          against,
                                          metric ? metric : "",
                                          arg_duration,
                                          arg_block,
                                          arg_washout == USEC_INFINITY ? 0 : arg_washout,
                                          &id);
        if (code == EXIT_CODE_DONE)
                code = follow_begin(&follow, id);
        if (code != EXIT_CODE_DONE)
                return code;
        if (arg_wait)
                code = follow_run(&follow);
        return print_is_json() ? print_result(&follow, code) : code;
}

ExitCode verb_trial(size_t n, char **arguments) {
        if (arg_stop) {
                if (n == 0)
                        return stop();
                print_error("--stop ends the trial that runs, and takes no profile");
                return EXIT_CODE_USAGE;
        }
        if (n == 0) {
                print_error("which profile? memctl trial PROFILE [AGAINST]");
                return EXIT_CODE_USAGE;
        }
        return start(arguments[0], n > 1 ? arguments[1] : "");
}
