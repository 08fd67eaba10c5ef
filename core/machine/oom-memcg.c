/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>

#include "core/machine/oom-memory.h"
#include "core/machine/oom-scan.h"

/* "usage 1234kB, limit 5678kB, failcnt 9" */
static bool take_usage(const char *p, int64_t *ret_usage, int64_t *ret_limit) {
        int64_t usage = scan_after(p, "usage "), limit = scan_after(p, "limit ");

        if (usage < 0)
                return false;
        *ret_usage = usage;
        *ret_limit = limit;
        return true;
}

/* A line of memory.stat since 5.1: bytes. The first cgroup named is the one at its limit. */
static bool take_stat(OomMemcg *memcg, const char *p) {
        size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyz_0123456789");
        const char *rest = p + n;
        int64_t bytes;

        if (n == 0 || !islower((unsigned char) *p) || *rest != ' ' || !scan_number(&rest, &bytes) ||
            *rest != '\0')
                return false;
        const struct {
                const char *name;
                int64_t *kb;
        } known[] = {
                {"anon", &memcg->anon_kb},
                {"file", &memcg->file_kb},
                {"shmem", &memcg->shmem_kb},
                {"kernel", &memcg->kernel_kb},
                {"slab_unreclaimable", &memcg->slab_unreclaimable_kb},
                {"file_dirty", &memcg->dirty_kb},
                {"total_rss", &memcg->anon_kb}, /* cgroup v1 */
                {"total_cache", &memcg->file_kb},
                {"total_shmem", &memcg->shmem_kb},
                {"total_dirty", &memcg->dirty_kb},
        };
        for (size_t i = 0; i < ELEMENTSOF(known); i++)
                if (strlen(known[i].name) == n && memcmp(p, known[i].name, n) == 0)
                        *known[i].kb = bytes / 1024;
        return true;
}

bool oom_memcg_take(OomMemcg *memcg, const char *p) {
        while (*p == ' ' || *p == '\t')
                p++;
        if (text_starts_with(p, "memory: usage "))
                return take_usage(p, &memcg->usage_kb, &memcg->limit_kb);
        if (text_starts_with(p, "swap: usage ") || text_starts_with(p, "memory+swap: usage "))
                return take_usage(p, &memcg->swap_usage_kb, &memcg->swap_limit_kb);
        if (text_starts_with(p, "kmem: usage "))
                return take_usage(p, &memcg->kmem_usage_kb, &memcg->kmem_limit_kb);
        if (text_starts_with(p, "Memory cgroup stats for ")) {
                /* Before 5.1 all on this line, one for each cgroup below the first. */
                int64_t rss = scan_after(p, " rss:"), cache = scan_after(p, " cache:");
                memcg->anon_kb = rss < 0 ? memcg->anon_kb : MAX_OF(memcg->anon_kb, rss);
                memcg->file_kb = cache < 0 ? memcg->file_kb : MAX_OF(memcg->file_kb, cache);
                return true;
        }
        return take_stat(memcg, p);
}
