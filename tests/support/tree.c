/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/tree.h"

#include <fcntl.h>
#include <fts.h>
#include <sys/stat.h>

static int write_file(const char *path, const char *text, size_t size) {
        _cleanup_(closep) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        if (fd < 0)
                return -errno;
        ssize_t n = write(fd, text, size);
        if (n < 0)
                return -errno;
        return (size_t) n == size ? 0 : -EIO;
}

static int copy_file(const char *from, const char *to) {
        _cleanup_(closep) int fd = open(from, O_RDONLY | O_CLOEXEC);
        _cleanup_(freep) char *text = NULL;
        size_t size = 0;

        if (fd < 0)
                return -errno;
        int r = read_all(fd, ROOT_READ_MAX, &text, &size);
        return r < 0 ? r : write_file(to, text, size);
}

static int copy_entry(const FTSENT *entry, const char *to) {
        switch (entry->fts_info) {
        case FTS_D:
                return mkdir(to, 0755) < 0 && errno != EEXIST ? -errno : 0;
        case FTS_F:
                return copy_file(entry->fts_accpath, to);
        case FTS_DP:
                return 0;
        default: /* links and devices have no place in a recorded machine */
                return -EINVAL;
        }
}

static int copy_all(char *from, const char *to) {
        char *paths[] = {from, NULL};
        FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
        int r = walk ? 0 : -errno;

        for (FTSENT *entry; r >= 0 && walk && (entry = fts_read(walk));) {
                _cleanup_(freep) char *target =
                        text_format("%s%s", to, entry->fts_path + strlen(from));
                r = target ? copy_entry(entry, target) : -ENOMEM;
        }
        if (walk)
                (void) fts_close(walk);
        return r;
}

static void remove_all(char *path) {
        char *paths[] = {path, NULL};
        FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);

        for (FTSENT *entry; walk && (entry = fts_read(walk));)
                if (entry->fts_info == FTS_DP)
                        (void) rmdir(entry->fts_accpath);
                else if (entry->fts_info != FTS_D)
                        (void) unlink(entry->fts_accpath);
        if (walk)
                (void) fts_close(walk);
}

int tree_copy(const char *name, char **ret) {
        const char *source = getenv("MEMCTL_SOURCE_ROOT"), *tmp = getenv("TMPDIR");
        _cleanup_(freep) char *from = NULL;
        _cleanup_(freep) char *to = text_format("%s/memctl-tree-XXXXXX", tmp ? tmp : "/tmp");

        if (!to)
                return -ENOMEM;
        if (!mkdtemp(to))
                return -errno;
        if (name) {
                from = text_format("%s/tests/machines/%s", source ? source : ".", name);
                int r = from ? copy_all(from, to) : -ENOMEM;
                if (r < 0) {
                        remove_all(to);
                        return r;
                }
        }
        *ret = TAKE_PTR(to);
        return 0;
}

char *tree_remove(char *tree) {
        if (tree)
                remove_all(tree);
        free(tree);
        return NULL;
}

int tree_write(const char *tree, const char *path, const char *text) {
        _cleanup_(freep) char *full = text_format("%s/%s", tree, path);

        if (!full)
                return -ENOMEM;
        for (char *slash = strchr(full + strlen(tree) + 1, '/'); slash;
             slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                if (mkdir(full, 0755) < 0 && errno != EEXIST)
                        return -errno;
                *slash = '/';
        }
        return write_file(full, text, strlen(text));
}

int tree_delete(const char *tree, const char *path) {
        _cleanup_(freep) char *full = text_format("%s/%s", tree, path);

        if (!full)
                return -ENOMEM;
        if (access(full, F_OK) < 0)
                return -errno;
        remove_all(full);
        return 0;
}

bool tree_holds(const char *tree, const char *path, const char *text) {
        _cleanup_(freep) char *full = text_format("%s/%s", tree, path);
        _cleanup_(closep) int fd = full ? open(full, O_RDONLY | O_CLOEXEC) : -1;
        _cleanup_(freep) char *found = NULL;
        size_t n = strlen(text);

        if (fd < 0 || read_all(fd, ROOT_READ_MAX, &found, NULL) < 0)
                return false;
        return strncmp(found, text, n) == 0 && (found[n] == '\0' || streq(found + n, "\n"));
}
