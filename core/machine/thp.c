/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/thp.h"

#include "core/machine/oom-scan.h"

#define FOLDER "sys/kernel/mm/transparent_hugepage"

void thp_choice_parse(const char *text, char ret[static 16]) {
        const char *open = strchr(text, '[');
        const char *close = open ? strchr(open, ']') : NULL;

        ret[0] = '\0';
        if (close && close - open <= 16)
                (void) snprintf(ret, 16, "%.*s", (int) (close - open - 1), open + 1);
}

static void read_choice(const Root *root, const char *path, char ret[static 16]) {
        char text[256];

        ret[0] = '\0';
        if (root_read_into(root, path, text, sizeof(text)) >= 0)
                thp_choice_parse(text, ret);
}

static int64_t read_stat(const Root *root, const char *folder, const char *name) {
        char path[160];

        (void) snprintf(path, sizeof(path), FOLDER "/%s/stats/%s", folder, name);
        return figure_read(root, path);
}

static int compare(const void *a, const void *b) {
        const ThpSize *first = a, *second = b;
        return first->size_kib < second->size_kib ? -1 : first->size_kib > second->size_kib;
}

/* "hugepages-64kB" */
static int add_size(const Root *root, const char *folder, Thp *thp) {
        static const char prefix[] = "hugepages-";
        const char *p = folder + strlen(prefix);
        ThpSize size = {0};
        char path[160];

        if (strlen(folder) >= 64 || !text_starts_with(folder, prefix) ||
            !scan_number(&p, &size.size_kib) || !streq(p, "kB"))
                return 0;
        (void) snprintf(path, sizeof(path), FOLDER "/%s/enabled", folder);
        read_choice(root, path, size.enabled);
        size.fault_alloc = read_stat(root, folder, "anon_fault_alloc");
        size.fault_fallback = read_stat(root, folder, "anon_fault_fallback");
        size.swpout = read_stat(root, folder, "swpout");
        size.anon = read_stat(root, folder, "nr_anon");
        if (array_grow(&thp->sizes, thp->n_sizes, sizeof(size)) < 0)
                return -ENOMEM;
        thp->sizes[thp->n_sizes++] = size;
        return 0;
}

int thp_read(const Root *root, const Figures *meminfo, Thp *ret) {
        _cleanup_(closedirp) DIR *dir = root_open_dir(root, FOLDER);
        Thp thp = {
                .present = root_exists(root, FOLDER "/enabled"),
                .anon = figures_get(meminfo, "AnonPages"),
                .anon_huge = figures_get(meminfo, "AnonHugePages"),
                .shmem_all = figures_get(meminfo, "Shmem"),
                .shmem_huge = figures_get(meminfo, "ShmemHugePages"),
                .file_huge = figures_get(meminfo, "FileHugePages"),
        };
        int r = 0;

        read_choice(root, FOLDER "/enabled", thp.enabled);
        read_choice(root, FOLDER "/defrag", thp.defrag);
        read_choice(root, FOLDER "/shmem_enabled", thp.shmem);
        for (struct dirent *entry; dir && r >= 0 && (entry = readdir(dir));)
                r = add_size(root, entry->d_name, &thp);
        if (r < 0) {
                thp_done(&thp);
                return r;
        }
        if (thp.n_sizes > 1)
                qsort(thp.sizes, thp.n_sizes, sizeof(ThpSize), compare);
        *ret = thp;
        return 0;
}

void thp_done(Thp *thp) {
        free(thp->sizes);
        *thp = (Thp){0};
}
