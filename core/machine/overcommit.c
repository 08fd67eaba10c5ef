/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/overcommit.h"

/* hugetlb_total_pages: of every size, printed as one sum since 4.16; before that, that of the
 * default one. */
static int64_t hugetlb_pages(const Figures *meminfo, int64_t page) {
        int64_t all = figures_get(meminfo, "Hugetlb");
        __int128 product = (__int128) figures_get_or_0(meminfo, "HugePages_Total") *
                           figures_get_or_0(meminfo, "Hugepagesize");

        if (all >= 0)
                return all / page;
        return (int64_t) (MIN_OF(product, (__int128) FIGURE_MAX) / page);
}

/* In pages, as the kernel counts, so that what it rounds away is rounded away here. */
static int64_t limit_bytes(const Overcommit *overcommit, const Figures *meminfo, int64_t page) {
        int64_t ram = figures_get(meminfo, "MemTotal") / page;
        int64_t swap = figures_get_or_0(meminfo, "SwapTotal") / page;
        __int128 allowed = overcommit->kbytes / (page / 1024);

        if (overcommit->kbytes == 0)
                allowed = (__int128) (ram - hugetlb_pages(meminfo, page)) * overcommit->ratio / 100;
        allowed = MAX_OF(allowed, (__int128) 0) + swap;
        return (int64_t) MIN_OF(allowed * page, (__int128) FIGURE_MAX);
}

int overcommit_read(const Root *root,
                    const Figures *meminfo,
                    uint64_t page_bytes,
                    Overcommit *ret) {
        int64_t mode = figure_read(root, "proc/sys/vm/overcommit_memory");
        Overcommit overcommit = {
                .mode = (OvercommitMode) mode,
                .ratio = figure_read(root, "proc/sys/vm/overcommit_ratio"),
                .kbytes = figure_read(root, "proc/sys/vm/overcommit_kbytes"),
                .committed = figures_get(meminfo, "Committed_AS"),
                .kernel_limit = figures_get(meminfo, "CommitLimit"),
        };

        if (mode < 0 || mode >= _OVERCOMMIT_MODE_MAX)
                return -EBADMSG;
        if (overcommit.ratio < 0 || overcommit.ratio > INT32_MAX || overcommit.kbytes < 0 ||
            overcommit.kbytes > FIGURE_MAX / 1024 || figures_get(meminfo, "MemTotal") < 0)
                return -EBADMSG;
        overcommit.limit = limit_bytes(&overcommit, meminfo, (int64_t) page_bytes);
        overcommit.total =
                figures_get_or_0(meminfo, "MemTotal") + figures_get_or_0(meminfo, "SwapTotal");
        *ret = overcommit;
        return 0;
}

const char *overcommit_mode_to_string(OvercommitMode mode) {
        static const char *const names[_OVERCOMMIT_MODE_MAX] = {
                [OVERCOMMIT_GUESS] = "guess",
                [OVERCOMMIT_ALWAYS] = "always",
                [OVERCOMMIT_NEVER] = "never",
        };

        return names[mode];
}
