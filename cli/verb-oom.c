/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <time.h>

#include "cli/memctl.h"
#include "cli/oom-print.h"
#include "cli/print.h"
#include "core/base/instant.h"
#include "core/kernel-log.h"
#include "core/machine/oom-json.h"

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

static int on_line(usec_t realtime_usec, char *line, size_t n, void *userdata) {
        return oom_parser_push_message(userdata, realtime_usec, line, n);
}

static ExitCode print_no_journal(int r) {
        const char *text = kernel_log_error_to_string(r);
        /* Another boot does not help whoever has no journal. */
        bool other = r == -ENOENT || r == -ENODATA;

        if (!text)
                return print_errno(r, "system journal");
        print_error("%s%s", text, other ? "; give the log itself: dmesg | memctl oom -" : "");
        return r == -EACCES ? EXIT_CODE_NOT_AUTHORIZED : EXIT_CODE_FAILED;
}

static ExitCode read_journal(OomParser *parser, const KernelLogRange *range) {
        _cleanup_(root_closep) Root *root = NULL;

        int r = root_open(arg_root, &root);
        if (r < 0)
                return print_errno(r, arg_root);
        r = kernel_log_read(root, range, on_line, parser);
        if (r >= 0)
                r = oom_parser_finish(parser);
        return r < 0 ? print_no_journal(r) : EXIT_CODE_DONE;
}

static ExitCode read_file(OomParser *parser, const char *name) {
        bool input = streq(name, "-");
        _cleanup_(closep) int fd = input ? -1 : open(name, O_RDONLY | O_CLOEXEC);

        if (fd < 0 && !input)
                return print_errno(-errno, name);
        int r = oom_parser_read(parser, input ? STDIN_FILENO : fd);
        return r < 0 ? print_errno(r, input ? "standard input" : name) : EXIT_CODE_DONE;
}

static ExitCode parse_when(const char *option, const char *text, usec_t now, usec_t *ret) {
        if (!text || parse_instant(text, now, ret) >= 0)
                return EXIT_CODE_DONE;
        print_error("%s takes " INSTANT_EXPECTED ", not \"%s\"", option, text);
        return EXIT_CODE_USAGE;
}

/* With a time and no boot, all that the journal has of that time. */
static ExitCode parse_range(bool journal, KernelLogRange *range) {
        struct timespec now;

        if (!journal && (arg_boot || arg_since || arg_until)) {
                print_error("--boot, --since and --until are about the system journal and go with "
                            "no FILE");
                return EXIT_CODE_USAGE;
        }
        (void) clock_gettime(CLOCK_REALTIME, &now);
        usec_t usec = (usec_t) now.tv_sec * USEC_PER_SEC + (usec_t) now.tv_nsec / 1000;
        *range = KERNEL_LOG_RANGE_INIT;
        (void) kernel_log_parse_boot(arg_boot ? arg_boot : "", range);
        range->all_boots = range->all_boots || (!arg_boot && (arg_since || arg_until));
        ExitCode code = parse_when("--since", arg_since, usec, &range->since_usec);
        if (code == EXIT_CODE_DONE)
                code = parse_when("--until", arg_until, usec, &range->until_usec);
        if (code == EXIT_CODE_DONE && range->since_usec > range->until_usec) {
                print_error("--since is later than --until");
                return EXIT_CODE_USAGE;
        }
        return code;
}

ExitCode verb_oom(size_t n, char **arguments) {
        _cleanup_(oom_parser_freep) OomParser *parser = NULL;
        Output output = {0};
        KernelLogRange range;

        ExitCode code = parse_range(n == 0, &range);
        if (code != EXIT_CODE_DONE)
                return code;
        int r = oom_parser_new(on_event, &output, &parser);
        if (r < 0)
                return print_errno(r, "oom");
        if (print_is_json())
                print_json_begin(&output.json);
        code = n == 0 ? read_journal(parser, &range) : read_file(parser, arguments[0]);
        if (print_is_json())
                print_json_end(&output.json);
        else if (code == EXIT_CODE_DONE && output.n == 0)
                print_note("no OOM kill and no failed allocation in %s",
                           n == 0 ? "that part of the kernel's log" : "this text");
        return code;
}
