/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/event-print.h"

#include <time.h>

#include "cli/print.h"

static Style event_style(EventType type) {
        switch (type) {
        case EVENT_KEPT:
        case EVENT_RELEASED:
                return STYLE_GOOD;
        case EVENT_APPLIED:
        case EVENT_EXTENDED:
        case EVENT_ADOPTED:
        case EVENT_RECOVERED:
        case EVENT_LEFT_ALONE:
        case EVENT_DRIFT:
        case EVENT_REPAIRED:
        case EVENT_YIELDED:
        case EVENT_REGRESSION:
                return STYLE_WARN;
        case EVENT_REFUSED:
        case EVENT_LIMIT:
        case EVENT_OOM_KILL:
        case EVENT_REVERTED:
        case EVENT_QUARANTINED:
        case EVENT_HELD:
        case EVENT_PROBLEM:
                return STYLE_BAD;
        case EVENT_STARTED:
        case EVENT_STOPPED:
        case EVENT_RELOADED:
        case EVENT_TRIAL:
        case _EVENT_TYPE_MAX:
        case _EVENT_TYPE_INVALID:
                break;
        }
        return STYLE_PLAIN;
}

static void format_when(usec_t realtime_usec, char buffer[static 32]) {
        time_t seconds = (time_t) (realtime_usec / USEC_PER_SEC);
        struct tm local;

        if (!localtime_r(&seconds, &local) || strftime(buffer, 32, "%b %d %H:%M:%S", &local) == 0)
                (void) snprintf(buffer, 32, "-");
}

/* Returns the column after it. */
static size_t print_head(const Event *event, size_t indent) {
        const char *type = event_type_to_string(event->type);
        char when[32];

        format_when(event->realtime_usec, when);
        (void) printf("%*s", (int) indent, "");
        print_styled(STYLE_DIM, "%s", when);
        print_styled(event_style(event->type), "  %-11s ", type ? type : "?");
        return indent + strlen(when) + 14;
}

void event_print(const Event *event, size_t indent) {
        print_beside(print_head(event, indent), event->message ? event->message : "");
}

void event_print_brief(const Event *event, size_t indent) {
        const char *message = event->message ? event->message : "";
        size_t first = strcspn(message, "\n");
        size_t room = MAX_OF(print_width(), EVENT_BRIEF_MIN) - print_head(event, indent);
        bool cut = first > room || message[first];

        if (cut)
                first = MIN_OF(first, room - 3);
        _cleanup_(freep) char *line = text_format("%.*s%s", (int) first, message, cut ? "..." : "");
        print_beside(0, line ? line : "");
}

void event_tail_done(EventTail *tail) {
        for (size_t i = 0; i < tail->n; i++)
                event_free(tail->items[i]);
        free(tail->items);
        *tail = (EventTail){0};
}

/* By way of JSON, which is how it came: an event has no other copy. */
static Event *event_copy(const Event *event) {
        json_object *object = event_to_json(event);
        Event *copy = NULL;

        if (object && event_from_json(object, &copy) < 0)
                copy = NULL;
        json_object_put(object);
        return copy;
}

void event_tail_add(const Event *event, void *userdata) {
        EventTail *tail = userdata;

        if (tail->n_max == 0)
                return;
        if (tail->n == tail->n_max) {
                event_free(tail->items[0]);
                memmove(tail->items, tail->items + 1, --tail->n * sizeof(*tail->items));
        }
        if (array_grow(&tail->items, tail->n, sizeof(*tail->items)) < 0) {
                tail->failed = true;
                return;
        }
        Event *copy = event_copy(event);
        if (!copy)
                tail->failed = true;
        else
                tail->items[tail->n++] = copy;
}
