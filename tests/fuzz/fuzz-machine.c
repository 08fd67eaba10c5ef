/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any text as one of the kernel's files that tell of memory; the first byte says which. What is
 * worked out from it stays within its bounds. */

#include "core/machine/activity.h"
#include "core/machine/buddy.h"
#include "core/machine/pressure.h"
#include "core/machine/process.h"
#include "core/machine/slab.h"
#include "core/machine/swap.h"
#include "core/machine/thp.h"
#include "core/machine/writeback.h"
#include "core/machine/zones.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds) {
        if (!holds)
                abort();
}

static void try_counters(const char *text) {
        _cleanup_(figures_done) Figures counters = {0};
        ActivityCounts counts, before = {0};

        check(figures_parse(strdup(text), &counters) == 0);
        activity_count(&counters, USEC_PER_SEC, &counts);
        for (int i = 0; i < _ACTIVITY_MAX; i++) {
                check(counts.total[i] >= FIGURE_NONE && counts.total[i] <= FIGURE_MAX);
                check(activity_rate(&before, &counts, i) >= FIGURE_NONE);
        }
}

static void try_zones(const char *text) {
        const DirtyKnobs knobs = {.ratio = 100, .background_ratio = 100};
        _cleanup_(zones_done) Zones zones = {0};
        _cleanup_(figures_done) Figures counters = {0};
        Writeback writeback;

        if (zones_parse(strdup(text), &zones) < 0)
                return;
        check(zones.n > 0 && zones_total_reserve(&zones) >= 0);
        check(figures_parse(strdup(text), &counters) == 0);
        writeback_compute(&counters, &counters, &zones, &knobs, 4096, &writeback);
        (void) writeback_state(&writeback);
        for (size_t i = 0; i < zones.n; i++) {
                check(zones.items[i].n_protection <= ZONE_CLASSES_MAX);
                check(zone_level_to_string(zone_level(&zones.items[i])));
        }
}

static void try_buddy(const char *text) {
        _cleanup_(buddy_done) Buddy buddy = {0};

        if (buddy_parse(text, &buddy) < 0)
                return;
        for (size_t i = 0; i < buddy.n; i++)
                for (unsigned order = 0; order < buddy.items[i].n_orders; order++) {
                        int64_t unusable = buddy_unusable(&buddy.items[i], order);
                        int64_t index = buddy_fragmentation(&buddy.items[i], order);
                        check(unusable >= 0 && unusable <= 1000);
                        check(index >= -1000 && index <= 1000);
                }
}

static void try_slab(const char *text) {
        _cleanup_(slab_done) Slab slab = {0};

        check(slab_parse(text, 65536, &slab) == 0);
        for (size_t i = 0; i < slab.n; i++) {
                check(slab.items[i].bytes >= 0 && slab.items[i].bytes <= FIGURE_MAX);
                check(i == 0 || slab.items[i - 1].bytes >= slab.items[i].bytes);
        }
}

static void try_pressure(const char *text) {
        PressureLine some, full;

        if (pressure_parse(text, &some, &full) < 0)
                return;
        check(some.valid || full.valid);
        for (size_t i = 0; i < _PRESSURE_WINDOW_MAX; i++)
                check((!some.valid || some.permyriad[i] <= 10099) &&
                      (!full.valid || full.permyriad[i] <= 10099));
        int share = pressure_since(&some, &full, 1);
        check(share >= -1 && share <= 10000);
}

static void try_small(const char *text) {
        _cleanup_(swaps_done) Swaps swaps = {0};
        Process process;
        char choice[16];

        check(swaps_parse(text, &swaps) == 0);
        thp_choice_parse(text, choice);
        check(strlen(choice) < sizeof(choice));
        if (process_parse(text, &process))
                check(process.pid >= 0 && process.rss >= 0 && strlen(process.comm) < 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static void (*const tries[])(const char *text) = {
                try_counters, try_zones, try_buddy, try_slab, try_pressure, try_small};
        _cleanup_(freep) char *text = malloc(size + 1);

        check(text);
        if (size == 0)
                return 0;
        memcpy(text, data + 1, size - 1);
        text[size - 1] = '\0';
        tries[data[0] % ELEMENTSOF(tries)](text);
        return 0;
}
