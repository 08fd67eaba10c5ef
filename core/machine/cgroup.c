/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "core/machine/oom-scan.h"

#define DEPTH_MAX 64
#define TEXT_MAX 8192

/* What the two versions call the same; NULL: it has none. */
typedef struct Files {
        const char *current;
        const char *max;
        const char *high;
        const char *swap; /* version 1: memory and swap together */
        const char *hits; /* a file of one number; NULL: "max N" beside the kills */
        const char *swap_hits;
        const char *oom_kill; /* a file with "oom_kill N" */
        const char *refaults; /* in memory.stat, of all below */
} Files;

static const Files files_of[] = {
        [1] = {"memory.usage_in_bytes",
               "memory.limit_in_bytes",
               NULL,
               "memory.memsw.usage_in_bytes",
               "memory.failcnt",
               "memory.memsw.failcnt",
               "memory.oom_control",
               "total_workingset_refault"},
        [2] = {"memory.current",
               "memory.max",
               "memory.high",
               "memory.swap.current",
               NULL,
               NULL,
               "memory.events",
               "workingset_refault"},
};

/* "no limit" of version 1 is the largest multiple of a page (PAGE_COUNTER_MAX). */
#define LIMIT_NONE_V1 ((int64_t) 1 << 62)

typedef struct Walk {
        const Files *files;
        bool all;
        bool local_events; /* memory.events says nothing of those below */
        int pressure_fd;   /* the root of version 2, when it is another tree; else -1 */
        char path[4096];   /* of the cgroup being looked at, from the root on */
        size_t n_path;
        unsigned depth;
        Cgroups cgroups;
} Walk;

/* FOLDER/FILE, relative to dir_fd. */
static int read_file(int dir_fd, const char *folder, const char *file, char *text, size_t size) {
        char path[512];

        int n = snprintf(path, sizeof(path), "%s/%s", folder, file);
        if (n < 0 || (size_t) n >= sizeof(path))
                return -ENAMETOOLONG;
        return root_read_at(dir_fd, path, text, size);
}

/* A file of one number; "max", an absent file and what cannot be read are FIGURE_NONE. */
static int64_t read_number(int dir_fd, const char *folder, const char *file) {
        char text[64];
        const char *p = text;
        int64_t value = 0;

        if (!file || read_file(dir_fd, folder, file, text, sizeof(text)) < 0 ||
            !scan_number(&p, &value))
                return FIGURE_NONE;
        return value;
}

/* "NAME N" on a line of its own. */
static int64_t find_number(const char *text, const char *name) {
        size_t n = strlen(name);
        int64_t value = 0;

        for (const char *line = text; *line;) {
                const char *p = line + n;
                if (strncmp(line, name, n) == 0 && *p == ' ' && scan_number(&p, &value))
                        return MIN_OF(value, FIGURE_MAX);
                line += strcspn(line, "\n");
                line += *line == '\n';
        }
        return FIGURE_NONE;
}

static int64_t read_limit(int dir_fd, const char *folder, const char *file) {
        int64_t limit = read_number(dir_fd, folder, file);
        return limit >= LIMIT_NONE_V1 ? FIGURE_NONE : MIN_OF(limit, FIGURE_MAX);
}

static int64_t read_swap(int dir_fd, const char *folder, const Files *files, int64_t current) {
        int64_t swap = read_number(dir_fd, folder, files->swap);

        if (swap < 0 || files == &files_of[2])
                return MIN_OF(swap, FIGURE_MAX);
        /* Read at two instants: less than nothing is nothing. */
        return current < 0 ? FIGURE_NONE : MIN_OF(MAX_OF(swap - current, (int64_t) 0), FIGURE_MAX);
}

/* Of version 1. The limit on memory and swap together is tried first (try_charge_memcg,
 * mm/memcontrol.c), and where it is the same, it is the one that everybody runs into. */
static int64_t read_hits(int dir_fd, const char *folder, const Files *files) {
        int64_t memory = MIN_OF(read_number(dir_fd, folder, files->hits), FIGURE_MAX);
        int64_t both = MIN_OF(read_number(dir_fd, folder, files->swap_hits), FIGURE_MAX);

        if (memory < 0 || both < 0)
                return MAX_OF(memory, both);
        return MIN_OF(memory + both, FIGURE_MAX);
}

static void read_events(int dir_fd, const char *folder, const Files *files, Cgroup *cgroup) {
        char text[TEXT_MAX];

        if (read_file(dir_fd, folder, files->oom_kill, text, sizeof(text)) >= 0) {
                cgroup->oom_kill = find_number(text, "oom_kill");
                cgroup->hits = find_number(text, "max");
        }
        if (files->hits)
                cgroup->hits = read_hits(dir_fd, folder, files);
}

/* Refaults of anonymous memory and of the page cache together; one name up to 5.8. */
static int64_t read_refaults(int dir_fd, const char *folder, const char *name) {
        char text[TEXT_MAX], split[64];

        if (read_file(dir_fd, folder, "memory.stat", text, sizeof(text)) < 0)
                return FIGURE_NONE;
        int64_t both = find_number(text, name);
        (void) snprintf(split, sizeof(split), "%s_anon", name);
        int64_t anon = find_number(text, split);
        (void) snprintf(split, sizeof(split), "%s_file", name);
        int64_t file = find_number(text, split);
        if (anon < 0 && file < 0)
                return both;
        return MAX_OF(anon, (int64_t) 0) + MAX_OF(file, (int64_t) 0);
}

static void read_pressure(const Walk *walk, int dir_fd, const char *folder, Cgroup *cgroup) {
        char text[512];
        int r;

        if (walk->pressure_fd >= 0)
                r = read_file(
                        walk->pressure_fd, walk->path + 1, "memory.pressure", text, sizeof(text));
        else
                r = read_file(dir_fd, folder, "memory.pressure", text, sizeof(text));
        if (r >= 0)
                (void) pressure_parse(text, &cgroup->some, &cgroup->full);
}

static int add_cgroup(Walk *walk, int dir_fd, const char *folder) {
        const Files *files = walk->files;
        Cgroup cgroup = {
                .max = read_limit(dir_fd, folder, files->max),
                .high = read_limit(dir_fd, folder, files->high),
                .current = FIGURE_NONE,
                .swap = FIGURE_NONE,
                .hits = FIGURE_NONE,
                .oom_kill = FIGURE_NONE,
                .refault = FIGURE_NONE,
        };

        if (!walk->all && cgroup_limit(&cgroup) < 0)
                return 0;
        cgroup.current = MIN_OF(read_number(dir_fd, folder, files->current), FIGURE_MAX);
        cgroup.swap = read_swap(dir_fd, folder, files, cgroup.current);
        read_events(dir_fd, folder, files, &cgroup);
        read_pressure(walk, dir_fd, folder, &cgroup);
        if (cgroup_is_close(&cgroup))
                cgroup.refault = read_refaults(dir_fd, folder, files->refaults);
        cgroup.path = strdup(walk->path);
        if (!cgroup.path || array_grow(&walk->cgroups.items, walk->cgroups.n, sizeof(cgroup)) < 0) {
                free(cgroup.path);
                return -ENOMEM;
        }
        walk->cgroups.items[walk->cgroups.n++] = cgroup;
        return 0;
}

static int walk_children(Walk *walk, int fd);

/* Nothing ever went wrong in it. */
static bool is_calm(const Walk *walk, int dir_fd, const char *folder) {
        char text[TEXT_MAX];

        if (walk->all || walk->files != &files_of[2] ||
            read_file(dir_fd, folder, "memory.events", text, sizeof(text)) < 0)
                return false;
        return find_number(text, "max") == 0 && find_number(text, "high") == 0 &&
               find_number(text, "oom_kill") == 0;
}

/* A folder has two links and one for each folder in it, on kernfs and most file systems; those
 * that do not count so say 1. */
static int walk_folder(Walk *walk, int dir_fd, const char *name) {
        struct stat st;
        size_t n_before = walk->n_path, n = strlen(name);
        bool calm = is_calm(walk, dir_fd, name);
        int r = 0;

        if (calm && !walk->local_events)
                return 0;
        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode) ||
            walk->n_path + 1 + n >= sizeof(walk->path) || walk->depth >= DEPTH_MAX)
                return 0;
        walk->path[walk->n_path] = '/';
        memcpy(walk->path + walk->n_path + 1, name, n + 1);
        walk->n_path += 1 + n;
        walk->depth++;
        if (!calm)
                r = add_cgroup(walk, dir_fd, name);
        if (r >= 0 && st.st_nlink != 2) {
                int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
                if (fd >= 0)
                        r = walk_children(walk, fd);
        }
        walk->depth--;
        walk->n_path = n_before;
        walk->path[n_before] = '\0';
        return r;
}

/* Takes the file descriptor over. */
static int walk_children(Walk *walk, int fd) {
        _cleanup_(closedirp) DIR *dir = fdopendir(fd);
        int r = 0;

        if (!dir) {
                (void) close(fd);
                return -ENOMEM;
        }
        for (struct dirent *entry; r >= 0 && (entry = readdir(dir));)
                if (entry->d_name[0] != '.' &&
                    (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN))
                        r = walk_folder(walk, dirfd(dir), entry->d_name);
        return r;
}

/* The tree that has the memory controller, and its version. */
static int find_tree(const Root *root, char **ret_path, char **ret_unified) {
        static const char v1[] = "sys/fs/cgroup/memory";
        _cleanup_(freep) char *unified = NULL;
        char controllers[512] = "";

        if (sample_find_cgroup(root, "/", &unified) < 0)
                unified = NULL;
        if (unified) {
                _cleanup_(freep) char *file = text_format("%s/cgroup.controllers", unified);
                if (file)
                        (void) root_read_into(root, file, controllers, sizeof(controllers));
        }
        bool has_v1 = root_exists(root, "sys/fs/cgroup/memory/memory.limit_in_bytes");
        if (has_v1 && !strstr(controllers, "memory")) {
                *ret_path = strdup(v1);
                *ret_unified = TAKE_PTR(unified);
                return *ret_path ? 1 : -ENOMEM;
        }
        *ret_path = TAKE_PTR(unified);
        *ret_unified = NULL;
        return *ret_path ? 2 : 0;
}

/* A mount option of version 2. */
static bool has_local_events(const Root *root) {
        _cleanup_(freep) char *mounts = NULL;

        return root_read(root, "proc/self/mounts", &mounts) >= 0 &&
               strstr(mounts, "memory_localevents");
}

static int compare_path(const void *a, const void *b) {
        const Cgroup *first = a, *second = b;

        return strcmp(first->path, second->path);
}

int cgroups_read(const Root *root, bool all, Cgroups *ret) {
        _cleanup_(freep) char *path = NULL;
        _cleanup_(freep) char *unified = NULL;
        _cleanup_(closep) int pressure_fd = -1;

        int version = find_tree(root, &path, &unified);
        if (version < 0)
                return version;
        if (unified)
                pressure_fd = root_open_file(root, unified, O_PATH | O_DIRECTORY);
        int fd = version > 0 ? root_open_file(root, path, O_RDONLY | O_DIRECTORY) : -ENOENT;
        if (fd < 0) {
                *ret = (Cgroups){0};
                return 0;
        }
        Walk walk = {
                .files = &files_of[version],
                .all = all,
                .local_events = !all && has_local_events(root),
                .pressure_fd = pressure_fd,
                .cgroups.version = version,
        };
        int r = walk_children(&walk, fd);
        if (r < 0) {
                cgroups_done(&walk.cgroups);
                return r;
        }
        if (walk.cgroups.n > 1)
                qsort(walk.cgroups.items, walk.cgroups.n, sizeof(Cgroup), compare_path);
        *ret = walk.cgroups;
        return 0;
}

void cgroups_done(Cgroups *cgroups) {
        for (size_t i = 0; i < cgroups->n; i++)
                free(cgroups->items[i].path);
        free(cgroups->items);
        *cgroups = (Cgroups){0};
}

static int compare_size(const void *a, const void *b) {
        const Cgroup *first = a, *second = b;

        if (first->current != second->current)
                return first->current > second->current ? -1 : 1;
        return compare_path(first, second);
}

void cgroups_sort(Cgroups *cgroups) {
        if (cgroups->n > 1)
                qsort(cgroups->items, cgroups->n, sizeof(Cgroup), compare_size);
}

const Cgroup *cgroups_find(const Cgroups *cgroups, const char *path) {
        const Cgroup key = {.path = (char *) path};

        return cgroups->n == 0
                       ? NULL
                       : bsearch(&key, cgroups->items, cgroups->n, sizeof(Cgroup), compare_path);
}

int64_t cgroup_limit(const Cgroup *cgroup) {
        if (cgroup->max < 0 || cgroup->high < 0)
                return MAX_OF(cgroup->max, cgroup->high);
        return MIN_OF(cgroup->max, cgroup->high);
}

bool cgroup_is_full(const Cgroup *cgroup) {
        int64_t limit = cgroup_limit(cgroup);
        /* Around the limit the level moves: charges come in batches of 64 pages a CPU, and reclaim
         * takes 32 folios at a time, which of files that are read ahead are of 128 KiB each
         * (MEMCG_CHARGE_BATCH, SWAP_CLUSTER_MAX, VM_READAHEAD_PAGES). */
        int64_t slack = MAX_OF(limit / 50, MIN_OF(limit / 8, (int64_t) 4 * 1024 * 1024));

        return limit > 0 && cgroup->current >= limit - slack;
}

bool cgroup_is_close(const Cgroup *cgroup) {
        int64_t limit = cgroup_limit(cgroup);

        return limit > 0 && cgroup->current >= limit / 2;
}
