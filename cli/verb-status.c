/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <time.h>

#include "cli/event-print.h"
#include "cli/memctl.h"
#include "cli/print.h"
#include "cli/status.h"
#include "core/base/quantity.h"
#include "core/protocol.h"

#define EVENTS_SHOWN 5

typedef struct Look {
        const char *state;
        Style style;
        const char *word; /* what a tired person reads first */
} Look;

static Look look_of(const char *state) {
        static const Look looks[] = {
                {"idle", STYLE_DIM, "IDLE"},
                {"applying", STYLE_WARN, "APPLYING"},
                {"probation", STYLE_WARN, "ON PROBATION"},
                {"trial", STYLE_WARN, "ON TRIAL"},
                {"kept", STYLE_GOOD, "KEPT"},
                {"reverting", STYLE_WARN, "REVERTING"},
                {"reverted", STYLE_BAD, "REVERTED"},
        };

        for (size_t i = 0; i < ELEMENTSOF(looks); i++)
                if (streq(looks[i].state, state))
                        return looks[i];
        return (Look){state, STYLE_PLAIN, state};
}

/* The last event of one of two types, or NULL. */
static const Event *last_event(const EventTail *tail, EventType type) {
        for (size_t i = tail->n; i > 0; i--)
                if (tail->items[i - 1]->type == type)
                        return tail->items[i - 1];
        return NULL;
}

static void print_headline(const Status *status, const EventTail *tail) {
        Look look = look_of(status->state);
        const Event *reverted = last_event(tail, EVENT_REVERTED);
        const char *profile = status->profile;

        if (!profile[0] && streq(status->state, "reverted") && reverted && reverted->profile)
                profile = reverted->profile;
        print_styled(look.style, "%s %s", glyph(GLYPH_DOT), look.word);
        if (profile[0])
                print_styled(STYLE_BOLD, "  %s", profile);
        if (streq(status->state, "idle"))
                (void) fputs("  no profile is in force", stdout);
        if (status->on_probation) {
                char left[64];
                format_duration(status->left_usec - status->left_usec % USEC_PER_SEC, left);
                (void) printf("  %s left", left);
        }
        if (status->on_trial)
                (void) printf("  against %s, block %u of %u",
                              status->against[0] ? status->against : "what was in force",
                              (unsigned) status->block,
                              (unsigned) status->n_blocks);
        (void) putchar('\n');
        /* What came back, or what is stuck. */
        if ((streq(status->state, "reverted") || streq(status->state, "reverting")) && reverted &&
            reverted->message) {
                (void) fputs("  ", stdout);
                print_beside(2, reverted->message);
        }
}

static bool has_items(json_object *array) {
        return array && json_object_array_length(array) > 0;
}

static const char *exception(const Status *status) {
        bool limits = has_items(status->limits);
        bool regressions =
                has_items(status->regressions) && !streq(status->on_regression, "report");

        if (limits && regressions)
                return ", unless a limit is exceeded or stalls rise";
        if (regressions)
                return ", unless stalls rise";
        return limits ? ", unless a limit is exceeded" : ": no limit is watched";
}

/* How the comparison with the time before stands. */
static void print_judgement(const Status *status) {
        if (status->baseline_blocks == 0)
                (void) puts("  There is no time before to compare with: stalls are judged by "
                            "themselves.");
        else if (status->evidence >= 2)
                (void) printf("  Evidence that stalls rose: 1:%.0f against chance; it is acted on "
                              "at 1:100.\n",
                              status->evidence);
        else
                (void) puts("  No evidence so far that stalls rose.");
}

static void print_kills(const Status *status) {
        if (status->oom_kills == 0)
                return;
        print_styled(STYLE_WARN, "  The kernel has killed");
        (void) printf(" %lu %s for want of memory since: memctl report\n",
                      (unsigned long) status->oom_kills,
                      status->oom_kills == 1 ? "process" : "processes");
}

static void print_ending(const Status *status) {
        if (status->on_trial)
                (void) puts("  What was in force before comes back at the end. End it now: memctl "
                            "trial "
                            "--stop");
        if (!status->on_probation)
                return;
        if (status->confirm) {
                print_styled(STYLE_WARN, "  Taken back when the time is up");
                (void) puts(", unless you say: memctl keep");
                return;
        }
        (void) printf("  Kept when the time is up%s.\n", exception(status));
        if (has_items(status->regressions))
                print_judgement(status);
        (void) puts("  Keep it now: memctl keep     Take it back: memctl revert");
}

static void print_share(int permyriad, Style style) {
        char text[16] = "-";

        if (permyriad >= 0)
                format_share((unsigned) permyriad, text);
        (void) printf("%s%10s%s", style_begin(style), text, style_end(style));
}

/* A rise of a percentage point is worth a look. */
static Style rise_style(int before, int now) {
        return before >= 0 && now > before + 100 ? STYLE_WARN : STYLE_PLAIN;
}

static void print_pressure(const Status *status) {
        bool any = false;

        if (!status->on_probation)
                return;
        for (Metric metric = 0; metric < _METRIC_MAX; metric++) {
                int before = status->before.permyriad[metric], now = status->now.permyriad[metric];
                if (before < 0 && now < 0)
                        continue;
                if (!any)
                        print_styled(
                                STYLE_DIM, "\n  %-14s%10s%10s\n", "Stalled", "before", "since");
                any = true;
                (void) printf("  %-14s", metric_to_string(metric));
                print_share(before, STYLE_PLAIN);
                print_share(now, rise_style(before, now));
                (void) putchar('\n');
        }
}

static void print_texts(const char *label, json_object *array) {
        for (size_t i = 0; array && i < json_object_array_length(array); i++) {
                _cleanup_(freep) char *text = text_harmless(status_item(array, i), false);
                print_styled(STYLE_DIM, "%s  %-14s", i == 0 ? "\n" : "", i == 0 ? label : "");
                (void) printf("%s\n", text ? text : "");
        }
}

static void format_since(usec_t realtime_usec, char buffer[static 48]) {
        time_t seconds = (time_t) (realtime_usec / USEC_PER_SEC);
        struct tm local;

        if (seconds == 0 || !localtime_r(&seconds, &local) ||
            strftime(buffer, 48, " since %b %d %H:%M", &local) == 0)
                buffer[0] = '\0';
}

static void print_drift(const Status *status) {
        size_t n = status->drift ? json_object_array_length(status->drift) : 0;

        if (n == 0)
                return;
        print_styled(STYLE_WARN, "\n  Changed from outside:\n");
        for (size_t i = 0; i < n; i++) {
                json_object *item = json_object_array_get_idx(status->drift, i);
                const char *writers = status_item(item, 4);
                char since[48] = "";
                format_since(json_object_get_uint64(json_object_array_get_idx(item, 3)), since);
                _cleanup_(freep) char *line = text_format("%s was set to %s, is %s%s%s%s",
                                                          status_item(item, 0),
                                                          status_item(item, 1),
                                                          status_item(item, 2),
                                                          since,
                                                          writers[0] ? "; " : "",
                                                          writers);
                _cleanup_(freep) char *harmless = line ? text_harmless(line, false) : NULL;
                (void) fputs("    ", stdout);
                print_beside(4, harmless ? harmless : "");
        }
}

/* Files of others that will write something else, at boot or when they like. */
static void print_conflicts(const Status *status) {
        if (!has_items(status->conflicts))
                return;
        print_styled(STYLE_WARN, "\n  Set otherwise by others:\n");
        for (size_t i = 0; i < json_object_array_length(status->conflicts); i++) {
                _cleanup_(freep) char *text =
                        text_harmless(status_item(status->conflicts, i), false);
                (void) fputs("    ", stdout);
                print_beside(4, text ? text : "");
        }
}

static void print_hold(const Status *status) {
        char left[64];

        if (!status->reverts)
                return;
        format_duration((status->hold_left_usec + USEC_PER_SEC - 1) / USEC_PER_SEC * USEC_PER_SEC,
                        left);
        print_styled(STYLE_BAD, "\n  Held");
        (void) printf(": nothing is applied for %s, after these reverts  (memctl release)\n", left);
        for (size_t i = 0; i < json_object_array_length(status->reverts); i++) {
                _cleanup_(freep) char *text = text_harmless(status_item(status->reverts, i), false);
                (void) fputs("    ", stdout);
                print_beside(4, text ? text : "");
        }
}

static void print_quarantined(const Status *status) {
        size_t n = status->quarantined ? json_object_array_length(status->quarantined) : 0;

        if (n == 0)
                return;
        print_styled(STYLE_BAD, "\n  Quarantined");
        (void) puts(": the machine went down under it");
        for (size_t i = 0; i < n; i++) {
                const char *name = status_item(status->quarantined, i);
                (void) printf("    %s  (memctl release %s)\n", name, name);
        }
}

static void print_damaged(const Status *status) {
        size_t n = status->damaged ? json_object_array_length(status->damaged) : 0;

        if (n == 0)
                return;
        print_styled(STYLE_BAD, "\n  Damaged state");
        (void) puts(": set aside in /" MEMCTL_STATE_DIR ", not used; delete it when seen");
        for (size_t i = 0; i < n; i++) {
                _cleanup_(freep) char *name = text_harmless(status_item(status->damaged, i), false);
                (void) printf("    %s\n", name ? name : "");
        }
}

static void print_events(const EventTail *tail) {
        size_t first = tail->n > EVENTS_SHOWN ? tail->n - EVENTS_SHOWN : 0;

        if (tail->n > 0)
                (void) putchar('\n');
        for (size_t i = first; i < tail->n; i++)
                event_print_brief(tail->items[i], 2);
}

static json_object *shares_json(const Shares *shares) {
        json_object *object = json_object_new_object();

        for (Metric metric = 0; metric < _METRIC_MAX; metric++)
                if (shares->permyriad[metric] >= 0)
                        json_add_number(object,
                                        metric_to_string(metric),
                                        (uint64_t) shares->permyriad[metric]);
        return object;
}

static json_object *probation_json(const Status *status) {
        json_object *object = NULL;

        if (!status->on_probation)
                return NULL;
        object = json_object_new_object();
        json_add_number(object, "left-usec", status->left_usec);
        json_add_number(object, "since-usec", status->since_usec);
        json_add_bool(object, "confirm", status->confirm);
        json_add(object,
                 "limits",
                 status->limits ? json_object_get(status->limits) : json_object_new_array());
        json_add(object,
                 "regressions",
                 status->regressions ? json_object_get(status->regressions)
                                     : json_object_new_array());
        json_add_text(object, "on-regression", status->on_regression);
        json_add_number(object, "baseline-blocks", status->baseline_blocks);
        json_add(object, "evidence", json_object_new_double(status->evidence));
        json_add(object, "pressure", shares_json(&status->now));
        json_add(object, "before", shares_json(&status->before));
        json_add_number(object, "oom-kills", status->oom_kills);
        return object;
}

static json_object *trial_json(const Status *status) {
        if (!status->on_trial)
                return NULL;
        json_object *object = json_object_new_object();
        json_add_text(object, "against", status->against[0] ? status->against : NULL);
        json_add_text(object, "metric", status->metric);
        json_add_number(object, "block", status->block);
        json_add_number(object, "blocks", status->n_blocks);
        json_add_number(object, "block-usec", status->block_usec);
        return object;
}

static json_object *drift_json(const Status *status) {
        json_object *array = json_object_new_array();

        for (size_t i = 0; status->drift && i < json_object_array_length(status->drift); i++) {
                json_object *item = json_object_array_get_idx(status->drift, i);
                json_object *object = json_object_new_object();
                json_add_text(object, "knob", status_item(item, 0));
                json_add_text(object, "set", status_item(item, 1));
                json_add_text(object, "live", status_item(item, 2));
                json_add_number(object,
                                "since-realtime-usec",
                                json_object_get_uint64(json_object_array_get_idx(item, 3)));
                json_add_text(object, "writers", status_item(item, 4));
                json_object_array_add(array, object);
        }
        return array;
}

static json_object *hold_json(const Status *status) {
        if (!status->reverts)
                return NULL;
        json_object *object = json_object_new_object();
        json_add_number(object, "left-usec", status->hold_left_usec);
        json_add(object, "reverts", json_object_get(status->reverts));
        return object;
}

static ExitCode print_status_json(const Status *status, const EventTail *tail) {
        json_object *object = json_object_new_object(), *events = json_object_new_array();

        for (size_t i = tail->n > EVENTS_SHOWN ? tail->n - EVENTS_SHOWN : 0; i < tail->n; i++)
                json_object_array_add(events, event_to_json(tail->items[i]));
        json_add_text(object, "version", status->version);
        json_add_text(object, "state", status->state);
        json_add_text(object, "profile", status->profile[0] ? status->profile : NULL);
        json_add_number(object, "transaction", status->transaction);
        json_add(object, "probation", probation_json(status));
        json_add(object, "trial", trial_json(status));
        json_add(object, "drift", drift_json(status));
        json_add(object,
                 "conflicts",
                 status->conflicts ? json_object_get(status->conflicts) : json_object_new_array());
        json_add(object, "hold", hold_json(status));
        json_add(object,
                 "quarantined",
                 status->quarantined ? json_object_get(status->quarantined)
                                     : json_object_new_array());
        json_add(object,
                 "damaged",
                 status->damaged ? json_object_get(status->damaged) : json_object_new_array());
        json_add(object, "events", events);
        return print_json(object);
}

ExitCode verb_status(size_t n, char **arguments) {
        _cleanup_(client_closep) Client *client = NULL;
        _cleanup_(status_done) Status status = {0};
        /* Enough to find why the last profile was taken back. */
        _cleanup_(event_tail_done) EventTail tail = {.n_max = 100};

        ExitCode code = client_open(&client);
        if (code == EXIT_CODE_DONE)
                code = status_load(client, &status);
        if (code == EXIT_CODE_DONE)
                code = client_list_events(client, 0, event_tail_add, &tail);
        if (code != EXIT_CODE_DONE)
                return code;
        if (print_is_json())
                return print_status_json(&status, &tail);
        print_headline(&status, &tail);
        print_ending(&status);
        print_kills(&status);
        print_pressure(&status);
        print_texts("Limits", status.limits);
        print_drift(&status);
        print_conflicts(&status);
        print_hold(&status);
        print_quarantined(&status);
        print_damaged(&status);
        if (!arg_quiet)
                print_events(&tail);
        return EXIT_CODE_DONE;
}
