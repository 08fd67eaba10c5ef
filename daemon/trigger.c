/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/trigger.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/epoll.h>
#include <sys/vfs.h>

#include "daemon/priority.h"

/* What a user without CAP_SYS_RESOURCE is held to: PSI_FREQ, the kernel's own averaging period. */
#define UNPRIVILEGED_STEP_USEC (2 * USEC_PER_SEC)
#define WINDOW_MAX_USEC (10 * USEC_PER_SEC)

struct Trigger {
        int fd;
        sd_event_source *source;
        WatchLimit limit;
        TriggerCallback callback;
        void *userdata;
};

void trigger_windows(usec_t asked_usec, usec_t ret_windows[static TRIGGER_WINDOWS]) {
        usec_t steps = (asked_usec + UNPRIVILEGED_STEP_USEC - 1) / UNPRIVILEGED_STEP_USEC;
        usec_t rounded = MIN_OF(steps * UNPRIVILEGED_STEP_USEC, WINDOW_MAX_USEC);
        size_t n = 0;

        ret_windows[n++] = asked_usec;
        if (rounded != asked_usec)
                ret_windows[n++] = rounded;
        while (n < TRIGGER_WINDOWS)
                ret_windows[n++] = 0;
}

static int on_trigger(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Trigger *trigger = userdata;

        /* A dead trigger is ready for ever, so it must go before anything else is looked at. */
        if (revents & EPOLLERR) {
                (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
                trigger->callback(trigger, TRIGGER_GONE, trigger->userdata);
        } else if (revents & EPOLLPRI)
                trigger->callback(trigger, TRIGGER_EXCEEDED, trigger->userdata);
        return 0;
}

/* A plain file of a tree watches nothing, and what it records must not be written over. */
static bool is_pressure_file(int fd) {
        struct statfs fs;

        return fstatfs(fd, &fs) >= 0 &&
               (fs.f_type == PROC_SUPER_MAGIC || fs.f_type == CGROUP2_SUPER_MAGIC);
}

void trigger_spec(const WatchLimit *limit, usec_t window_usec, char ret[static TRIGGER_SPEC_MAX]) {
        (void) snprintf(ret,
                        TRIGGER_SPEC_MAX,
                        "%s %lu %lu",
                        metric_line(limit->metric),
                        (unsigned long) (window_usec * limit->share_permyriad / 10000),
                        (unsigned long) window_usec);
}

/*
 * The kernel puts a NUL over the last byte of what it is given, so the text goes with its own NUL;
 * a descriptor takes one trigger, ever.
 */
static int open_window(const Root *root, const char *path, const WatchLimit *limit, usec_t window) {
        char spec[TRIGGER_SPEC_MAX];

        trigger_spec(limit, window, spec);
        _cleanup_(closep) int fd = root_open_file(root, path, O_RDWR | O_NONBLOCK);
        if (fd < 0)
                return fd;
        if (!is_pressure_file(fd))
                return -EOPNOTSUPP;
        ssize_t written = write(fd, spec, strlen(spec) + 1);
        if (written < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int trigger_open(Trigger *trigger, const Root *root, const char *cgroup) {
        usec_t windows[TRIGGER_WINDOWS];
        char path[PATH_MAX];
        int fd = -EINVAL;

        int r = sample_pressure_path(cgroup, trigger->limit.metric, path, sizeof(path));
        if (r < 0)
                return r;
        trigger_windows(trigger->limit.window_usec, windows);
        for (size_t i = 0; i < TRIGGER_WINDOWS && windows[i] > 0 && fd == -EINVAL; i++) {
                fd = open_window(root, path, &trigger->limit, windows[i]);
                if (fd >= 0)
                        trigger->limit.window_usec = windows[i];
        }
        if (fd < 0)
                return fd;
        trigger->fd = fd;
        return 0;
}

int trigger_new(const Root *root,
                const char *cgroup,
                const WatchLimit *limit,
                sd_event *event,
                TriggerCallback callback,
                void *userdata,
                Trigger **ret) {
        _cleanup_(trigger_freep) Trigger *trigger = calloc(1, sizeof(*trigger));

        if (!trigger)
                return -ENOMEM;
        *trigger = (Trigger){.fd = -1, .limit = *limit, .callback = callback, .userdata = userdata};
        int r = trigger_open(trigger, root, cgroup);
        if (r < 0)
                return r;
        r = sd_event_add_io(event, &trigger->source, trigger->fd, EPOLLPRI, on_trigger, trigger);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(trigger->source, "psi-trigger");
        (void) sd_event_source_set_priority(trigger->source, PRIORITY_TRIGGER);
        *ret = TAKE_PTR(trigger);
        return 0;
}

Trigger *trigger_free(Trigger *trigger) {
        if (!trigger)
                return NULL;
        (void) sd_event_source_disable_unref(trigger->source);
        closep(&trigger->fd);
        free(trigger);
        return NULL;
}

const WatchLimit *trigger_limit(const Trigger *trigger) {
        return &trigger->limit;
}
