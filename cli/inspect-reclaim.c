/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/inspect-print.h"
#include "core/base/quantity.h"

/* Lines of the overview, and of the view. */
static const struct {
        const char *label;
        Activity activity;
        bool brief; /* on the overview as well */
} lines[] = {
        {"allocations that stalled", ACTIVITY_ALLOCSTALL, true},
        {"tasks put to sleep", ACTIVITY_THROTTLE, false},
        {"pages scanned by kswapd", ACTIVITY_KSWAPD_SCAN, true},
        {"pages freed by kswapd", ACTIVITY_KSWAPD_STEAL, true},
        {"pages scanned by tasks", ACTIVITY_DIRECT_SCAN, true},
        {"pages freed by tasks", ACTIVITY_DIRECT_STEAL, true},
        {"pages freed for khugepaged", ACTIVITY_KHUGEPAGED_STEAL, false},
        {"pages freed on request", ACTIVITY_PROACTIVE_STEAL, false},
        {"kswapd woken again at low", ACTIVITY_LOW_QUICKLY, false},
        {"kswapd woken again at high", ACTIVITY_HIGH_QUICKLY, false},
        {"anonymous pages refaulted", ACTIVITY_REFAULT_ANON, true},
        {"file pages refaulted", ACTIVITY_REFAULT_FILE, true},
        {"pages swapped in", ACTIVITY_SWAP_IN, true},
        {"pages swapped out", ACTIVITY_SWAP_OUT, true},
        {"faults that read from disk", ACTIVITY_MAJOR_FAULT, false},
        {"compactions by tasks", ACTIVITY_COMPACT_STALL, true},
        {"of which failed", ACTIVITY_COMPACT_FAIL, true},
        {"of which succeeded", ACTIVITY_COMPACT_SUCCESS, false},
        {"kcompactd woken", ACTIVITY_KCOMPACTD_WAKE, false},
        {"huge pages at fault", ACTIVITY_THP_FAULT, true},
        {"small instead of huge", ACTIVITY_THP_FALLBACK, true},
        {"collapsed by khugepaged", ACTIVITY_THP_COLLAPSE, true},
        {"huge pages split", ACTIVITY_THP_SPLIT, false},
        {"processes killed (OOM)", ACTIVITY_OOM_KILL, true},
};

static const ActivityCounts *counts_before(const Inspect *inspect) {
        return inspect->before ? &inspect->before->activity : NULL;
}

/* A number that says somebody waited or lost something now. */
static Style rate_style(Activity activity, int64_t milli) {
        bool bad = activity == ACTIVITY_THROTTLE || activity == ACTIVITY_OOM_KILL;

        if (milli <= 0)
                return STYLE_PLAIN;
        if (bad)
                return STYLE_BAD;
        return activity == ACTIVITY_ALLOCSTALL || activity == ACTIVITY_COMPACT_FAIL ||
                               activity == ACTIVITY_THP_FALLBACK
                       ? STYLE_WARN
                       : STYLE_PLAIN;
}

static void print_lines(const Inspect *inspect, bool all) {
        static const char *const headings[] = {"WHAT", "A SECOND", "SINCE BOOT", NULL};
        _cleanup_(table_done) Table table = {0};

        table_init(&table, headings);
        table.right = 1 << 1 | 1 << 2;
        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                int64_t total = inspect->now->activity.total[lines[i].activity];
                int64_t rate = activity_rate(
                        counts_before(inspect), &inspect->now->activity, lines[i].activity);
                /* Unless asked for, what never happened is no news. */
                if (total < 0 || (!all && (!lines[i].brief || total == 0)))
                        continue;
                table_add_text(&table, STYLE_PLAIN, lines[i].label);
                table_add_text(&table, rate_style(lines[i].activity, rate), rate_text(rate).text);
                table_add_text(&table, STYLE_DIM, count_text(total).text);
        }
        if (table_rows(&table) > 0)
                (void) table_print(&table);
        else
                (void) puts("No reclaim, no compaction and no swapping since boot.");
}

void inspect_print_activity(const Inspect *inspect) {
        print_lines(inspect, false);
}

/* Freed of what was scanned, in 1/10000; -1 when nothing was. */
static int efficiency(int64_t scanned, int64_t freed) {
        if (scanned <= 0 || freed < 0)
                return -1;
        return (int) MIN_OF(share_of((uint64_t) freed, (uint64_t) scanned), 10000u);
}

typedef struct Efficiency {
        int now;
        int boot;
} Efficiency;

static Efficiency efficiency_of(const Inspect *inspect, Activity scan, Activity steal) {
        const ActivityCounts *before = counts_before(inspect), *now = &inspect->now->activity;

        return (Efficiency){
                .now = efficiency(activity_delta(before, now, scan),
                                  activity_delta(before, now, steal)),
                .boot = efficiency(now->total[scan], now->total[steal]),
        };
}

static void print_efficiency(const char *who, Efficiency share) {
        (void) printf("%-12s freed %s of what it scanned now, %s since boot\n",
                      who,
                      share_text(share.now).text,
                      share_text(share.boot).text);
}

void inspect_print_reclaim(const Inspect *inspect) {
        print_lines(inspect, true);
        (void) putchar('\n');
        print_efficiency("kswapd",
                         efficiency_of(inspect, ACTIVITY_KSWAPD_SCAN, ACTIVITY_KSWAPD_STEAL));
        print_efficiency("tasks",
                         efficiency_of(inspect, ACTIVITY_DIRECT_SCAN, ACTIVITY_DIRECT_STEAL));
        if (inspect->now->parts & INSPECTION_PRESSURE) {
                (void) putchar('\n');
                inspect_print_pressure(inspect);
        }
}

void inspect_print_pressure(const Inspect *inspect) {
        static const char *const headings[] = {"WAITED FOR", "10S", "60S", "300S", "NOW", NULL};
        _cleanup_(table_done) Table table = {0};

        table_init(&table, headings);
        table.right = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4;
        for (int metric = 0; metric < _METRIC_MAX; metric++) {
                const PressureLine *line = &inspect->now->pressure.lines[metric];
                int now = inspection_stalled(inspect->before, inspect->now, metric);
                /* A busy CPU is no trouble of memory. */
                Style high = metric <= METRIC_MEMORY_FULL ? STYLE_WARN : STYLE_PLAIN;
                if (!line->valid)
                        continue;
                table_add_text(&table, STYLE_PLAIN, metric_to_string(metric));
                for (size_t i = 0; i < _PRESSURE_WINDOW_MAX; i++)
                        table_add_text(&table,
                                       line->permyriad[i] >= 1000 ? high : STYLE_PLAIN,
                                       share_text((int) line->permyriad[i]).text);
                table_add_text(&table, now >= 1000 ? high : STYLE_PLAIN, share_text(now).text);
        }
        (void) table_print(&table);
}

static json_object *activity_json(const Inspect *inspect, Activity activity) {
        const ActivityCounts *before = counts_before(inspect), *now = &inspect->now->activity;
        json_object *object = json_object_new_object();

        json_add_known(object, "since-boot", now->total[activity]);
        json_add_known(object, "delta", activity_delta(before, now, activity));
        json_add_known(object, "per-1000-seconds", activity_rate(before, now, activity));
        return object;
}

static void add_efficiency(const Inspect *inspect,
                           json_object *object,
                           const char *key,
                           Activity scan,
                           Activity steal) {
        Efficiency share = efficiency_of(inspect, scan, steal);
        json_object *item = json_object_new_object();

        json_add_known(item, "now-permyriad", share.now);
        json_add_known(item, "since-boot-permyriad", share.boot);
        json_add(object, key, item);
}

json_object *inspect_json_reclaim(const Inspect *inspect) {
        json_object *object = json_object_new_object(), *counts = json_object_new_object();
        int64_t interval = inspect->before
                                   ? (int64_t) (inspect->now->at_usec - inspect->before->at_usec)
                                   : FIGURE_NONE;

        json_add_known(object, "interval-usec", interval);
        for (int i = 0; i < _ACTIVITY_MAX; i++)
                json_add(counts, activity_to_string(i), activity_json(inspect, i));
        json_add(object, "counters", counts);
        add_efficiency(
                inspect, object, "kswapd-efficiency", ACTIVITY_KSWAPD_SCAN, ACTIVITY_KSWAPD_STEAL);
        add_efficiency(
                inspect, object, "direct-efficiency", ACTIVITY_DIRECT_SCAN, ACTIVITY_DIRECT_STEAL);
        json_add(object, "pressure", inspect_json_pressure(inspect));
        return object;
}

json_object *inspect_json_pressure(const Inspect *inspect) {
        static const char *const keys[_PRESSURE_WINDOW_MAX] = {
                "10s-permyriad", "60s-permyriad", "300s-permyriad"};
        json_object *object = NULL;

        if (!(inspect->now->parts & INSPECTION_PRESSURE))
                return NULL;
        object = json_object_new_object();
        for (int metric = 0; metric < _METRIC_MAX; metric++) {
                const PressureLine *line = &inspect->now->pressure.lines[metric];
                json_object *item = line->valid ? json_object_new_object() : NULL;
                for (size_t i = 0; item && i < _PRESSURE_WINDOW_MAX; i++)
                        json_add_known(item, keys[i], line->permyriad[i]);
                if (item) {
                        json_add_known(item, "total-usec", (int64_t) line->total_usec);
                        json_add_known(item,
                                       "now-permyriad",
                                       inspection_stalled(inspect->before, inspect->now, metric));
                }
                json_add(object, metric_to_string(metric), item);
        }
        return object;
}
