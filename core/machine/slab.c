/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/slab.h"

#include "core/machine/oom-scan.h"

/* No product of three can overflow. */
#define NUMBER_MAX ((int64_t) 1 << 40)
#define PAGES_MAX ((int64_t) 1 << 10)

static bool scan_bounded(const char **p, int64_t most, int64_t *ret) {
        if (!scan_number(p, ret))
                return false;
        *ret = MIN_OF(*ret, most);
        return true;
}

/* "dentry  74004 74109  192  21  1 : tunables 0 0 0 : slabdata 3529 3529 0" */
static bool parse_cache(const char *line, uint64_t page_bytes, SlabCache *ret) {
        static const char slabdata[] = ": slabdata";
        size_t n = strcspn(line, " \n");
        SlabCache cache = {0};
        const char *p = line + n;
        int64_t per_slab = 0, active_slabs = 0;

        if (n == 0 || n >= sizeof(cache.name) || *line == '#')
                return false;
        memcpy(cache.name, line, n);
        if (!scan_bounded(&p, NUMBER_MAX, &cache.active) ||
            !scan_bounded(&p, NUMBER_MAX, &cache.objects) ||
            !scan_bounded(&p, NUMBER_MAX, &cache.object_bytes) || !scan_number(&p, &per_slab) ||
            !scan_bounded(&p, PAGES_MAX, &cache.pages_per_slab))
                return false;
        p = memmem(p, strcspn(p, "\n"), slabdata, strlen(slabdata));
        if (!p)
                return false;
        p += strlen(slabdata);
        if (!scan_number(&p, &active_slabs) || !scan_bounded(&p, NUMBER_MAX, &cache.slabs))
                return false;
        __int128 bytes = (__int128) cache.slabs * cache.pages_per_slab * (__int128) page_bytes;
        cache.bytes = bytes > FIGURE_MAX ? FIGURE_MAX : (int64_t) bytes;
        *ret = cache;
        return true;
}

static int compare(const void *a, const void *b) {
        const SlabCache *first = a, *second = b;

        if (first->bytes != second->bytes)
                return first->bytes > second->bytes ? -1 : 1;
        return strcmp(first->name, second->name);
}

int slab_parse(const char *text, uint64_t page_bytes, Slab *ret) {
        Slab slab = {0};

        for (const char *line = text; *line;) {
                SlabCache cache;
                if (parse_cache(line, page_bytes, &cache)) {
                        if (array_grow(&slab.items, slab.n, sizeof(cache)) < 0) {
                                slab_done(&slab);
                                return -ENOMEM;
                        }
                        slab.items[slab.n++] = cache;
                }
                line += strcspn(line, "\n");
                line += *line == '\n';
        }
        if (slab.n > 1)
                qsort(slab.items, slab.n, sizeof(SlabCache), compare);
        *ret = slab;
        return 0;
}

int slab_read(const Root *root, uint64_t page_bytes, Slab *ret) {
        _cleanup_(freep) char *text = NULL;

        int r = root_read(root, "proc/slabinfo", &text);
        return r < 0 ? r : slab_parse(text, page_bytes, ret);
}

void slab_done(Slab *slab) {
        free(slab->items);
        *slab = (Slab){0};
}
