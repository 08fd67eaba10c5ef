/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/oom-watch.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/epoll.h>
#include <sys/vfs.h>

/* memory.events changes with every reclaim at a limit too, up to a hundred times a second
 * (CGROUP_FILE_NOTIFY_MIN_INTV, kernel/cgroup/cgroup.c): we need not wake as often. */
#define REST_USEC (100 * USEC_PER_MSEC)
#define LOOK_USEC USEC_PER_SEC

struct OomWatch {
        OomWatchOptions options;
        char *cgroup; /* NULL: the whole system */
        int fd;       /* of a file that wakes us; -1: it is read by its path */
        bool there;
        sd_event_source *notify;
        sd_event_source *timer; /* ends the rest, and looks where nothing wakes us */
};

/* Only cgroup version 2 wakes pollers; a plain file of a tree cannot be polled at all. */
static bool is_notifying(int fd) {
        struct statfs fs;

        return fstatfs(fd, &fs) >= 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

/* -ENODEV: the cgroup that it was of is gone. Reading is also what makes the next change wake us
 * (kernfs_seq_show, fs/kernfs/file.c). */
static int read_fd(int fd, uint64_t *ret) {
        char text[1024];
        ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

        if (n < 0)
                return -errno;
        text[n] = '\0';
        return oom_kills_parse(text, ret);
}

static int read_counter(const OomWatch *watch, uint64_t *ret) {
        if (watch->fd >= 0)
                return read_fd(watch->fd, ret);
        return oom_kills_read(watch->options.root, watch->cgroup, ret);
}

static void forget_file(OomWatch *watch) {
        watch->notify = sd_event_source_disable_unref(watch->notify);
        closep(&watch->fd);
        watch->fd = -1;
}

static void set_timer(OomWatch *watch, usec_t usec) {
        (void) sd_event_source_set_time_relative(watch->timer, usec);
        (void) sd_event_source_set_enabled(watch->timer, SD_EVENT_ONESHOT);
}

static int on_notify(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        OomWatch *watch = userdata;

        (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
        set_timer(watch, REST_USEC);
        (void) oom_watch_look(watch);
        watch->options.killed(watch->options.userdata);
        return 0;
}

/* Where it cannot be polled it is read by its path. */
static int open_file(OomWatch *watch) {
        char path[PATH_MAX];

        int r = oom_kills_path(watch->options.root, watch->cgroup, path, sizeof(path));
        if (r < 0)
                return r;
        _cleanup_(closep) int fd = root_open_file(watch->options.root, path, O_RDONLY);
        if (fd < 0)
                return fd;
        if (!is_notifying(fd))
                return 0;
        r = sd_event_add_io(watch->options.event, &watch->notify, fd, EPOLLPRI, on_notify, watch);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(watch->notify, "oom-kills");
        /* A unit whose process was killed is soon gone, with its counter. */
        (void) sd_event_source_set_priority(watch->notify, SD_EVENT_PRIORITY_IMPORTANT);
        watch->fd = TAKE_FD(fd);
        return 0;
}

/* The counter now, from a file that is open or is opened now. */
static int find_counter(OomWatch *watch, uint64_t *ret) {
        int r = watch->fd < 0 ? open_file(watch) : 0;

        if (r >= 0)
                r = read_counter(watch, ret);
        if (r < 0)
                forget_file(watch);
        return r;
}

/* Where nothing wakes us, the timer does. */
static void keep_looking(OomWatch *watch) {
        int enabled = SD_EVENT_OFF;

        if (!watch->options.eager || watch->fd >= 0 ||
            sd_event_source_get_enabled(watch->timer, &enabled) > 0)
                return;
        set_timer(watch, LOOK_USEC);
}

/* True: it is there (again). Another cgroup may have got the name since. */
static bool look_again(OomWatch *watch, uint64_t *ret) {
        bool was_there = watch->there;

        forget_file(watch);
        if (was_there)
                oom_kills_restart(watch->options.kills);
        watch->there = find_counter(watch, ret) >= 0;
        if (watch->there != was_there)
                watch->options.watched(watch->there, watch->options.userdata);
        keep_looking(watch);
        return watch->there;
}

uint64_t oom_watch_look(OomWatch *watch) {
        uint64_t now;

        if (!watch->there || read_counter(watch, &now) < 0)
                if (!look_again(watch, &now))
                        return 0;
        return oom_kills_add(watch->options.kills, now);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        OomWatch *watch = userdata;

        if (watch->notify)
                (void) sd_event_source_set_enabled(watch->notify, SD_EVENT_ON);
        (void) oom_watch_look(watch);
        keep_looking(watch);
        watch->options.killed(watch->options.userdata);
        return 0;
}

/* What was killed while nobody looked, as in a restart, is found at once. */
static int start_timer(OomWatch *watch) {
        bool going_on = watch->options.kills->last != COUNTER_UNKNOWN;
        bool looks = watch->options.eager && watch->fd < 0;

        int r = sd_event_add_time_relative(watch->options.event,
                                           &watch->timer,
                                           CLOCK_MONOTONIC,
                                           going_on ? 0 : LOOK_USEC,
                                           LOOK_USEC / 4,
                                           on_timer,
                                           watch);
        if (r >= 0 && !going_on && !looks)
                r = sd_event_source_set_enabled(watch->timer, SD_EVENT_OFF);
        return r;
}

int oom_watch_new(const OomWatchOptions *options, OomWatch **ret) {
        _cleanup_(oom_watch_freep) OomWatch *watch = calloc(1, sizeof(*watch));
        uint64_t now;

        if (!watch)
                return -ENOMEM;
        *watch = (OomWatch){.options = *options, .fd = -1};
        if (options->cgroup && !(watch->cgroup = strdup(options->cgroup)))
                return -ENOMEM;
        int r = find_counter(watch, &now);
        watch->there = r >= 0;
        if (r < 0 && options->eager)
                return r;
        r = start_timer(watch);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(watch);
        return 0;
}

OomWatch *oom_watch_free(OomWatch *watch) {
        if (!watch)
                return NULL;
        forget_file(watch);
        (void) sd_event_source_disable_unref(watch->timer);
        free(watch->cgroup);
        free(watch);
        return NULL;
}

void oom_watch_begin(OomWatch *watch) {
        uint64_t now = COUNTER_UNKNOWN;

        if (watch->there)
                (void) read_counter(watch, &now);
        oom_kills_begin(watch->options.kills, now);
        if (!watch->there)
                oom_kills_restart(watch->options.kills);
}

bool oom_watch_is_watched(const OomWatch *watch) {
        return watch->there;
}
