/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/activity.h"

static const struct {
        const char *name;
        const char *pattern;
        const char *old; /* what earlier kernels called it, or NULL */
} activities[_ACTIVITY_MAX] = {
        [ACTIVITY_KSWAPD_SCAN] = {"pgscan_kswapd", "pgscan_kswapd", NULL},
        [ACTIVITY_KSWAPD_STEAL] = {"pgsteal_kswapd", "pgsteal_kswapd", NULL},
        [ACTIVITY_DIRECT_SCAN] = {"pgscan_direct", "pgscan_direct", NULL},
        [ACTIVITY_DIRECT_STEAL] = {"pgsteal_direct", "pgsteal_direct", NULL},
        [ACTIVITY_KHUGEPAGED_SCAN] = {"pgscan_khugepaged", "pgscan_khugepaged", NULL},
        [ACTIVITY_KHUGEPAGED_STEAL] = {"pgsteal_khugepaged", "pgsteal_khugepaged", NULL},
        [ACTIVITY_PROACTIVE_SCAN] = {"pgscan_proactive", "pgscan_proactive", NULL},
        [ACTIVITY_PROACTIVE_STEAL] = {"pgsteal_proactive", "pgsteal_proactive", NULL},
        [ACTIVITY_ALLOCSTALL] = {"allocstall", "allocstall*", NULL},
        [ACTIVITY_THROTTLE] = {"pgscan_direct_throttle", "pgscan_direct_throttle", NULL},
        [ACTIVITY_LOW_QUICKLY] = {"kswapd_low_wmark_hit_quickly",
                                  "kswapd_low_wmark_hit_quickly",
                                  NULL},
        [ACTIVITY_HIGH_QUICKLY] = {"kswapd_high_wmark_hit_quickly",
                                   "kswapd_high_wmark_hit_quickly",
                                   NULL},
        [ACTIVITY_REFAULT_ANON] = {"workingset_refault_anon", "workingset_refault_anon", NULL},
        /* One counter for both up to 5.8, when only the page cache had refaults. */
        [ACTIVITY_REFAULT_FILE] = {"workingset_refault_file",
                                   "workingset_refault_file",
                                   "workingset_refault"},
        [ACTIVITY_SWAP_IN] = {"pswpin", "pswpin", NULL},
        [ACTIVITY_SWAP_OUT] = {"pswpout", "pswpout", NULL},
        [ACTIVITY_MAJOR_FAULT] = {"pgmajfault", "pgmajfault", NULL},
        [ACTIVITY_COMPACT_STALL] = {"compact_stall", "compact_stall", NULL},
        [ACTIVITY_COMPACT_FAIL] = {"compact_fail", "compact_fail", NULL},
        [ACTIVITY_COMPACT_SUCCESS] = {"compact_success", "compact_success", NULL},
        [ACTIVITY_KCOMPACTD_WAKE] = {"compact_daemon_wake", "compact_daemon_wake", NULL},
        [ACTIVITY_THP_FAULT] = {"thp_fault_alloc", "thp_fault_alloc", NULL},
        [ACTIVITY_THP_FALLBACK] = {"thp_fault_fallback", "thp_fault_fallback", NULL},
        [ACTIVITY_THP_COLLAPSE] = {"thp_collapse_alloc", "thp_collapse_alloc", NULL},
        [ACTIVITY_THP_COLLAPSE_FAILED] = {"thp_collapse_alloc_failed",
                                          "thp_collapse_alloc_failed",
                                          NULL},
        [ACTIVITY_THP_SPLIT] = {"thp_split_page", "thp_split_page", NULL},
        [ACTIVITY_DIRTIED] = {"nr_dirtied", "nr_dirtied", NULL},
        [ACTIVITY_WRITTEN] = {"nr_written", "nr_written", NULL},
        [ACTIVITY_OOM_KILL] = {"oom_kill", "oom_kill", NULL},
};

const char *activity_to_string(Activity activity) {
        return activities[activity].name;
}

void activity_count(const Figures *vmstat, usec_t at_usec, ActivityCounts *ret) {
        ret->at_usec = at_usec;
        for (size_t i = 0; i < _ACTIVITY_MAX; i++) {
                ret->total[i] = figures_sum(vmstat, activities[i].pattern);
                if (ret->total[i] < 0 && activities[i].old)
                        ret->total[i] = figures_sum(vmstat, activities[i].old);
        }
}

int64_t activity_delta(const ActivityCounts *before, const ActivityCounts *now, Activity activity) {
        if (!before || before->total[activity] < 0 ||
            now->total[activity] < before->total[activity])
                return FIGURE_NONE;
        return now->total[activity] - before->total[activity];
}

int64_t activity_rate(const ActivityCounts *before, const ActivityCounts *now, Activity activity) {
        int64_t delta = activity_delta(before, now, activity);

        if (delta < 0 || now->at_usec <= before->at_usec)
                return FIGURE_NONE;
        __int128 rate = (__int128) delta * 1000 * USEC_PER_SEC / (now->at_usec - before->at_usec);
        return rate > FIGURE_MAX ? FIGURE_MAX : (int64_t) rate;
}
