/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/diff.h"
#include "cli/follow.h"
#include "cli/memctl.h"
#include "cli/print.h"

static ExitCode check_usage(void) {
        if (arg_confirm_within > 0 && arg_probation > 0) {
                print_error("--confirm-within and --probation exclude each other: what waits for "
                            "'memctl keep' is watched until then");
                return EXIT_CODE_USAGE;
        }
        if (!arg_dry_run)
                return EXIT_CODE_DONE;
        if (arg_wait || arg_confirm_within > 0 || arg_probation > 0) {
                print_error("--dry-run changes nothing: it goes with neither --wait nor "
                            "--confirm-within nor --probation");
                return EXIT_CODE_USAGE;
        }
        return EXIT_CODE_DONE;
}

static ExitCode print_remote_plan(const char *text) {
        const KnobContext context = {0};
        _cleanup_(plan_freep) Plan *plan = NULL;
        json_object *object = json_tokener_parse(text);

        int r = object ? plan_from_json(object, &plan) : -EBADMSG;
        json_object_put(object);
        if (r < 0)
                return print_errno(r, "memctld's plan");
        return diff_print(plan, &context);
}

/* The daemon knows what leaving the profile in force would put back; without it, diff's answer. */
static ExitCode dry_run(size_t n, char **arguments) {
        _cleanup_(client_closep) Client *client = NULL;
        _cleanup_(freep) char *text = NULL;

        client_set_quiet(arg_host == NULL);
        ExitCode code = client_open(&client);
        client_set_quiet(false);
        if (code == EXIT_CODE_NO_DAEMON && !arg_host)
                return verb_diff(n, arguments);
        if (code == EXIT_CODE_DONE)
                code = client_plan(client, arguments[0], &text);
        return code == EXIT_CODE_DONE ? print_remote_plan(text) : code;
}

static ExitCode print_result_json(Follow *follow, ExitCode code) {
        json_object *object = json_object_new_object();
        const char *verdict = NULL;

        if (follow->ended)
                verdict = follow->verdict == EXIT_CODE_DONE ? "kept" : "reverted";
        json_add_number(object, "transaction", follow->id);
        json_add_text(object, "profile", follow->profile);
        json_add_text(object, "verdict", verdict);
        json_add_text(object, "message", follow->message);
        json_add(object, "events", TAKE_PTR(follow->events));
        ExitCode printed = print_json(object);
        return printed == EXIT_CODE_DONE ? code : printed;
}

ExitCode verb_apply(size_t n, char **arguments) {
        _cleanup_(follow_done) Follow follow = {0};
        Client *client = NULL;
        uint64_t id = 0;

        ExitCode code = check_usage();
        if (code != EXIT_CODE_DONE)
                return code;
        if (arg_dry_run)
                return dry_run(n, arguments);
        code = client_open(&client);
        if (code == EXIT_CODE_DONE)
                code = follow_init(&follow, client, arguments[0]);
        if (code == EXIT_CODE_DONE)
                code = client_apply(
                        follow.client, arguments[0], arg_confirm_within, arg_probation, &id);
        if (code == EXIT_CODE_DONE)
                code = follow_begin(&follow, id);
        if (code != EXIT_CODE_DONE)
                return code;
        if (arg_wait)
                code = follow_run(&follow);
        return print_is_json() ? print_result_json(&follow, code) : code;
}
