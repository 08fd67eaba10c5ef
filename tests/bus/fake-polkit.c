/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Stands in for polkit on a private bus: "fake-polkit ANSWER-FILE LOG-FILE". The first word of the
 * answer file is read at each question:
 *
 *     yes no       at once
 *     challenge    no, but a person could be asked; yes when the caller allows that
 *     late         yes after a while
 *     never        no answer at all
 *     error        an error of polkit itself
 *     ACTION       yes for that action, no for the others
 *
 * Each question and each cancellation is a line in the log file.
 */

#include <stdio.h>

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "core/base/util.h"

#define LATE_USEC (300 * USEC_PER_MSEC)

static const char *arg_answers;
static const char *arg_log;

static void log_line(const char *format, ...) _printf_(1, 2);

static void log_line(const char *format, ...) {
        _cleanup_(fclosep) FILE *file = fopen(arg_log, "ae");
        va_list ap;

        if (!file)
                return;
        va_start(ap, format);
        (void) vfprintf(file, format, ap);
        va_end(ap);
}

static void read_word(char word[static 64]) {
        _cleanup_(fclosep) FILE *file = fopen(arg_answers, "re");

        word[0] = '\0';
        if (file && fscanf(file, "%63s", word) != 1)
                word[0] = '\0';
}

static int reply(sd_bus_message *call, bool authorized, bool challenge) {
        return sd_bus_reply_method_return(
                call, "(bba{ss})", (int) authorized, (int) challenge, 1, "polkit.retains", "no");
}

static int on_late(sd_event_source *source, uint64_t usec, void *userdata) {
        sd_bus_message *call = userdata;

        (void) reply(call, true, false);
        sd_bus_message_unref(call);
        return 0;
}

static int answer(sd_bus_message *call, const char *word, const char *action, bool interactive) {
        if (streq(word, "never"))
                return 1;
        if (streq(word, "late")) {
                sd_event *event = sd_bus_get_event(sd_bus_message_get_bus(call));
                int r = sd_event_add_time_relative(event,
                                                   NULL,
                                                   CLOCK_MONOTONIC,
                                                   LATE_USEC,
                                                   0,
                                                   on_late,
                                                   sd_bus_message_ref(call));
                return r < 0 ? r : 1;
        }
        if (streq(word, "error"))
                return sd_bus_reply_method_errorf(
                        call, "org.freedesktop.PolicyKit1.Error.Failed", "out of order");
        if (streq(word, "challenge"))
                return reply(call, interactive, true);
        return reply(call, streq(word, "yes") || streq(word, action), false);
}

static int method_check_authorization(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        const char *kind, *key, *name, *action, *id;
        uint32_t flags;
        char word[64];
        int r = sd_bus_message_read(call, "(sa{sv})s", &kind, 1, &key, "s", &name, &action);

        if (r >= 0)
                r = sd_bus_message_skip(call, "a{ss}");
        if (r >= 0)
                r = sd_bus_message_read(call, "us", &flags, &id);
        if (r < 0)
                return r;
        log_line("check %s %s=%s %s %u %s\n", kind, key, name, action, flags, id);
        read_word(word);
        return answer(call, word, action, flags & 1);
}

static int method_cancel(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        const char *id;
        int r = sd_bus_message_read(call, "s", &id);

        if (r < 0)
                return r;
        log_line("cancel %s\n", id);
        return sd_bus_reply_method_return(call, NULL);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("CheckAuthorization",
                      "(sa{sv})sa{ss}us",
                      "(bba{ss})",
                      method_check_authorization,
                      SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD(
                "CancelCheckAuthorization", "s", "", method_cancel, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

int main(int argc, char **argv) {
        sd_event *event = NULL;
        sd_bus *bus = NULL;

        if (argc != 3)
                return 2;
        arg_answers = argv[1];
        arg_log = argv[2];
        int r = sd_event_default(&event);
        if (r >= 0)
                r = sd_bus_open_system(&bus);
        if (r >= 0)
                r = sd_bus_add_object_vtable(bus,
                                             NULL,
                                             "/org/freedesktop/PolicyKit1/Authority",
                                             "org.freedesktop.PolicyKit1.Authority",
                                             vtable,
                                             NULL);
        if (r >= 0)
                r = sd_bus_request_name(bus, "org.freedesktop.PolicyKit1", 0);
        if (r >= 0)
                r = sd_bus_attach_event(bus, event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = sd_event_loop(event);
        sd_bus_flush_close_unref(bus);
        sd_event_unref(event);
        return r < 0;
}
