/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any text as a kernel log: each event is whole, has a diagnosis, and becomes JSON; a log that
 * comes in pieces gives the same events. */

#include "tests/fuzz/fuzz.h"

#include <sys/mman.h>

#include "core/base/json.h"
#include "core/machine/oom-json.h"

typedef struct Events {
        json_object *list;
} Events;

static int take_event(const OomEvent *event, void *userdata) {
        Events *events = userdata;

        check(event->kind >= 0 && event->kind < _OOM_KIND_MAX);
        check(event->kind == OOM_KIND_UNKNOWN || oom_kind_to_string(event->kind));
        check(event->constraint == OOM_CONSTRAINT_UNKNOWN || oom_constraint_to_string(event));
        check(oom_class_to_string(event->diagnosis.class));
        check(oom_confidence_to_string(event->diagnosis.confidence));
        check(event->n_tasks <= OOM_TASKS_MAX && event->n_group_victims <= OOM_GROUP_MAX);
        check(strlen(event->diagnosis.sentence) < sizeof(event->diagnosis.sentence));
        json_object *object = oom_event_to_json(event);
        check(object && json_object_to_json_string(object));
        check(json_object_array_add(events->list, object) == 0);
        return 0;
}

static OomParser *new_parser(Events *events) {
        OomParser *parser = NULL;

        events->list = json_object_new_array();
        check(events->list && oom_parser_new(take_event, events, &parser) >= 0);
        return parser;
}

static json_object *parse_file(const uint8_t *data, size_t size) {
        _cleanup_(closep) int fd = memfd_create("log", MFD_CLOEXEC);
        Events events = {0};
        _cleanup_(oom_parser_freep) OomParser *parser = new_parser(&events);

        check(fd >= 0 && write(fd, data, size) == (ssize_t) size && lseek(fd, 0, SEEK_SET) == 0);
        check(oom_parser_read(parser, fd) >= 0);
        return events.list;
}

/* Line by line, as they come from the journal. */
static json_object *parse_lines(const uint8_t *data, size_t size) {
        _cleanup_(freep) char *text = fuzz_text(data, size);
        Events events = {0};
        _cleanup_(oom_parser_freep) OomParser *parser = new_parser(&events);
        char *end = text + size;

        for (char *line = text, *next; line < end; line = next + 1) {
                next = memchr(line, '\n', (size_t) (end - line));
                next = next ? next : end;
                check(oom_parser_push(parser, line, (size_t) (next - line)) >= 0);
        }
        check(oom_parser_finish(parser) >= 0);
        return events.list;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(json_putp) json_object *file = parse_file(data, size);
        _cleanup_(json_putp) json_object *lines = parse_lines(data, size);

        check(json_object_equal(file, lines));
        return 0;
}
