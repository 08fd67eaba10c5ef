/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/memctl.h"
#include "cli/outcome.h"

ExitCode verb_release(size_t n, char **arguments) {
        _cleanup_(client_closep) Client *client = NULL;
        _cleanup_(event_tail_done) EventTail tail = {0};

        ExitCode code = client_open(&client);
        if (code == EXIT_CODE_DONE)
                code = outcome_listen(client, &tail);
        if (code == EXIT_CODE_DONE)
                code = n > 0 ? client_release(client, arguments[0]) : client_release_hold(client);
        return code == EXIT_CODE_DONE ? outcome_print(client, &tail, "released") : code;
}
