/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/oom.h"

#include "core/machine/oom-diagnose.h"
#include "core/machine/oom-event.h"
#include "core/machine/oom-line.h"
#include "core/machine/oom-tasks.h"
#include "core/machine/oom-words.h"

/* An event is over when so many lines had nothing to do with it. */
#define QUIET_MAX ((size_t) 5000)
#define QUIET_AFTER_END_MAX ((size_t) 500)
#define BUFFER_SIZE ((size_t) 256 * 1024)

struct OomParser {
        OomEventFunc func;
        void *userdata;
        OomLines lines;
        OomEvent event;
        bool open;
        OomEvent parked; /* an OOM in whose midst another processor's allocation failed */
        bool has_parked;
        size_t n_quiet;                /* lines since the last that was of the event */
        usec_t realtime_usec;          /* of the message; 0 in a log that has it in its lines */
        char release[OOM_RELEASE_MAX]; /* of the kernel that this log is of; "" when it did not say
                                        */
};

static int close_current(OomParser *parser) {
        OomEvent *event = &parser->event;
        int r = 0;

        if (!parser->open)
                return 0;
        parser->open = false;
        if (oom_event_is_one(event)) {
                oom_event_conclude(event);
                oom_diagnose(event);
                r = parser->func(event, parser->userdata);
        }
        oom_event_done(event);
        return r < 0 ? r : 0;
}

/* A line that only an OOM prints: what failed beside it is over. */
static int resume(OomParser *parser) {
        if (!parser->has_parked)
                return 0;
        int r = close_current(parser);
        parser->event = parser->parked;
        parser->open = true;
        parser->has_parked = false;
        return r;
}

static int close_event(OomParser *parser) {
        int r = close_current(parser);
        if (r >= 0)
                r = resume(parser);
        return r < 0 ? r : close_current(parser);
}

static void begin_event(OomParser *parser) {
        OomEvent *event = &parser->event;

        parser->open = true;
        if (parser->realtime_usec > 0)
                event->time.realtime_usec = parser->realtime_usec;
        else
                oom_time_read(parser->lines.prefix, &event->time);
        memcpy(event->release, parser->release, sizeof(event->release));
}

static int open_event(OomParser *parser) {
        int r = close_event(parser);
        if (r >= 0)
                begin_event(parser);
        return r;
}

/* For an allocation that failed; an OOM that has not ended goes on behind it. */
static int open_failure(OomParser *parser) {
        OomEvent *event = &parser->event;
        bool ended = event->killed || event->panicked || event->no_victim;

        if (parser->open && event->head && event->kind != OOM_KIND_ALLOCATION_FAILURE && !ended) {
                parser->parked = *event;
                parser->has_parked = true;
                oom_event_init(event);
                begin_event(parser);
                return 0;
        }
        int r = parser->has_parked ? close_current(parser) : close_event(parser);
        if (r >= 0)
                begin_event(parser);
        return r;
}

/* The event that a line of an OOM belongs to; a new one when the open one cannot have it. */
static int want_event(OomParser *parser, bool fits) {
        if (parser->open && fits && parser->event.kind != OOM_KIND_ALLOCATION_FAILURE)
                return 0;
        return open_event(parser);
}

static int take_group(OomEvent *event, const OomProcess *process) {
        if (process->pid == event->victim.pid || event->n_group_victims >= OOM_GROUP_MAX)
                return 1;
        for (size_t i = 0; i < event->n_group_victims; i++)
                if (event->group_victims[i].pid == process->pid)
                        return 1;
        int r = array_grow(&event->group_victims, event->n_group_victims, sizeof(OomProcess));
        if (r < 0)
                return r;
        event->group_victims[event->n_group_victims++] = *process;
        return 1;
}

/* "Killed process", and before 5.0 the announcement "Kill process ... or sacrifice child". */
static int take_kill(OomParser *parser, const char *text) {
        OomEvent *event = &parser->event;
        const char *done = strstr(text, "Killed process "), *plan = NULL;
        OomProcess process;

        if (!done && (plan = strstr(text, "Kill process ")) && !strstr(plan, " or sacrifice child"))
                plan = NULL;
        if (!done && !plan)
                return 0;
        bool sworn = strstr(text, "ut of memory");
        if (!oom_words_read_process(done ? done + 7 : plan + 5, &process) ||
            (!sworn && process.total_vm_kb < 0))
                return 0;
        int r = resume(parser);
        if (r < 0)
                return r;
        if (parser->open && event->killed && done &&
            (event->group || process.pid == event->victim.pid))
                return take_group(event, &process);
        r = want_event(parser, !event->killed && !event->panicked);
        if (r < 0)
                return r;
        event->old_style = event->old_style || plan;
        event->killed = event->killed || done;
        event->victim = process;
        event->is_memcg = event->is_memcg || strstr(text, "Memory cgroup out of memory");
        return 1;
}

/* How it ended when nobody was killed, and that all of a cgroup are. */
static int take_end(OomParser *parser, const char *text) {
        OomEvent *event = &parser->event;
        bool panicked = strstr(text, "Kernel panic - not syncing: Out of memory: ") ||
                        strstr(text, "Kernel panic - not syncing: System is deadlocked on memory");
        bool no_victim = text_starts_with(text, "Out of memory and no killable processes");

        if (strstr(text, "memory.oom.group set")) {
                event->group = parser->open;
                return 1;
        }
        if (!panicked && !no_victim)
                return 0;
        int r = resume(parser);
        if (r >= 0)
                r = want_event(parser, !event->killed);
        if (r < 0)
                return r;
        event->panicked = event->panicked || panicked;
        event->no_victim = event->no_victim || no_victim;
        return 1;
}

/* Sentences that belong to an OOM alone, so that they may begin an event whose head is lost. */
static int take_sentence(OomParser *parser, const char *text) {
        OomEvent *event = &parser->event;
        int r;

        if (oom_words_is_invoked(text)) {
                r = open_event(parser);
                return r < 0 ? r : oom_words_take_invoked(event, text);
        }
        if (oom_words_is_failure(text)) {
                r = open_failure(parser);
                return r < 0 ? r : oom_words_take_failure(event, text);
        }
        if (strstr(text, "oom-kill:constraint=")) {
                r = resume(parser);
                if (r >= 0)
                        r = want_event(parser, !event->told && !event->killed);
                return r < 0 ? r : oom_words_take_summary(event, text);
        }
        r = strstr(text, "Kill") ? take_kill(parser, text) : 0;
        if (r == 0 && (strstr(text, "emory")))
                r = take_end(parser, text);
        return r;
}

/* The state of a cgroup: "memory: usage 1kB, limit 2kB", "Task in /a killed as a result of..." */
static int take_memcg(OomParser *parser, const char *text) {
        OomEvent *event = &parser->event;
        bool begins =
                text_starts_with(text, "Memory cgroup stats for /") ||
                text_starts_with(text, "memory: usage ") ||
                (text_starts_with(text, "Task in ") && strstr(text, " killed as a result of"));
        int r = 0;

        if (begins) {
                r = want_event(parser, !event->killed);
                if (r >= 0)
                        r = oom_words_take_memcg(event, text);
        }
        if (r < 0 || !parser->open ||
            (!begins && !event->is_memcg && event->memory.memcg.usage_kb < 0))
                return r;
        return oom_memcg_take(&event->memory.memcg, text) || r > 0;
}

static void take_trace(OomEvent *event, const char *text) {
        static const struct {
                const char *function;
                OomTrace trace;
        } functions[] = {
                {"mem_cgroup_out_of_memory", OOM_TRACE_MEMCG},
                {"mem_cgroup_oom_synchronize", OOM_TRACE_MEMCG},
                {"check_panic_on_oom", OOM_TRACE_PANIC},
                {"shmem_", OOM_TRACE_SHMEM},
        };

        for (size_t i = 0; i < ELEMENTSOF(functions); i++)
                if (strstr(text, functions[i].function))
                        event->trace |= functions[i].trace;
}

/* Counters and tables; without an open event they begin one that has lost its head. */
static int take_table(OomParser *parser, const char *text) {
        OomEvent *event = &parser->event;
        const OomMemory *memory = &event->memory;
        bool dump = oom_memory_is_dump(text), opens = text_starts_with(text, "Mem-Info:");
        int r = 0;

        bool ended = event->killed || event->panicked || event->no_victim;
        if (opens && parser->open && event->head && memory->pages_ram >= 0 && !ended &&
            event->kind != OOM_KIND_ALLOCATION_FAILURE) {
                /* Another's state of the memory came between: the last one counts. */
                oom_memory_restart(&event->memory);
                return 1;
        }
        if (parser->open && memory->pages_ram >= 0 && (opens || (dump && event->killed)))
                r = open_event(parser);
        else if (!parser->open && (opens || dump))
                r = open_event(parser);
        if (r < 0)
                return r;
        if (!parser->open) {
                OomEvent probe;
                oom_event_init(&probe);
                bool table = oom_tasks_take_header(&probe, text);
                if (!table)
                        table = *text == '[' && oom_tasks_take_row(&probe, text) > 0;
                oom_event_done(&probe);
                r = table ? open_event(parser) : 0;
                if (!table || r < 0)
                        return r;
        }
        if (parser->has_parked && text_starts_with(text, "Tasks state") && (r = resume(parser)) < 0)
                return r;
        if (text_starts_with(text, "Tasks state (memory values") ||
            oom_tasks_take_header(event, text)) {
                event->listed = true;
                return 1;
        }
        r = oom_tasks_take_row(event, text);
        return r != 0 ? r : oom_memory_take(&event->memory, text);
}

static int on_message(char *text, size_t n, void *userdata) {
        OomParser *parser = userdata;
        OomEvent *event = &parser->event;

        (void) n;
        if (text_starts_with(text, "Linux version "))
                (void) oom_words_read_release(text + strlen("Linux version "), parser->release);
        int r = take_sentence(parser, text);
        if (r == 0)
                r = take_memcg(parser, text);
        if (r == 0)
                r = take_table(parser, text);
        if (r != 0 || !parser->open) {
                parser->n_quiet = 0;
                return r < 0 ? r : 0;
        }
        if (oom_words_take_cpu(event, text))
                return 0;
        if (strstr(text, "SLUB: Unable to allocate memory") && !event->head && !event->told)
                event->kind = OOM_KIND_ALLOCATION_FAILURE;
        if (!event->memory.opened)
                take_trace(event, text);
        parser->n_quiet++;
        bool ended = event->killed || event->panicked;
        return parser->n_quiet > (ended ? QUIET_AFTER_END_MAX : QUIET_MAX) ? close_event(parser)
                                                                           : 0;
}

int oom_parser_new(OomEventFunc func, void *userdata, OomParser **ret) {
        _cleanup_(oom_parser_freep) OomParser *parser = calloc(1, sizeof(OomParser));

        if (!parser)
                return -ENOMEM;
        parser->func = func;
        parser->userdata = userdata;
        oom_event_init(&parser->event);
        int r = oom_lines_init(&parser->lines, on_message, parser);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(parser);
        return 0;
}

OomParser *oom_parser_free(OomParser *parser) {
        if (!parser)
                return NULL;
        oom_event_done(&parser->event);
        if (parser->has_parked)
                oom_event_done(&parser->parked);
        oom_lines_done(&parser->lines);
        free(parser);
        return NULL;
}

int oom_parser_push(OomParser *parser, char *text, size_t n) {
        return oom_lines_push(&parser->lines, text, n);
}

int oom_parser_push_message(OomParser *parser, usec_t realtime_usec, char *text, size_t n) {
        while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\n'))
                n--;
        text[n] = '\0';
        parser->realtime_usec = realtime_usec;
        return n > 0 ? on_message(text, n, parser) : 0;
}

int oom_parser_finish(OomParser *parser) {
        int r = oom_lines_flush(&parser->lines);
        return r < 0 ? r : close_event(parser);
}

/* Hands over all whole lines of a buffer; what is left moves to its start. */
static int push_lines(OomParser *parser, char *buffer, size_t *n) {
        char *line = buffer, *end = buffer + *n, *newline;

        while ((newline = memchr(line, '\n', (size_t) (end - line)))) {
                int r = oom_parser_push(parser, line, (size_t) (newline - line));
                if (r < 0)
                        return r;
                line = newline + 1;
        }
        *n = (size_t) (end - line);
        memmove(buffer, line, *n);
        return 0;
}

int oom_parser_read(OomParser *parser, int fd) {
        _cleanup_(freep) char *buffer = malloc(BUFFER_SIZE + 1);
        size_t n = 0;
        int r;

        if (!buffer)
                return -ENOMEM;
        for (;;) {
                ssize_t got = read(fd, buffer + n, BUFFER_SIZE - n);
                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return -errno;
                n += (size_t) got;
                r = push_lines(parser, buffer, &n);
                /* The last line, or one that no log has. */
                if (r >= 0 && n > 0 && (got == 0 || n == BUFFER_SIZE)) {
                        r = oom_parser_push(parser, buffer, n);
                        n = 0;
                }
                if (r < 0)
                        return r;
                if (got == 0)
                        return oom_parser_finish(parser);
        }
}
