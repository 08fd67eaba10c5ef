/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/events-file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "daemon/events.h"
#include "daemon/log.h"
#include "daemon/state.h"

#define FILE_NOW "events"
#define FILE_BEFORE "events.1"
#define FILE_RESERVED "events.last"
#define RESERVED_SIZE 21 /* 20 digits and a newline */

/* Only a file that someone else has written to can be as large as this. */
#define READ_MAX (2 * EVENTS_FILE_MAX)

/* In place and of constant length: needs no new block on the disk. */
static int reserve(const EventsFile *file, uint64_t seq) {
        char text[RESERVED_SIZE + 1];
        _cleanup_(closep) int fd = openat(
                file->state_fd, FILE_RESERVED, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

        if (fd < 0)
                return -errno;
        (void) snprintf(text, sizeof(text), "%020llu\n", (unsigned long long) seq);
        return pwrite(fd, text, RESERVED_SIZE, 0) == RESERVED_SIZE ? 0 : -EIO;
}

uint64_t events_file_reserved(const EventsFile *file) {
        char text[RESERVED_SIZE + 1] = "";
        uint64_t seq = 0;

        if (file->state_fd < 0)
                return 0;
        _cleanup_(closep) int fd =
                openat(file->state_fd, FILE_RESERVED, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0 || read(fd, text, RESERVED_SIZE) != RESERVED_SIZE)
                return 0;
        text[RESERVED_SIZE - 1] = '\0';
        const char *digits = text + strspn(text, "0");
        return parse_uint64(digits, &seq) < 0 ? 0 : seq;
}

static void make_place(EventsFile *file, const char *name) {
        _cleanup_(freep) char *aside = NULL;
        struct stat st;

        if (fstatat(file->state_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISREG(st.st_mode))
                return;
        int r = state_set_aside(file->state_fd, name, &aside);
        if (r < 0)
                log_warning("%s in the state folder is no regular file and cannot be set aside: "
                            "%s.",
                            name,
                            strerror(-r));
        else
                file->n_aside++;
}

void events_file_init(EventsFile *file, int state_fd) {
        static const char *const names[] = {FILE_NOW, FILE_BEFORE, FILE_RESERVED};

        *file = (EventsFile){.state_fd = state_fd};
        for (size_t i = 0; state_fd >= 0 && i < ELEMENTSOF(names); i++)
                make_place(file, names[i]);
        /* While there is room. That it fails will show at the first event. */
        if (state_fd >= 0 && events_file_reserved(file) == 0)
                (void) reserve(file, 0);
}

/* "events" becomes "events.1" when the line would make it too long. */
static int rotate_for(const EventsFile *file, size_t size) {
        struct stat st;

        if (fstatat(file->state_fd, FILE_NOW, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        if ((size_t) st.st_size + size <= EVENTS_FILE_MAX)
                return 0;
        if (renameat(file->state_fd, FILE_NOW, file->state_fd, FILE_BEFORE) < 0)
                return -errno;
        return 0;
}

/* 1 when the file ends within a line: a write that was cut short. */
static int is_torn(int fd) {
        struct stat st;
        char last;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (st.st_size == 0)
                return 0;
        ssize_t n = pread(fd, &last, 1, st.st_size - 1);
        if (n < 0)
                return -errno;
        return n == 1 && last != '\n';
}

/* line begins with a newline of its own, which is only written to end a torn line, and ends with
 * one. */
static int append(const EventsFile *file, const char *line) {
        size_t size = strlen(line);
        int r = rotate_for(file, size);

        if (r < 0)
                return r;
        _cleanup_(closep) int fd =
                openat(file->state_fd,
                       FILE_NOW,
                       O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
                       0644);
        if (fd < 0)
                return -errno;
        r = is_torn(fd);
        if (r < 0)
                return r;
        if (r == 0) {
                line++;
                size--;
        }
        ssize_t n;
        do
                n = write(fd, line, size);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        return (size_t) n == size ? 0 : -ENOSPC;
}

static int append_event(const EventsFile *file, const Event *event) {
        json_object *object = event_to_json(event);

        if (!object)
                return -ENOMEM;
        _cleanup_(freep) char *text =
                state_json(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
        (void) json_object_put(object);
        _cleanup_(freep) char *line = text ? text_format("\n%s\n", text) : NULL;
        return line ? append(file, line) : -ENOMEM;
}

void events_file_append(EventsFile *file, const Event *event) {
        if (file->state_fd < 0)
                return;
        int r = append_event(file, event);
        if (r == 0 && file->failing)
                log_notice("Events are stored again; %llu could not be.",
                           (unsigned long long) file->n_lost);
        if (r < 0 && !file->failing)
                log_warning("Events cannot be stored in the state folder: %s. Until they can, they "
                            "go only to the journal and the bus.",
                            strerror(-r));
        file->failing = r < 0;
        file->n_lost = r < 0 ? file->n_lost + 1 : 0;
        if (r < 0)
                (void) reserve(file, event->seq);
}

/* Reading */

static Event *parse_line(json_tokener *tokener, const char *line) {
        Event *event = NULL;

        json_tokener_reset(tokener);
        json_object *object = json_tokener_parse_ex(tokener, line, (int) strlen(line));
        if (json_tokener_get_error(tokener) == json_tokener_success &&
            event_from_json(object, &event) < 0)
                event = NULL;
        (void) json_object_put(object);
        return event;
}

/* NULL when there is none, or it cannot be read: then *incomplete. */
static char *load(const EventsFile *file, const char *name, size_t *ret_size, bool *incomplete) {
        char *text = NULL;

        *ret_size = 0;
        _cleanup_(closep) int fd =
                openat(file->state_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        int r = fd < 0 ? -errno : read_all(fd, READ_MAX, &text, ret_size);
        if (r >= 0 || r == -ENOENT)
                return text;
        log_warning("%s in the state folder cannot be read: %s.", name, strerror(-r));
        *incomplete = true;
        return NULL;
}

typedef struct Selection {
        json_tokener *tokener;
        uint64_t since;
        uint64_t before;
        size_t max;
        char **lines; /* newest first, within the texts */
        size_t n;
        bool complete;   /* older ones are not wanted */
        bool incomplete; /* there may be more */
} Selection;

/* Not torn: that it is no event is for lack of memory. */
static bool is_whole(const char *line) {
        return text_starts_with(line, "{\"seq\":") && strstr(line, ",\"realtime-usec\":") &&
               line[strlen(line) - 1] == '}';
}

/* From the end, so that only what is wanted is parsed. Cuts the text into lines. */
static void select_lines(Selection *selection, char *text, size_t size) {
        while (size > 0 && !selection->complete) {
                if (text[size - 1] == '\n')
                        text[--size] = '\0';
                char *newline = size > 0 ? memrchr(text, '\n', size) : NULL;
                char *line = newline ? newline + 1 : text;
                size = newline ? (size_t) (newline + 1 - text) : 0;

                _cleanup_(event_freep) Event *event = parse_line(selection->tokener, line);
                if (!event && is_whole(line))
                        selection->incomplete = true;
                if (!event || event->seq >= selection->before)
                        continue;
                if (event->seq > selection->since)
                        selection->lines[selection->n++] = line;
                selection->complete =
                        event->seq <= selection->since || selection->n == selection->max;
        }
}

static int visit_lines(const Selection *selection, EventsFileVisitor visitor, void *userdata) {
        for (size_t i = selection->n; i > 0; i--) {
                Event *event = parse_line(selection->tokener, selection->lines[i - 1]);
                if (!event)
                        return -ENOMEM; /* it was one a moment ago */
                int r = visitor(event, userdata);
                if (r != 0)
                        return r;
        }
        return 0;
}

int events_file_read(const EventsFile *file,
                     uint64_t since,
                     uint64_t before,
                     size_t max,
                     EventsFileVisitor visitor,
                     void *userdata,
                     bool *ret_incomplete) {
        Selection selection = {.since = since, .before = before, .max = max};
        _cleanup_(freep) char **lines = NULL, *now = NULL, *earlier = NULL;
        size_t size;

        if (file->state_fd < 0 || max == 0)
                return 0;
        selection.lines = lines = calloc(max, sizeof(*lines));
        selection.tokener = json_tokener_new();
        if (!lines || !selection.tokener) {
                json_tokener_free(selection.tokener);
                return -ENOMEM;
        }
        now = load(file, FILE_NOW, &size, &selection.incomplete);
        select_lines(&selection, now, size);
        if (!selection.complete) {
                earlier = load(file, FILE_BEFORE, &size, &selection.incomplete);
                select_lines(&selection, earlier, size);
        }
        int r = visit_lines(&selection, visitor, userdata);
        json_tokener_free(selection.tokener);
        if (ret_incomplete)
                *ret_incomplete = selection.incomplete;
        return r;
}
