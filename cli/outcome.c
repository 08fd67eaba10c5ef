/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/outcome.h"

#include "cli/print.h"

ExitCode outcome_listen(Client *client, EventTail *tail) {
        *tail = (EventTail){.n_max = SIZE_MAX};
        return client_subscribe(client, event_tail_add, tail);
}

ExitCode outcome_print(Client *client, EventTail *tail, const char *done) {
        (void) client_process(client, 0);
        if (print_is_json()) {
                json_object *object = json_object_new_object(), *array = json_object_new_array();
                for (size_t i = 0; i < tail->n; i++)
                        json_object_array_add(array, event_to_json(tail->items[i]));
                json_add_text(object, "done", done);
                json_add(object, "events", array);
                return print_json(object);
        }
        for (size_t i = 0; i < tail->n && !arg_quiet; i++)
                print_beside(0, tail->items[i]->message ? tail->items[i]->message : done);
        if (tail->n == 0 && !arg_quiet)
                (void) puts(done);
        return EXIT_CODE_DONE;
}
