/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/root.h"

#include <fcntl.h>
#include <sys/stat.h>

struct Root {
        int fd;
        bool live;
        char *prefix;
        RootWriteHook write_hook;
};

int root_open(const char *path, Root **ret) {
        struct stat given, real;
        _cleanup_(root_closep) Root *root = calloc(1, sizeof(*root));

        if (!root)
                return -ENOMEM;
        root->fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root->fd < 0)
                return -errno;
        if (fstat(root->fd, &given) < 0 || stat("/", &real) < 0)
                return -errno;
        root->live = given.st_dev == real.st_dev && given.st_ino == real.st_ino;
        root->prefix = strdup(root->live ? "" : path);
        if (!root->prefix)
                return -ENOMEM;
        for (size_t n = strlen(root->prefix); n > 1 && root->prefix[n - 1] == '/'; n--)
                root->prefix[n - 1] = '\0';
        *ret = TAKE_PTR(root);
        return 0;
}

Root *root_close(Root *root) {
        if (!root)
                return NULL;
        closep(&root->fd);
        free(root->prefix);
        free(root);
        return NULL;
}

bool root_is_live(const Root *root) {
        return root->live;
}

const char *root_prefix(const Root *root) {
        return root->prefix;
}

int root_fd(const Root *root) {
        return root->fd;
}

void root_set_write_hook(Root *root, RootWriteHook hook) {
        root->write_hook = hook;
}

RootWriteHook root_write_hook(const Root *root) {
        return root->write_hook;
}

int root_open_file(const Root *root, const char *path, int flags) {
        int fd = openat(root->fd, path, flags | O_CLOEXEC | O_NOCTTY);
        return fd < 0 ? -errno : fd;
}

DIR *root_open_dir(const Root *root, const char *path) {
        int fd = root_open_file(root, path, O_RDONLY | O_DIRECTORY);
        if (fd < 0) {
                errno = -fd;
                return NULL;
        }
        DIR *dir = fdopendir(fd);
        if (!dir)
                (void) close(fd);
        return dir;
}

int root_read_max(const Root *root, const char *path, size_t max, char **ret) {
        _cleanup_(closep) int fd = root_open_file(root, path, O_RDONLY);
        if (fd < 0)
                return fd;
        return read_all(fd, max, ret, NULL);
}

int root_read(const Root *root, const char *path, char **ret) {
        return root_read_max(root, path, ROOT_READ_MAX, ret);
}

int root_read_into(const Root *root, const char *path, char *buffer, size_t size) {
        _cleanup_(closep) int fd = root_open_file(root, path, O_RDONLY);
        size_t filled = 0;

        if (fd < 0)
                return fd;
        while (filled < size - 1) {
                ssize_t n = read(fd, buffer + filled, size - 1 - filled);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                filled += (size_t) n;
        }
        buffer[filled] = '\0';
        return 0;
}

int root_read_at(int dir_fd, const char *name, char *buffer, size_t size) {
        _cleanup_(closep) int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        ssize_t n;

        if (fd < 0)
                return -errno;
        do
                n = read(fd, buffer, size - 1);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        buffer[n] = '\0';
        return 0;
}

bool root_exists(const Root *root, const char *path) {
        return faccessat(root->fd, path, F_OK, 0) == 0;
}
