/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/unknown-files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "core/knobs/knob.h"

#define NODES "sys/devices/system/node"

static const char *const folders[] = {
        "proc/sys/vm",
        "sys/kernel/mm/transparent_hugepage",
        "sys/kernel/mm/ksm",
        "sys/kernel/mm/lru_gen",
        "sys/kernel/mm/hugepages",
        "sys/module/zswap/parameters",
};

/* More than the kernel nests: hugepages-64kB/stats/FILE. */
#define DEPTH_MAX 4

typedef struct Walk {
        const Root *root;
        FILE *out;
        size_t n_seen;
} Walk;

static int visit_folder(Walk *walk, const char *folder, unsigned depth);

static int visit(Walk *walk, const char *path, unsigned depth) {
        struct stat st;
        KnobRef ref;

        if (fstatat(root_fd(walk->root), path, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        if (S_ISDIR(st.st_mode))
                return visit_folder(walk, path, depth + 1);
        walk->n_seen++;
        if (knob_ref_from_path(path, &ref) < 0)
                (void) fprintf(walk->out, "%s\n", path);
        return 0;
}

/* A folder that is not there has no files. */
static int visit_folder(Walk *walk, const char *folder, unsigned depth) {
        _cleanup_(closedirp) DIR *dir = root_open_dir(walk->root, folder);
        int r = 0;

        if (!dir)
                return errno == ENOENT ? 0 : -errno;
        if (depth > DEPTH_MAX)
                return -ELOOP;
        for (struct dirent *found; r >= 0 && (found = readdir(dir));) {
                if (streq(found->d_name, ".") || streq(found->d_name, ".."))
                        continue;
                _cleanup_(freep) char *path = text_format("%s/%s", folder, found->d_name);
                r = path ? visit(walk, path, depth) : -ENOMEM;
        }
        return r;
}

static int visit_nodes(Walk *walk) {
        _cleanup_(closedirp) DIR *dir = root_open_dir(walk->root, NODES);
        int r = 0;

        if (!dir)
                return errno == ENOENT ? 0 : -errno;
        for (struct dirent *found; r >= 0 && (found = readdir(dir));) {
                size_t n = strlen(found->d_name);
                if (!text_starts_with(found->d_name, "node") || n == 4 ||
                    strspn(found->d_name + 4, "0123456789") != n - 4)
                        continue;
                _cleanup_(freep) char *path = text_format("%s/%s/hugepages", NODES, found->d_name);
                r = path ? visit_folder(walk, path, 0) : -ENOMEM;
        }
        return r;
}

int unknown_files(const Root *root, char **ret, size_t *ret_n_seen) {
        _cleanup_(freep) char *text = NULL;
        size_t size = 0;
        Walk walk = {.root = root, .out = open_memstream(&text, &size)};
        int r = 0;

        if (!walk.out)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(folders) && r >= 0; i++)
                r = visit_folder(&walk, folders[i], 0);
        if (r >= 0)
                r = visit_nodes(&walk);
        if (fclose(walk.out) != 0 && r >= 0)
                r = -ENOMEM;
        if (r < 0)
                return r;
        *ret = TAKE_PTR(text);
        *ret_n_seen = walk.n_seen;
        return 0;
}
