/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/finding-rules.h"

/* How full things are: RAM, swap, what is promised, what is not written yet, and who holds it. */

/* In 1/10000. */
#define AVAILABLE_LOW 500
#define AVAILABLE_VERY_LOW 200
#define SWAP_FREE_LOW 1000
#define SWAP_AVAILABLE_LOW 2000
#define COMMIT_HIGH 9000
#define COMMIT_VERY_HIGH 9800
#define UNRECLAIMABLE_HIGH 2500
#define RECLAIMABLE_HIGH 5000
#define SHMEM_HIGH 5000
#define POOL_UNUSED_HIGH 1000

static unsigned share_of_ram(const Case *c, int64_t bytes) {
        return share_of((uint64_t) MAX_OF(bytes, (int64_t) 0), c->now->facts->ram_bytes);
}

void finding_rule_available(const Case *c) {
        int64_t available = figures_get(&c->now->meminfo, "MemAvailable");
        unsigned share = share_of_ram(c, available);
        char size[32], percent[16];

        if (available < 0 || share >= AVAILABLE_LOW)
                return;
        format_size((uint64_t) available, size);
        format_share(share, percent);
        finding_add(c,
                    share < AVAILABLE_VERY_LOW ? FINDING_BAD : FINDING_WARNING,
                    "available-low",
                    "vm.swappiness",
                    "who holds the memory: memctl inspect processes",
                    "Only %s of RAM (%s) can still be given out without swapping.",
                    size,
                    percent);
}

void finding_rule_swap(const Case *c) {
        int64_t total = inspection_bytes(c->now, "SwapTotal");
        int64_t unused = inspection_bytes(c->now, "SwapFree");
        int64_t available = figures_get(&c->now->meminfo, "MemAvailable");
        char size[32], all[32];

        if (total == 0 || share_of((uint64_t) unused, (uint64_t) total) >= SWAP_FREE_LOW)
                return;
        bool tight = available >= 0 && share_of_ram(c, available) < SWAP_AVAILABLE_LOW;
        format_size((uint64_t) unused, size);
        format_size((uint64_t) total, all);
        finding_add(c,
                    tight ? FINDING_WARNING : FINDING_NOTE,
                    "swap-full",
                    "vm.swappiness",
                    "who was swapped out: memctl inspect processes",
                    "Swap is nearly full: %s of %s are left. %s",
                    size,
                    all,
                    tight ? "When it is, anonymous memory can no longer be reclaimed, and the OOM "
                            "killer is next."
                          : "RAM is still available.");
}

void finding_rule_commit(const Case *c) {
        const Overcommit *overcommit = &c->now->overcommit;
        char committed[32], limit[32];

        if (!case_has(c, INSPECTION_OVERCOMMIT) || overcommit->mode != OVERCOMMIT_NEVER ||
            overcommit->committed < 0)
                return;
        int64_t most = overcommit->kernel_limit >= 0 ? overcommit->kernel_limit : overcommit->limit;
        unsigned share = share_of((uint64_t) overcommit->committed, (uint64_t) most);
        if (most > 0 && share < COMMIT_HIGH)
                return;
        format_size((uint64_t) overcommit->committed, committed);
        format_size((uint64_t) most, limit);
        finding_add(c,
                    most == 0 || share >= COMMIT_VERY_HIGH ? FINDING_BAD : FINDING_WARNING,
                    "commit-limit",
                    overcommit->kbytes > 0 ? "vm.overcommit_kbytes" : "vm.overcommit_ratio",
                    "memctl inspect overcommit",
                    "Programs were promised %s of %s. In overcommit mode 2 malloc and fork fail "
                    "beyond that, however much memory is free.",
                    committed,
                    limit);
}

void finding_rule_dirty(const Case *c) {
        const Writeback *writeback = &c->now->writeback;
        uint64_t page = c->now->facts->context.page_bytes;
        char dirty[32], throttle[32], limit[32];

        if (!case_has(c, INSPECTION_WRITEBACK))
                return;
        WritebackState state = writeback_state(writeback);
        if (state != WRITEBACK_THROTTLING && state != WRITEBACK_LIMIT)
                return;
        int64_t all =
                MAX_OF(writeback->dirty, (int64_t) 0) + MAX_OF(writeback->writeback, (int64_t) 0);
        format_size((uint64_t) all * page, dirty);
        format_size((uint64_t) writeback_throttle(writeback) * page, throttle);
        format_size((uint64_t) writeback_limit(writeback) * page, limit);
        finding_add(c,
                    state == WRITEBACK_LIMIT ? FINDING_BAD : FINDING_WARNING,
                    "dirty-throttling",
                    c->now->dirty_knobs.bytes > 0 ? "vm.dirty_bytes" : "vm.dirty_ratio",
                    "memctl inspect writeback",
                    "%s wait to be written: from %s on writers are slowed down, and at %s they "
                    "stand still.",
                    dirty,
                    throttle,
                    limit);
}

static void add_unreclaimable(const Case *c, int64_t bytes, unsigned share) {
        const SlabCache *largest =
                case_has(c, INSPECTION_SLAB) && c->now->slab.n > 0 ? &c->now->slab.items[0] : NULL;
        char size[32], percent[16], cache[32] = "";

        format_size((uint64_t) bytes, size);
        format_share(share, percent);
        if (largest)
                format_size((uint64_t) largest->bytes, cache);
        finding_add(
                c,
                FINDING_WARNING,
                "slab-unreclaimable",
                NULL,
                "memctl inspect slab (as root)",
                "The kernel's own objects hold %s (%s of RAM) that cannot be reclaimed%s%s%s%s.",
                size,
                percent,
                largest ? "; the largest cache is " : ": a leak, perhaps",
                largest ? largest->name : "",
                largest ? " with " : "",
                cache);
}

void finding_rule_slab(const Case *c) {
        int64_t unreclaimable = inspection_bytes(c->now, "SUnreclaim");
        int64_t reclaimable = inspection_bytes(c->now, "SReclaimable");
        char size[32];

        if (share_of_ram(c, unreclaimable) >= UNRECLAIMABLE_HIGH)
                add_unreclaimable(c, unreclaimable, share_of_ram(c, unreclaimable));
        if (share_of_ram(c, reclaimable) < RECLAIMABLE_HIGH)
                return;
        format_size((uint64_t) reclaimable, size);
        finding_add(c,
                    FINDING_NOTE,
                    "slab-reclaimable",
                    "vm.vfs_cache_pressure",
                    "memctl inspect slab (as root)",
                    "Inodes and directory entries that could be reclaimed hold %s, more than half "
                    "of RAM.",
                    size);
}

void finding_rule_shmem(const Case *c) {
        int64_t shmem = inspection_bytes(c->now, "Shmem");
        char size[32];

        if (share_of_ram(c, shmem) < SHMEM_HIGH)
                return;
        format_size((uint64_t) shmem, size);
        finding_add(c,
                    FINDING_NOTE,
                    "shmem-large",
                    NULL,
                    "df -t tmpfs; ipcs -m",
                    "Shared memory and tmpfs hold %s, more than half of RAM: it can be swapped, "
                    "not dropped.",
                    size);
}

void finding_rule_hugepools(const Case *c) {
        char size[32], all[32], next[160];

        for (size_t i = 0; case_has(c, INSPECTION_HUGE) && i < c->now->pools.n; i++) {
                const HugePool *pool = &c->now->pools.items[i];
                HugePool unused = *pool;
                unused.total = hugepool_unused(pool);
                /* A pool that is in use has spare pages with good reason. */
                if (share_of_ram(c, hugepool_bytes(&unused)) < POOL_UNUSED_HIGH ||
                    unused.total * 2 < pool->total)
                        continue;
                format_size((uint64_t) hugepool_bytes(&unused), size);
                format_size((uint64_t) hugepool_bytes(pool), all);
                (void) snprintf(next,
                                sizeof(next),
                                "memctl explain hugepages.hugepages-%lldkB.nr_hugepages",
                                (long long) pool->size_kib);
                finding_add(c,
                            FINDING_WARNING,
                            "hugepages-unused",
                            "vm.nr_hugepages",
                            next,
                            "%s of the %s that are reserved as huge pages are neither used nor "
                            "promised, and lost for everything else.",
                            size,
                            all);
        }
}
