/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <math.h>

#include "cli/machine.h"
#include "cli/memctl.h"
#include "cli/report-html.h"
#include "core/base/quantity.h"
#include "core/replay-trial.h"
#include "core/replay.h"

static ExitCode read_trace(const char *name, TraceVisitor visitor, void *userdata) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        _cleanup_(closep) int fd = -1;
        bool input = streq(name, "-");

        if (!input) {
                fd = open(name, O_RDONLY | O_CLOEXEC);
                if (fd < 0)
                        return print_errno(-errno, name);
        }
        const char *file = input ? "standard input" : name;
        int r = trace_read(input ? STDIN_FILENO : fd, file, &problems, visitor, userdata);
        print_problems(&problems);
        if (r >= 0)
                return EXIT_CODE_DONE;
        return problems.n > 0 ? EXIT_CODE_FAILED : print_errno(r, file);
}

/* What is watched without a profile: no limit but a kill, and the usual regressions. */
static Watch default_watch(void) {
        return (Watch){
                .oom_kills = 1,
                .regressions = {{METRIC_MEMORY_SOME, 0},
                                {METRIC_MEMORY_FULL, 0},
                                {METRIC_IO_FULL, 0}},
                .n_regressions = 3,
        };
}

/* JSON */

static json_object *json_percent(double share) {
        char text[32];

        (void) snprintf(text, sizeof(text), "%.4g", share * 100);
        return json_object_new_double_s(share * 100, text);
}

static json_object *json_decimal(double value, const char *format) _printf_(2, 0);

static json_object *json_decimal(double value, const char *format) {
        char text[64];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void) snprintf(text, sizeof(text), format, value);
#pragma GCC diagnostic pop
        return json_object_new_double_s(value, text);
}

static json_object *json_interval(double low, double high) {
        json_object *array = json_object_new_array();

        (void) json_object_array_add(array, json_percent(low));
        (void) json_object_array_add(array, json_percent(high));
        return array;
}

static void add_mean(json_object *object, const char *key, const ReportMean *mean) {
        _cleanup_(freep) char *interval = text_format("%s_interval", key);

        json_add(object, key, mean->known ? json_percent(mean->mean) : NULL);
        json_add(object,
                 interval ? interval : "interval",
                 mean->known && mean->low >= 0 ? json_interval(mean->low, mean->high) : NULL);
}

static json_object *json_evidence(const Report *report) {
        json_object *object = json_object_new_object();

        json_add(object,
                 "e_value",
                 report->e_value > 0 ? json_decimal(report->e_value, "%.6g") : NULL);
        json_add(object,
                 "block_s",
                 report->told_sec > 0 ? json_decimal(report->told_sec, "%.0f") : NULL);
        json_add(object,
                 "seconds_lost",
                 report->lost_sec >= 0 ? json_decimal(report->lost_sec, "%.2f") : NULL);
        json_add(object,
                 "seconds_allowed",
                 report->lost_sec >= 0 ? json_decimal(report->allowed_sec, "%.2f") : NULL);
        return object;
}

static json_object *report_json(const Report *report) {
        static const ReportMetric none = {0};
        json_object *object = json_object_new_object();
        const ReportMetric *metric = &none;
        bool revert = report->verdict == REPORT_VERDICT_REVERT;

        for (size_t i = 0; i < report->n_metrics; i++)
                if (report->metrics[i].metric == report->metric)
                        metric = &report->metrics[i];
        json_add_text(object, "verdict", report_verdict_to_string(report->verdict));
        json_add(object, "at_s", revert ? json_decimal(report->verdict_sec, "%.1f") : NULL);
        json_add_text(object, "metric", metric_to_string(report->metric));
        add_mean(object, "before", &metric->before);
        add_mean(object, "after", &metric->since);
        json_add(object, "evidence", json_evidence(report));
        json_add_text(object, "reason", report_reason_to_string(report->reason));
        json_add_text(object, "sentence", report->sentence);
        json_add_text(object, "load", report->load);
        json_add_bool(object, "load_changed", report->load_changed);
        return object;
}

static json_object *trial_json(const Report *report) {
        json_object *object = json_object_new_object();
        const ReportTrial *trial = &report->trial;

        json_add_text(object, "effect", trial->effect);
        json_add(object, "points", json_percent(trial->points));
        json_add(object, "interval", json_interval(trial->low, trial->high));
        json_add(object, "p", json_decimal(trial->p, "%.6g"));
        json_add_text(object, "metric", metric_to_string(trial->metric));
        json_add(object, "old", trial->old.known ? json_percent(trial->old.mean) : NULL);
        json_add(object, "new", trial->new.known ? json_percent(trial->new.mean) : NULL);
        json_add_number(object, "blocks", trial->n_blocks);
        json_add(object, "block_s", json_decimal(trial->block_sec, "%.3f"));
        json_add(object, "washout_s", json_decimal(trial->washout_sec, "%.3f"));
        json_add_text(object, "sentence", report->sentence);
        return object;
}

/* Text */

static Style verdict_style(ReportVerdict verdict) {
        switch (verdict) {
        case REPORT_VERDICT_REVERT:
                return STYLE_BAD;
        case REPORT_VERDICT_KEEP:
                return STYLE_GOOD;
        case REPORT_VERDICT_INCONCLUSIVE:
                return STYLE_WARN;
        case REPORT_VERDICT_NONE:
        case _REPORT_VERDICT_MAX:
        case _REPORT_VERDICT_INVALID:
                break;
        }
        return STYLE_PLAIN;
}

static void print_verdict(const Report *report) {
        const char *verdict = report_verdict_to_string(report->verdict);
        const char *reason = report_reason_to_string(report->reason);
        char at[64];

        print_styled(verdict_style(report->verdict), "%s", verdict ? verdict : "?");
        if (report->verdict == REPORT_VERDICT_REVERT) {
                format_duration((usec_t) (report->verdict_sec + 0.5) * USEC_PER_SEC, at);
                (void) printf(" %s after the change (%s)", at, reason ? reason : "?");
        }
        (void) putchar('\n');
        if (report->sentence && report->sentence[0])
                print_wrapped(2, report->sentence);
        if (report->load)
                print_wrapped(2, report->load);
}

/* The page is named after the trace. */
static ExitCode write_page(Report *report, const char *file) {
        const char *slash = strrchr(file, '/');

        report->profile = strdup(slash ? slash + 1 : file);
        return report->profile ? report_html_write(report, arg_html) : print_errno(-ENOMEM, file);
}

static void print_trial_error(int r, const char *file, Metric metric) {
        if (r == -ENODATA)
                print_error("%s: no column \"arm\", which says what setting was in force", file);
        else if (r == -EDOM)
                print_error("%s: the times between switches are no multiples of one length: say "
                            "how long a block is with --block",
                            file);
        else
                print_error("%s: too few blocks of %s with a switch between them",
                            file,
                            metric_to_string(metric));
}

static ExitCode replay_trial(const char *file) {
        _cleanup_(replay_trial_freep) ReplayTrial *replay = NULL;
        _cleanup_(report_freep) Report *report = NULL;
        Metric metric = arg_metric < 0 ? METRIC_MEMORY_SOME : (Metric) arg_metric;

        int r = replay_trial_new(metric, arg_block, arg_washout, &replay);
        if (r < 0)
                return print_errno(r, file);
        ExitCode code = read_trace(file, replay_trial_add, replay);
        if (code != EXIT_CODE_DONE)
                return code;
        r = replay_trial_end(replay, &report);
        if (r == -ENODATA || r == -ENOMSG || r == -EDOM) {
                print_trial_error(r, file, metric);
                return EXIT_CODE_FAILED;
        }
        if (r < 0)
                return print_errno(r, file);
        if (arg_html)
                return write_page(report, file);
        if (print_is_json())
                return print_json(trial_json(report));
        print_wrapped(0, report->sentence);
        return EXIT_CODE_DONE;
}

/* What the verdict does not rest on. */
static void print_notes(const Replay *replay, const Report *report) {
        char text[64];

        for (int metric = 0; metric < _METRIC_MAX; metric++)
                if (replay_lacks(replay, (Metric) metric))
                        print_note("%s is not judged: the trace does not have it",
                                   metric_to_string((Metric) metric));
        format_duration(replay_block_usec(replay), text);
        if (replay_block_usec(replay) > DETECT_BLOCK_USEC)
                print_note("judged in blocks of %s, since rows are as far apart", text);
        if (arg_change_at == 0)
                print_note("no --change-at: the whole trace is judged by itself, with no time "
                           "before to compare with");
        else if (report->n_metrics > 0 && !report->metrics[0].before.known)
                print_note("too little is known of the time before the change: what followed is "
                           "judged by itself");
}

static ExitCode replay_probation(const char *file, const Watch *watch) {
        _cleanup_(replay_freep) Replay *replay = NULL;
        _cleanup_(report_freep) Report *report = NULL;
        const ReplayOptions options = {
                .watch = watch,
                .change_usec = arg_change_at,
                .baseline_usec =
                        watch->baseline_usec > 0 ? watch->baseline_usec : WATCH_BASELINE_DEFAULT,
                .probation_usec = arg_probation > 0 ? arg_probation : watch->probation_usec,
        };

        int r = replay_new(&options, &replay);
        if (r < 0)
                return print_errno(r, file);
        ExitCode code = read_trace(file, replay_add, replay);
        if (code != EXIT_CODE_DONE)
                return code;
        r = replay_end(replay, &report);
        if (r == -ENODATA) {
                print_error("%s: the trace ends before the change; see --change-at", file);
                return EXIT_CODE_FAILED;
        }
        if (r < 0)
                return print_errno(r, file);
        if (arg_html)
                return write_page(report, file);
        if (print_is_json())
                return print_json(report_json(report));
        print_notes(replay, report);
        print_verdict(report);
        return EXIT_CODE_DONE;
}

/* A profile of the store, or FILE.yaml. */
static ExitCode load_profile(const char *word, Settings **ret) {
        _cleanup_(machine_done) Machine machine = {0};
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        _cleanup_(profile_freep) Profile *profile = NULL;
        size_t n = strlen(word);

        int r = machine_open(&machine);
        if (r < 0)
                return EXIT_CODE_FAILED;
        if (!strchr(word, '/') && (n <= 5 || !streq(word + n - 5, ".yaml")))
                return machine_resolve(&machine, word, ret) < 0 ? EXIT_CODE_FAILED : EXIT_CODE_DONE;
        r = store_load_file(word, &problems, &profile);
        if (r >= 0)
                r = resolve_profile(
                        machine.root, profile, STORE_ANY, &machine.facts, &problems, ret);
        if (r >= 0)
                return EXIT_CODE_DONE;
        print_problems(&problems);
        return problems.n > 0 ? EXIT_CODE_FAILED : print_errno(r, word);
}

ExitCode verb_replay(size_t n, char **arguments) {
        _cleanup_(settings_freep) Settings *settings = NULL;

        if (arg_html && print_is_json()) {
                print_error("--html and --json exclude each other");
                return EXIT_CODE_USAGE;
        }
        if (arg_trial)
                return replay_trial(arguments[0]);
        if (!arg_profile) {
                const Watch watch = default_watch();
                return replay_probation(arguments[0], &watch);
        }
        ExitCode code = load_profile(arg_profile, &settings);
        if (code != EXIT_CODE_DONE)
                return code;
        return replay_probation(arguments[0], &settings->watch);
}
