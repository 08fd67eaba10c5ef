/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "cli/memctl.h"
#include "cli/oom-json.h"
#include "cli/oom-print.h"
#include "cli/print.h"

typedef struct Output {
        JsonList json;
        size_t n;
} Output;

static int on_event(const OomEvent *event, void *userdata) {
        Output *output = userdata;

        output->n++;
        if (print_is_json())
                return print_json_item(&output->json, oom_event_to_json(event)) ? 0 : -ENOMEM;
        if (arg_list) {
                oom_print_line(event, output->n);
                return 0;
        }
        if (output->n > 1)
                (void) putchar('\n');
        oom_print_event(event, output->n);
        return 0;
}

static ExitCode read_log(int fd, const char *name, Output *output) {
        _cleanup_(oom_parser_freep) OomParser *parser = NULL;

        int r = oom_parser_new(on_event, output, &parser);
        if (r >= 0)
                r = oom_parser_read(parser, fd);
        return r < 0 ? print_errno(r, name) : EXIT_CODE_DONE;
}

ExitCode verb_oom(size_t n, char **arguments) {
        Output output = {0};
        _cleanup_(closep) int fd = -1;

        if (n == 0) {
                print_error("oom reads a log: name a FILE, or - for standard input (dmesg | memctl "
                            "oom -)");
                return EXIT_CODE_USAGE;
        }
        bool input = streq(arguments[0], "-");
        if (!input) {
                fd = open(arguments[0], O_RDONLY | O_CLOEXEC);
                if (fd < 0)
                        return print_errno(-errno, arguments[0]);
        }
        const char *name = input ? "standard input" : arguments[0];
        if (!print_is_json()) {
                ExitCode code = read_log(input ? STDIN_FILENO : fd, name, &output);
                if (code == EXIT_CODE_DONE && output.n == 0)
                        print_note("no OOM kill and no failed allocation in this text");
                return code;
        }
        print_json_begin(&output.json);
        ExitCode code = read_log(input ? STDIN_FILENO : fd, name, &output);
        print_json_end(&output.json);
        return code;
}
