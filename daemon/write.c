/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/write.h"

#include <fcntl.h>

#include "core/base/beneath.h"

/* A huge page pool that is growing may be interrupted; nothing else is. */
#define WRITE_ATTEMPTS 3

static ssize_t write_once(const Root *root, const char *path, const char *data, size_t size) {
        /* What a name and its numbers make up lies where the catalogue says, whatever they are. */
        _cleanup_(closep) int fd = open_beneath(root_fd(root), path, O_WRONLY, BENEATH_ANY_MOUNT);
        RootWriteHook hook = root_write_hook(root);

        if (fd < 0)
                return fd;
        if (hook)
                return hook(root, path, fd, data, size);
        ssize_t n = write(fd, data, size);
        return n < 0 ? -errno : n;
}

int write_knob(const Root *root, KnobRef ref, const Value *value) {
        char path[KNOB_PATH_MAX], text[VALUE_TEXT_MAX + 1];
        ssize_t n = -EINTR;

        knob_ref_path(ref, path);
        value_format(value, text);
        size_t size = strlen(text);
        if (size == 0)
                return -EINVAL;
        text[size++] = '\n';
        text[size] = '\0';

        for (int i = 0; i < WRITE_ATTEMPTS && n == -EINTR; i++)
                n = write_once(root, path, text, size);
        if (n < 0)
                return (int) n;
        return (size_t) n == size ? 0 : -EIO;
}
