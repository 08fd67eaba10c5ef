/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "cli/client.h"
#include "cli/memctl.h"
#include "cli/print.h"
#include "cli/report-html.h"
#include "cli/report-text.h"
#include "core/base/json.h"

/* More than as many blocks as a report may have can take. */
#define REPORT_BYTES_MAX ((size_t) 64 * 1024 * 1024)

static bool word_is_file(const char *word) {
        size_t n = strlen(word);

        return streq(word, "-") || strchr(word, '/') || (n > 5 && streq(word + n - 5, ".json"));
}

static ExitCode read_file(const char *path, char **ret) {
        bool input = streq(path, "-");
        _cleanup_(closep) int fd = input ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        size_t size = 0;

        if (arg_host) {
                print_error("--host asks another memctld, and a file is here: name a report's "
                            "number");
                return EXIT_CODE_USAGE;
        }
        if (!input && fd < 0)
                return print_errno(-errno, path);
        int r = read_all(input ? STDIN_FILENO : fd, REPORT_BYTES_MAX, ret, &size);
        return r < 0 ? print_errno(r, input ? "standard input" : path) : EXIT_CODE_DONE;
}

static ExitCode ask(uint64_t id, char **ret) {
        _cleanup_(client_closep) Client *client = NULL;

        ExitCode code = client_open(&client);
        return code == EXIT_CODE_DONE ? client_report(client, id, ret) : code;
}

static ExitCode load(size_t n, char **arguments, char **ret) {
        uint64_t id = 0;

        if (n > 0 && word_is_file(arguments[0]))
                return read_file(arguments[0], ret);
        ExitCode code = argument_parse_id("report", n, arguments, &id);
        return code == EXIT_CODE_DONE ? ask(id, ret) : code;
}

static const char *source_name(size_t n, char **arguments) {
        if (n == 0)
                return "memctld";
        return streq(arguments[0], "-") ? "standard input" : arguments[0];
}

static ExitCode parse(const char *name, const char *text, Report **ret) {
        enum json_tokener_error error = json_tokener_success;
        _cleanup_(json_putp) json_object *json = json_tokener_parse_verbose(text, &error);

        int r = json ? report_from_json(json, ret) : -EBADMSG;
        if (r == -EBADMSG) {
                print_error("%s: not a report%s%s",
                            name,
                            json ? "" : ": ",
                            json ? "" : json_tokener_error_desc(error));
                return EXIT_CODE_FAILED;
        }
        return r < 0 ? print_errno(r, name) : EXIT_CODE_DONE;
}

ExitCode verb_report(size_t n, char **arguments) {
        _cleanup_(report_freep) Report *report = NULL;
        _cleanup_(freep) char *text = NULL;

        if (arg_html && print_is_json()) {
                print_error("--html and --json exclude each other");
                return EXIT_CODE_USAGE;
        }
        ExitCode code = load(n, arguments, &text);
        if (code == EXIT_CODE_DONE)
                code = parse(source_name(n, arguments), text, &report);
        if (code != EXIT_CODE_DONE)
                return code;
        if (print_is_json())
                return print_json(report_to_json(report));
        if (arg_html)
                return report_html_write(report, arg_html);
        report_print(report);
        return EXIT_CODE_DONE;
}
