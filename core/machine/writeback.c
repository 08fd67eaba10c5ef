/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/writeback.h"

bool dirty_knobs_read(const Root *root, DirtyKnobs *ret) {
        DirtyKnobs knobs = {
                .ratio = figure_read(root, "proc/sys/vm/dirty_ratio"),
                .bytes = figure_read(root, "proc/sys/vm/dirty_bytes"),
                .background_ratio = figure_read(root, "proc/sys/vm/dirty_background_ratio"),
                .background_bytes = figure_read(root, "proc/sys/vm/dirty_background_bytes"),
        };

        if (knobs.ratio < 0 || knobs.bytes < 0 || knobs.background_ratio < 0 ||
            knobs.background_bytes < 0)
                return false;
        *ret = knobs;
        return true;
}

/* Free pages less those that are kept, and the page cache; never 0. Highmem, of 32-bit kernels, is
 * not taken out. FIGURE_NONE when the kernel does not say one of them. */
static int64_t dirtyable_pages(const Figures *meminfo, const Zones *zones, int64_t page) {
        int64_t unused = figures_get(meminfo, "MemFree");
        int64_t inactive = figures_get(meminfo, "Inactive(file)");
        int64_t active = figures_get(meminfo, "Active(file)");
        int64_t reserve = zones_total_reserve(zones);

        if (unused < 0 || inactive < 0 || active < 0)
                return FIGURE_NONE;
        return MAX_OF(unused / page - reserve, (int64_t) 0) + inactive / page + active / page + 1;
}

/* One limit: bytes rounded up to pages, or a ratio held in 1/page_bytes as the kernel holds it. */
static int64_t limit_pages(int64_t bytes, int64_t ratio, int64_t dirtyable, int64_t page_bytes) {
        if (bytes > 0)
                return bytes / page_bytes + (bytes % page_bytes != 0);
        if (dirtyable < 0)
                return FIGURE_NONE;
        __int128 pages =
                (__int128) (MIN_OF(ratio, 100) * page_bytes / 100) * dirtyable / page_bytes;
        return (int64_t) pages;
}

void writeback_compute(const Figures *vmstat,
                       const Figures *meminfo,
                       const Zones *zones,
                       const DirtyKnobs *knobs,
                       uint64_t page_bytes,
                       Writeback *ret) {
        int64_t page = (int64_t) page_bytes, dirtyable = dirtyable_pages(meminfo, zones, page);
        Writeback writeback = {
                .dirty = figures_get(vmstat, "nr_dirty"),
                .writeback = figures_get(vmstat, "nr_writeback"),
                .dirtyable = dirtyable,
                .limit = limit_pages(knobs->bytes, knobs->ratio, dirtyable, page),
                .background = limit_pages(
                        knobs->background_bytes, knobs->background_ratio, dirtyable, page),
                .kernel_limit = figures_get(vmstat, "nr_dirty_threshold"),
                .kernel_background = figures_get(vmstat, "nr_dirty_background_threshold"),
        };

        writeback.limit = MIN_OF(writeback.limit, (int64_t) UINT32_MAX);
        if (writeback.limit >= 0 && writeback.background >= writeback.limit)
                writeback.background = writeback.limit / 2;
        *ret = writeback;
}

int64_t writeback_limit(const Writeback *writeback) {
        return writeback->kernel_limit >= 0 ? writeback->kernel_limit : writeback->limit;
}

int64_t writeback_background(const Writeback *writeback) {
        return writeback->kernel_background >= 0 ? writeback->kernel_background
                                                 : writeback->background;
}

int64_t writeback_throttle(const Writeback *writeback) {
        int64_t limit = writeback_limit(writeback), background = writeback_background(writeback);
        return limit < 0 || background < 0 ? FIGURE_NONE : (limit + background) / 2;
}

WritebackState writeback_state(const Writeback *writeback) {
        int64_t limit = writeback_limit(writeback), throttle = writeback_throttle(writeback);
        int64_t dirty = MAX_OF(writeback->dirty, (int64_t) 0);
        int64_t all = dirty + MAX_OF(writeback->writeback, (int64_t) 0);

        if (throttle < 0)
                return WRITEBACK_IDLE;
        if (all >= limit)
                return WRITEBACK_LIMIT;
        if (all > throttle)
                return WRITEBACK_THROTTLING;
        return dirty > writeback_background(writeback) ? WRITEBACK_BACKGROUND : WRITEBACK_IDLE;
}

const char *writeback_state_to_string(WritebackState state) {
        static const char *const names[_WRITEBACK_STATE_MAX] = {
                [WRITEBACK_IDLE] = "idle",
                [WRITEBACK_BACKGROUND] = "background",
                [WRITEBACK_THROTTLING] = "throttling",
                [WRITEBACK_LIMIT] = "limit",
        };

        return names[state];
}
