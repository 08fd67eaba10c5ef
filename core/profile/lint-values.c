/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/lint-internal.h"

/* A single number that is wrong by itself, whatever else is set. */
typedef struct Threshold {
        RuleId rule;
        const char *knob;
        uint64_t first; /* first .. last are told of */
        uint64_t last;
        const char *what; /* follows "KNOB = N" */
        const char *hint;
} Threshold;

/* clang-format off */
static const Threshold thresholds[] = {
        {RULE_COMPACTION_ENDLESS, "vm.compaction_proactiveness", 81, 100, "compacts without end", "20 to 50 is what helps"},
        {RULE_LAPTOP_MODE, "vm.laptop_mode", 1, UINT64_MAX, "delays writes and keeps reclaim from writing", "leave it out"},
        {RULE_LRU_GEN_KILLS, "lru_gen.min_ttl_ms", 5001, UINT64_MAX, "calls the OOM killer when the working set of that time does not fit", "1000 at most, or 0"},
        {RULE_MAP_COUNT_LOW, "vm.max_map_count", 0, 65529, "is below the kernel's default of 65530", "a higher limit costs nothing"},
        {RULE_MEMORY_ERRORS_PANIC, "vm.memory_failure_recovery", 0, 0, "panics the machine on a memory error", "leave it out"},
        {RULE_MIN_FREE_TINY, "vm.min_free_kbytes", 0, 1023, "leaves the kernel less than it needs to reclaim", "leave it to the kernel"},
        {RULE_OOM_DUMP_OFF, "vm.oom_dump_tasks", 0, 0, "leaves no record of who used the memory", "leave it at 1"},
        {RULE_OOM_INNOCENT, "vm.oom_kill_allocating_task", 1, 1, "kills whoever asked just now", "leave it at 0"},
        {RULE_OOM_PANIC_CONTAINERS, "vm.panic_on_oom", 2, 2, "lets a container that reaches its limit stop the machine", "1, or 0"},
        {RULE_PAGE_CLUSTER_WIDE, "vm.page-cluster", 6, 63, "reads more than 32 pages from swap for one: it is a power of two", "0 to 3"},
        {RULE_PERCPU_LISTS_WIDE, "vm.percpu_pagelist_high_fraction", 8, 63, "hides much memory on lists of single CPUs", "some hundreds, or 0"},
        {RULE_SECURITY_WEAKENED, "vm.mmap_min_addr", 0, 4095, "lets programs map the first page, which makes NULL pointers of the kernel exploitable", "leave it out"},
        {RULE_SECURITY_WEAKENED, "vm.unprivileged_userfaultfd", 1, 1, "makes races of the kernel easier to exploit", "leave it out"},
        {RULE_DIRTYTIME_ZERO, "vm.dirtytime_expire_seconds", 0, 0, "keeps a CPU busy for ever on most kernels", "43200 is the kernel's default"},
        {RULE_VFS_NEVER_FREED, "vm.vfs_cache_pressure", 0, 0, "never frees names and attributes of files", "50 keeps them twice as long"},
        {RULE_WATERMARK_WIDE, "vm.watermark_scale_factor", 1001, UINT64_MAX, "keeps a fifth of memory free and more", "50 to 200"},
        {RULE_WRITEBACK_OFF, "vm.dirty_writeback_centisecs", 0, 0, "writes nothing by age: a crash loses hours", "500 is the kernel's default"},
        {RULE_ZSWAP_POOL_LARGE, "zswap.max_pool_percent", 51, UINT64_MAX, "takes the memory of what it should serve", "20 to 40"},
        {RULE_KSM_UNMERGE, "ksm.run", 2, 2, "copies all merged pages at once", "0 stops merging and keeps what is merged"},
};
/* clang-format on */

void lint_values(const Lint *lint) {
        for (size_t i = 0; i < ELEMENTSOF(thresholds); i++) {
                const Threshold *threshold = &thresholds[i];
                const Setting *setting = NULL;
                uint64_t number = 0;
                if (!lint_sets(lint, threshold->knob, &number, &setting) ||
                    number < threshold->first || number > threshold->last)
                        continue;
                lint_tell(lint,
                          threshold->rule,
                          setting,
                          threshold->hint,
                          "%s = %lu %s",
                          threshold->knob,
                          (unsigned long) number,
                          threshold->what);
        }
}
