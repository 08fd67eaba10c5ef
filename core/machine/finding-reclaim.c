/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/finding-rules.h"

/* What somebody waits for: stalls, and the work that causes them. Most need two readings. */

/* In 1/10000. */
#define PRESSURE_HIGH 1000
#define STEAL_LOW 3000
#define COMPACT_FAIL_HIGH 8000
/* A second. */
#define STALLS_HIGH 10
#define SCANS_MIN 4096
#define SWAP_IN_HIGH 1024
#define COMPACT_MIN 10

/* The average of ten seconds, or what is now, whichever is more; -1 when neither is known. */
static int stalled(const Case *c, Metric metric) {
        const PressureLine *line = &c->now->pressure.lines[metric];
        int average = line->valid ? (int) line->permyriad[PRESSURE_10S] : -1;

        return MAX_OF(average, inspection_stalled(c->before, c->now, metric));
}

void finding_rule_pressure(const Case *c) {
        char some_text[16], full_text[16];

        if (!case_has(c, INSPECTION_PRESSURE))
                return;
        int some = stalled(c, METRIC_MEMORY_SOME), full = stalled(c, METRIC_MEMORY_FULL);
        if (some < PRESSURE_HIGH)
                return;
        format_share((unsigned) some, some_text);
        format_share((unsigned) MAX_OF(full, 0), full_text);
        finding_add(c,
                    full >= PRESSURE_HIGH ? FINDING_BAD : FINDING_WARNING,
                    "memory-pressure",
                    NULL,
                    "whose it is: memctl inspect cgroups",
                    "Some task waited for memory %s of the time, all of them together %s.",
                    some_text,
                    full_text);
}

void finding_rule_direct_reclaim(const Case *c) {
        int64_t stalls = case_rate(c, ACTIVITY_ALLOCSTALL);
        int64_t throttled = case_rate(c, ACTIVITY_THROTTLE);

        if (throttled > 0)
                finding_add(c,
                            FINDING_BAD,
                            "reclaim-throttled",
                            "vm.watermark_scale_factor",
                            "memctl inspect reclaim",
                            "Tasks are put to sleep until kswapd has freed something, %lld a "
                            "second: it cannot keep up.",
                            (long long) throttled);
        else if (stalls >= STALLS_HIGH)
                finding_add(c,
                            FINDING_WARNING,
                            "direct-reclaim",
                            "vm.watermark_scale_factor",
                            "memctl inspect reclaim",
                            "%lld allocations a second had to reclaim memory themselves: kswapd "
                            "starts too late.",
                            (long long) stalls);
}

void finding_rule_kswapd(const Case *c) {
        int64_t scanned = case_rate(c, ACTIVITY_KSWAPD_SCAN);
        int64_t freed = case_rate(c, ACTIVITY_KSWAPD_STEAL);
        char percent[16];

        if (scanned < SCANS_MIN || freed < 0)
                return;
        unsigned share = share_of((uint64_t) freed, (uint64_t) scanned);
        if (share >= STEAL_LOW)
                return;
        format_share(share, percent);
        finding_add(c,
                    FINDING_WARNING,
                    "kswapd-inefficient",
                    "vm.swappiness",
                    "memctl inspect reclaim",
                    "kswapd looks at %lld pages a second and can free %s of them: the rest is in "
                    "use, dirty or has no swap to go to.",
                    (long long) scanned,
                    percent);
}

void finding_rule_swapping(const Case *c) {
        int64_t in = case_rate(c, ACTIVITY_SWAP_IN);
        char size[32];

        if (in < SWAP_IN_HIGH)
                return;
        format_size((uint64_t) in * c->now->facts->context.page_bytes, size);
        finding_add(c,
                    FINDING_WARNING,
                    "swapping-in",
                    "vm.swappiness",
                    "who was swapped out: memctl inspect processes",
                    "%s a second come back from swap: what was taken out is needed.",
                    size);
}

void finding_rule_compaction(const Case *c) {
        int64_t failed = case_rate(c, ACTIVITY_COMPACT_FAIL);
        int64_t succeeded = case_rate(c, ACTIVITY_COMPACT_SUCCESS);
        char percent[16];

        if (failed < 0 || succeeded < 0 || failed + succeeded < COMPACT_MIN)
                return;
        unsigned share = share_of((uint64_t) failed, (uint64_t) (failed + succeeded));
        if (share < COMPACT_FAIL_HIGH)
                return;
        format_share(share, percent);
        finding_add(c,
                    FINDING_WARNING,
                    "compaction-fails",
                    "transparent_hugepage.defrag",
                    "memctl inspect buddy",
                    "%lld times a second a task moves pages about to get a large piece, and %s of "
                    "that is in vain.",
                    (long long) (failed + succeeded),
                    percent);
}

void finding_rule_oom(const Case *c) {
        int64_t total = c->now->activity.total[ACTIVITY_OOM_KILL];
        int64_t now = activity_delta(
                c->before ? &c->before->activity : NULL, &c->now->activity, ACTIVITY_OOM_KILL);

        if (!case_has(c, INSPECTION_ACTIVITY) || total <= 0)
                return;
        finding_add(c,
                    now > 0 ? FINDING_BAD : FINDING_NOTE,
                    now > 0 ? "oom-kill-now" : "oom-kill",
                    "vm.overcommit_memory",
                    "memctl oom",
                    now > 0 ? "The OOM killer is at work: processes killed since boot: %lld."
                            : "Processes that the OOM killer ended since boot, in cgroups as well: "
                              "%lld.",
                    (long long) total);
}
