/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/trust.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "core/base/beneath.h"

/* A folder or file on its way to being trusted. */
typedef struct Subject {
        const char *path; /* as people see it */
        bool folder;
        Problems *problems;
} Subject;

static int refuse(const Subject *subject, const char *hint, const char *why) {
        Location where = {.file = subject->path};

        (void) problem_add(subject->problems, PROBLEM_ERROR, &where, hint, "%s", why);
        return -EPERM;
}

static int refuse_errno(const Subject *subject, int error) {
        Location where = {.file = subject->path};

        if (error == -ENOENT || error == -ENOMEM)
                return error;
        if (error == -ELOOP)
                return subject->folder
                               ? refuse(subject,
                                        "put the folder itself there, or mount it",
                                        "is a symbolic link; the daemon follows none")
                               : refuse(subject,
                                        "put the file itself there",
                                        "is a symbolic link; the daemon reads only regular files");
        if (error == -EXDEV)
                return refuse(subject,
                              "put the file itself there",
                              "is a mount of its own; the daemon reads only files of the folder");
        (void) problem_add(subject->problems,
                           PROBLEM_ERROR,
                           &where,
                           NULL,
                           "cannot be read: %s",
                           strerror(-error));
        return -EPERM;
}

static int check_owner(const Subject *subject, const struct stat *st) {
        Location where = {.file = subject->path};

        if (st->st_uid == 0 || st->st_uid == geteuid())
                return 0;
        (void) problem_add(subject->problems,
                           PROBLEM_ERROR,
                           &where,
                           "chown it to root when you trust what it says",
                           "the %s belongs to the user with id %u; the daemon reads only what "
                           "belongs to root",
                           subject->folder ? "folder" : "file",
                           (unsigned) st->st_uid);
        return -EPERM;
}

static int check_mode(const Subject *subject, const struct stat *st) {
        Location where = {.file = subject->path};

        if (!(st->st_mode & (S_IWGRP | S_IWOTH)))
                return 0;
        (void) problem_add(subject->problems,
                           PROBLEM_ERROR,
                           &where,
                           "chmod go-w it when you trust what it says",
                           "the %s can be written by users other than its owner (mode %04o)",
                           subject->folder ? "folder" : "file",
                           (unsigned) st->st_mode & 07777);
        return -EPERM;
}

/* Looks at what was opened, so that nothing can be exchanged in between. */
static int check(const Subject *subject, int fd) {
        struct stat st;

        if (fstat(fd, &st) < 0)
                return refuse_errno(subject, -errno);
        if (!subject->folder && !S_ISREG(st.st_mode))
                return refuse(subject, NULL, "is no regular file");
        int r = check_owner(subject, &st);
        return r < 0 ? r : check_mode(subject, &st);
}

/* Folders may be mounts: run is one nearly everywhere. */
static int open_part(const Subject *subject, int dir_fd, const char *name) {
        _cleanup_(closep) int fd =
                subject->folder
                        ? open_beneath(dir_fd, name, O_PATH | O_DIRECTORY, BENEATH_ANY_MOUNT)
                        /* Opening a FIFO must not wait for its writer. */
                        : open_beneath(dir_fd, name, O_RDONLY | O_NONBLOCK, BENEATH_ONE_MOUNT);
        if (fd < 0)
                return refuse_errno(subject, fd);
        int r = check(subject, fd);
        return r < 0 ? r : TAKE_FD(fd);
}

static int check_root(const Root *root, Problems *problems) {
        const char *prefix = root_prefix(root);
        Subject subject = {.path = prefix[0] ? prefix : "/", .folder = true, .problems = problems};

        return check(&subject, root_fd(root));
}

int trust_open(const Root *root, const char *path, Problems *problems) {
        _cleanup_(freep) char *shown = text_format("%s/%s", root_prefix(root), path);
        _cleanup_(closep) int folder = -1;

        if (!shown)
                return -ENOMEM;
        int r = check_root(root, problems);
        if (r < 0)
                return r;
        char *name = shown + strlen(root_prefix(root)) + 1;
        for (;;) {
                char *slash = strchr(name, '/');
                if (slash)
                        *slash = '\0';
                Subject subject = {.path = shown, .folder = slash, .problems = problems};
                _cleanup_(closep) int fd =
                        open_part(&subject, folder >= 0 ? folder : root_fd(root), name);
                if (fd < 0 || !slash)
                        return TAKE_FD(fd);
                *slash = '/';
                name = slash + 1;
                closep(&folder);
                folder = TAKE_FD(fd);
        }
}
