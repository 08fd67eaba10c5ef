/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/oom-log.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "core/base/json.h"
#include "core/base/member.h"
#include "core/kernel-log.h"

/* More is not taken of the reader; a whole dump has a few ten thousand bytes. */
#define ANSWER_MAX ((size_t) 1024 * 1024)

/* Before each attempt. journald takes a kernel's line within milliseconds, but it may be starved by
 * the same want of memory. */
static const usec_t rests[] = {
        200 * USEC_PER_MSEC,
        500 * USEC_PER_MSEC,
        1 * USEC_PER_SEC,
        2 * USEC_PER_SEC,
        4 * USEC_PER_SEC,
        8 * USEC_PER_SEC,
};

struct OomLog {
        OomLogOptions options;
        char *cgroup;
        sd_event_source *timer;
        sd_event_source *readable;
        int fd; /* of the reader's answer; it ends when that is closed */
        char *answer;
        size_t n_answer;
        size_t attempt;
        json_object *events; /* the most that an attempt found */
        uint64_t found;
        uint64_t n_left_out;
        int error; /* of the last attempt */
};

/* The reader: a process of its own. Its answer is one object of JSON. */

static json_object *read_log(const OomLog *log) {
        json_object *answer = json_object_new_object();
        KillLog found = {0};

        if (!answer)
                return NULL;
        int r = log->options.read(log->options.root, log->cgroup, log->options.since_usec, &found);
        json_set(answer, "error", json_object_new_int(MIN_OF(r, 0)));
        json_set(answer, "killed", json_object_new_uint64(found.killed));
        json_set(answer, "left-out", json_object_new_uint64(found.n_left_out));
        json_set(answer, "events", found.events);
        return answer;
}

static void write_answer(int fd, json_object *answer) {
        size_t n = 0;
        const char *text = json_object_to_json_string_length(answer, JSON_C_TO_STRING_PLAIN, &n);

        while (text && n > 0) {
                ssize_t written = write(fd, text, n);
                if (written < 0 && errno == EINTR)
                        continue;
                if (written <= 0)
                        return;
                text += written;
                n -= (size_t) written;
        }
}

/* Nothing of the daemon's is held open by a reader that outlives it. */
static void close_others(int fd, int root_fd) {
        int low = MIN_OF(fd, root_fd), high = MAX_OF(fd, root_fd);

        (void) close_range(3, (unsigned) low - 1, 0);
        if (low + 1 < high)
                (void) close_range((unsigned) low + 1, (unsigned) high - 1, 0);
        (void) close_range((unsigned) high + 1, ~0U, 0);
}

static _Noreturn void be_reader(const OomLog *log, int fd) {
        sigset_t none;

        (void) sigemptyset(&none);
        (void) signal(SIGALRM, SIG_DFL);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
        (void) alarm(OOM_LOG_READING_SEC);
        close_others(fd, root_fd(log->options.root));
        write_answer(fd, read_log(log));
        _exit(EXIT_SUCCESS);
}

/* The process between ends at once, so that nobody need wait for the reader: init does. */
static int start_reader(const OomLog *log, int fd) {
        int status;
        pid_t pid = fork();

        if (pid < 0)
                return -errno;
        if (pid == 0) {
                pid = fork();
                if (pid == 0)
                        be_reader(log, fd);
                _exit(pid < 0 ? MIN_OF(errno, 255) : 0);
        }
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return 0; /* somebody else waited for it */
        return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

/* The end */

static char *explain_failure(int error) {
        const char *text = kernel_log_error_to_string(error);

        if (error == -ETIMEDOUT)
                return text_format(
                        "what the kernel said of it is not known: reading the system journal "
                        "came to no end in %d s",
                        OOM_LOG_READING_SEC);
        return text ? text_format("what the kernel said of it is not known: %s", text)
                    : text_format(
                              "what the kernel said of it is not known, the system journal cannot "
                              "be read: %s",
                              strerror(-error));
}

static char *explain(const OomLog *log) {
        if (log->error < 0)
                return explain_failure(log->error);
        if (log->found == 0)
                return text_format("the system journal has nothing of it from the kernel");
        if (log->found < log->options.killed)
                return text_format("the system journal tells of %lu of %lu",
                                   (unsigned long) log->found,
                                   (unsigned long) log->options.killed);
        if (log->found > log->options.killed)
                return text_format(
                        "the system journal tells of %lu, %lu %s counted: not all may be of "
                        "the time since the change",
                        (unsigned long) log->found,
                        (unsigned long) log->options.killed,
                        log->options.killed == 1 ? "was" : "were");
        if (log->n_left_out > 0)
                return text_format("%lu more accounts of the kernel are in the system journal",
                                   (unsigned long) log->n_left_out);
        return NULL;
}

static void stop_reading(OomLog *log) {
        log->readable = sd_event_source_disable_unref(log->readable);
        closep(&log->fd);
        log->fd = -1;
        free(log->answer);
        log->answer = NULL;
        log->n_answer = 0;
}

static void set_timer(OomLog *log, usec_t usec) {
        (void) sd_event_source_set_time_relative(log->timer, usec);
        (void) sd_event_source_set_enabled(log->timer, SD_EVENT_ONESHOT);
}

/* More attempts help where the journal lags, not where there is none. */
static void end_attempt(OomLog *log, int error) {
        stop_reading(log);
        log->error = log->found > 0 ? 0 : error;
        log->attempt++;
        bool hopeless = error == -ENOENT || error == -EACCES;
        if (log->found < log->options.killed && !hopeless && log->attempt < ELEMENTSOF(rests)) {
                set_timer(log, rests[log->attempt]);
                return;
        }
        (void) sd_event_source_set_enabled(log->timer, SD_EVENT_OFF);
        char *note = explain(log);
        log->options.done(TAKE_PTR(log->events), note, log->options.userdata);
}

/* An attempt */

static int take_events(OomLog *log, json_object *answer) {
        json_object *events = member_find(answer, "events");
        uint64_t killed = 0;
        double error = 0;

        int r = member_number(answer, "error", -4095, 0, -EBADMSG, &error);
        if (r < 0 || error < 0)
                return r < 0 ? r : (int) error;
        r = member_count(answer, "killed", &killed);
        if (r < 0 || !json_object_is_type(events, json_type_array))
                return -EBADMSG;
        if (killed < log->found)
                return 0;
        log->found = killed;
        log->n_left_out = json_get_uint64(answer, "left-out");
        (void) json_object_put(log->events);
        log->events = json_object_get(events);
        return 0;
}

static int take_answer(OomLog *log) {
        _cleanup_(json_putp) json_object *answer = NULL;

        if (log->n_answer == 0)
                return -ETIMEDOUT;
        answer = json_tokener_parse(log->answer);
        /* The reader was ended in its midst. */
        return answer ? take_events(log, answer) : -ETIMEDOUT;
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        OomLog *log = userdata;
        char buffer[16 * 1024];

        ssize_t n = read(fd, buffer, sizeof(buffer));
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n <= 0) {
                end_attempt(log, n < 0 ? -errno : take_answer(log));
                return 0;
        }
        char *answer = log->n_answer + (size_t) n > ANSWER_MAX
                               ? NULL
                               : realloc(log->answer, log->n_answer + (size_t) n + 1);
        if (!answer) {
                end_attempt(log, -ENOMEM);
                return 0;
        }
        memcpy(answer + log->n_answer, buffer, (size_t) n);
        log->answer = answer;
        log->n_answer += (size_t) n;
        log->answer[log->n_answer] = '\0';
        return 0;
}

static int begin_attempt(OomLog *log) {
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        log->fd = fds[0];
        _cleanup_(closep) int fd = fds[1];
        if (fcntl(log->fd, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        int r = start_reader(log, fd);
        if (r < 0)
                return r;
        return sd_event_add_io(
                log->options.event, &log->readable, log->fd, EPOLLIN, on_readable, log);
}

/* The reader ends itself in time; only one that the disk holds in the kernel does not. */
static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        OomLog *log = userdata;

        if (log->fd >= 0) {
                end_attempt(log, -ETIMEDOUT);
                return 0;
        }
        set_timer(log, (OOM_LOG_READING_SEC + 1) * USEC_PER_SEC);
        int r = begin_attempt(log);
        if (r < 0)
                end_attempt(log, r);
        return 0;
}

int oom_log_new(const OomLogOptions *options, OomLog **ret) {
        _cleanup_(oom_log_freep) OomLog *log = calloc(1, sizeof(*log));

        if (!log)
                return -ENOMEM;
        *log = (OomLog){.options = *options, .fd = -1};
        if (options->cgroup && !(log->cgroup = strdup(options->cgroup)))
                return -ENOMEM;
        int r = sd_event_add_time_relative(options->event,
                                           &log->timer,
                                           CLOCK_MONOTONIC,
                                           rests[0],
                                           rests[0] / 4,
                                           on_timer,
                                           log);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(log->timer, "oom-log");
        /* Nothing that anybody waits for. */
        (void) sd_event_source_set_priority(log->timer, SD_EVENT_PRIORITY_IDLE);
        *ret = TAKE_PTR(log);
        return 0;
}

OomLog *oom_log_free(OomLog *log) {
        if (!log)
                return NULL;
        (void) sd_event_source_disable_unref(log->timer);
        stop_reading(log);
        (void) json_object_put(log->events);
        free(log->cgroup);
        free(log);
        return NULL;
}
