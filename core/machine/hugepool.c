/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/hugepool.h"

#include "core/machine/oom-scan.h"

#define FOLDER "sys/kernel/mm/hugepages"
#define PAGES_MAX ((int64_t) 1 << 30)

static int64_t read_file(const Root *root, const char *folder, const char *name) {
        char path[128];

        (void) snprintf(path, sizeof(path), FOLDER "/%s/%s", folder, name);
        int64_t value = figure_read(root, path);
        return MIN_OF(MAX_OF(value, (int64_t) 0), PAGES_MAX);
}

/* "hugepages-2048kB" */
static bool parse_folder(const char *name, int64_t *ret_kib) {
        static const char prefix[] = "hugepages-";
        const char *p = name + strlen(prefix);

        return strlen(name) < 64 && text_starts_with(name, prefix) && scan_number(&p, ret_kib) &&
               streq(p, "kB") && *ret_kib < (int64_t) 1 << 40;
}

static int compare(const void *a, const void *b) {
        const HugePool *first = a, *second = b;
        return first->size_kib < second->size_kib ? -1 : first->size_kib > second->size_kib;
}

int hugepools_read(const Root *root, HugePools *ret) {
        _cleanup_(closedirp) DIR *dir = root_open_dir(root, FOLDER);
        HugePools pools = {0};

        for (struct dirent *entry; dir && (entry = readdir(dir));) {
                HugePool pool = {0};
                if (!parse_folder(entry->d_name, &pool.size_kib))
                        continue;
                pool.total = read_file(root, entry->d_name, "nr_hugepages");
                pool.free = read_file(root, entry->d_name, "free_hugepages");
                pool.reserved = read_file(root, entry->d_name, "resv_hugepages");
                pool.surplus = read_file(root, entry->d_name, "surplus_hugepages");
                pool.overcommit = read_file(root, entry->d_name, "nr_overcommit_hugepages");
                if (array_grow(&pools.items, pools.n, sizeof(pool)) < 0) {
                        hugepools_done(&pools);
                        return -ENOMEM;
                }
                pools.items[pools.n++] = pool;
        }
        if (pools.n > 1)
                qsort(pools.items, pools.n, sizeof(HugePool), compare);
        *ret = pools;
        return 0;
}

void hugepools_done(HugePools *pools) {
        free(pools->items);
        *pools = (HugePools){0};
}

int64_t hugepool_bytes(const HugePool *pool) {
        int64_t bytes = 0;

        if (__builtin_mul_overflow(pool->total, pool->size_kib * 1024, &bytes))
                return FIGURE_MAX;
        return MIN_OF(bytes, FIGURE_MAX);
}

int64_t hugepool_unused(const HugePool *pool) {
        return MAX_OF(pool->free - pool->reserved, (int64_t) 0);
}
