/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/kill-log.h"

#include "core/base/json.h"
#include "core/kernel-log.h"
#include "core/machine/oom-json.h"

typedef struct Reading {
        KillLog log;
        const char *path; /* NULL: all of the system */
        bool inside;
        OomParser *parser;
} Reading;

void kill_log_done(KillLog *log) {
        (void) json_object_put(log->events);
        *log = (KillLog){0};
}

/* Ends there, or a component does. */
static bool is_prefix(const char *prefix, const char *path) {
        size_t n = strlen(prefix);

        return text_starts_with(path, prefix) && (path[n] == '\0' || path[n] == '/');
}

bool kill_log_is_in(const OomEvent *event, const char *path, bool inside) {
        const char *victim = event->task_memcg ? event->task_memcg : event->oom_memcg;

        if (!victim)
                return false;
        if (is_prefix(path, victim))
                return true;
        for (const char *p = victim; inside && (p = strchr(p + 1, '/'));)
                if (is_prefix(path, p))
                        return true;
        return false;
}

static int compare_tasks(const void *a, const void *b) {
        json_object *const *first = a, *const *second = b;
        uint64_t x = json_get_uint64(*first, "rss_pages") + json_get_uint64(*first, "swap_pages");
        uint64_t y = json_get_uint64(*second, "rss_pages") + json_get_uint64(*second, "swap_pages");

        return (x < y) - (x > y);
}

static void keep_largest_tasks(json_object *event) {
        json_object *tasks = NULL;

        if (!json_object_object_get_ex(event, "tasks", &tasks) ||
            !json_object_is_type(tasks, json_type_array))
                return;
        size_t n = json_object_array_length(tasks);
        json_object_array_sort(tasks, compare_tasks);
        if (n > KILL_LOG_TASKS_MAX)
                (void) json_object_array_del_idx(tasks, KILL_LOG_TASKS_MAX, n - KILL_LOG_TASKS_MAX);
}

static int on_event(const OomEvent *event, void *userdata) {
        Reading *reading = userdata;
        KillLog *log = &reading->log;

        if (!event->killed ||
            (reading->path && !kill_log_is_in(event, reading->path, reading->inside)))
                return 0;
        log->killed += 1 + event->n_group_victims;
        if (json_object_array_length(log->events) >= REPORT_OOM_EVENTS_MAX) {
                log->n_left_out++;
                return 0;
        }
        json_object *object = oom_event_to_json(event);
        if (!object)
                return -ENOMEM;
        keep_largest_tasks(object);
        if (json_object_array_add(log->events, object) < 0) {
                (void) json_object_put(object);
                return -ENOMEM;
        }
        return 0;
}

static int on_line(usec_t realtime_usec, char *line, size_t n, void *userdata) {
        Reading *reading = userdata;

        return oom_parser_push_message(reading->parser, realtime_usec, line, n);
}

/* The root of all cgroups has no such file; that of a container's namespace has. */
static bool is_inside(const Root *root) {
        return root_exists(root, "sys/fs/cgroup/cgroup.events") ||
               root_exists(root, "sys/fs/cgroup/unified/cgroup.events");
}

static void reading_done(Reading *reading) {
        oom_parser_freep(&reading->parser);
        kill_log_done(&reading->log);
}

int kill_log_read(const Root *root, const char *cgroup, usec_t since_usec, KillLog *ret) {
        KernelLogRange range = KERNEL_LOG_RANGE_INIT;
        _cleanup_(reading_done) Reading reading = {
                .log.events = json_object_new_array(),
                .path = sample_cgroup_name(cgroup),
                .inside = is_inside(root),
        };

        if (!reading.log.events)
                return -ENOMEM;
        /* The instant says which boot it is. The id need not: in a container it is another in a
         * /proc that is mounted anew, as a sandboxed service has it, than the one journald wrote.
         */
        range.all_boots = true;
        range.since_usec = since_usec;
        int r = oom_parser_new(on_event, &reading, &reading.parser);
        if (r >= 0)
                r = kernel_log_read(root, &range, on_line, &reading);
        if (r >= 0)
                r = oom_parser_finish(reading.parser);
        if (r < 0)
                return r;
        *ret = reading.log;
        reading.log = (KillLog){0};
        return 0;
}
