/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/khugepaged.h"
#include "core/profile/lint-internal.h"

static void check_swappiness(const Lint *lint) {
        unsigned kinds = lint->context->facts->swap_kinds;
        const Setting *setting = NULL;
        uint64_t swappiness = 0, zswap = 0;

        if (!lint_sets(lint, "vm.swappiness", &swappiness, &setting))
                return;
        if (swappiness == 0)
                lint_tell(lint,
                          RULE_SWAPPINESS_ZERO,
                          setting,
                          "1 keeps programs in memory as well",
                          "vm.swappiness = 0 brings the OOM killer before swap is used");
        if (swappiness > 100 && kinds & (SWAP_DISK | SWAP_FILE) &&
            !(lint_number(lint, "zswap.enabled", &zswap) && zswap > 0))
                lint_tell(lint,
                          RULE_SWAPPINESS_HIGH,
                          setting,
                          "add \"when: {swap: [zram]}\", or stay at 100",
                          "vm.swappiness = %lu swaps programs out to keep files cached, and this "
                          "machine's swap is no faster than its files",
                          (unsigned long) swappiness);
}

static void check_swap(const Lint *lint) {
        unsigned kinds = lint->context->facts->swap_kinds;
        const Setting *setting = NULL;
        uint64_t number = 0;

        if (kinds == SWAP_ZRAM && lint_sets(lint, "vm.page-cluster", &number, &setting) &&
            number > 0)
                lint_tell(lint,
                          RULE_PAGE_CLUSTER_ZRAM,
                          setting,
                          "0",
                          "vm.page-cluster = %lu reads ahead from swap that has no seeks to save",
                          (unsigned long) number);
        if (!(kinds & (SWAP_DISK | SWAP_FILE)) &&
            lint_sets(lint, "zswap.enabled", &number, &setting) && number > 0)
                lint_tell(lint,
                          RULE_ZSWAP_POINTLESS,
                          setting,
                          "add \"when: {swap: [disk, file]}\"",
                          kinds & SWAP_ZRAM ? "zswap before zram compresses each page twice"
                                            : "zswap does nothing on a machine without swap");
}

/* hugepage_pmd_enabled(): by the word for all sizes, or by that of the large one. */
static bool has_huge_pages(const Lint *lint) {
        const KnobContext *context = &lint->context->facts->context;
        char size[KNOB_NAME_MAX];
        const char *const knobs[] = {"transparent_hugepage.enabled", size};

        (void) snprintf(size,
                        sizeof(size),
                        "transparent_hugepage.hugepages-%lukB.enabled",
                        (unsigned long) (context->pmd_pages * context->page_bytes / 1024));
        for (size_t i = 0; i < ELEMENTSOF(knobs); i++)
                if (lint_is_word(lint, knobs[i], "always") ||
                    lint_is_word(lint, knobs[i], "madvise"))
                        return true;
        return false;
}

static void check_khugepaged(const Lint *lint, const Setting *setting, uint64_t kib) {
        uint64_t scale = 10; /* the default */

        if (setting->only == ONLY_RAISE || !has_huge_pages(lint))
                return;
        (void) lint_number(lint, "vm.watermark_scale_factor", &scale);
        uint64_t need =
                khugepaged_min_free_kib(lint->context->root, lint->context->facts, kib, scale);
        if (kib < need)
                lint_tell(lint,
                          RULE_MIN_FREE_WITH_THP,
                          setting,
                          "write {value: ..., only: raise}",
                          "vm.min_free_kbytes = %lu is set flatly, and the kernel raises it to %lu "
                          "for huge pages",
                          (unsigned long) kib,
                          (unsigned long) need);
}

static void check_min_free(const Lint *lint) {
        uint64_t kib = 0, ram = lint->context->facts->ram_bytes;
        const Setting *setting = NULL;

        if (!lint_sets(lint, "vm.min_free_kbytes", &kib, &setting) || ram == 0)
                return;
        unsigned long percent = (unsigned long) (kib / (ram / 1024 / 100 + 1));
        if (percent >= 5)
                lint_tell(lint,
                          percent >= 10 ? RULE_MIN_FREE_SHARE_HUGE : RULE_MIN_FREE_SHARE,
                          setting,
                          "write {of-ram: 1%, at-most: 1GiB}",
                          "vm.min_free_kbytes = %lu is %lu %% of RAM, which no program can use",
                          (unsigned long) kib,
                          percent);
        check_khugepaged(lint, setting, kib);
}

static void check_numa(const Lint *lint) {
        static const char *const idle[] = {"vm.min_unmapped_ratio", "vm.min_slab_ratio"};
        const Setting *setting = NULL;
        uint64_t mode = 0, number = 0;

        if (lint->context->facts->n_nodes == 1 &&
            lint_sets(lint, "vm.zone_reclaim_mode", &mode, &setting) && mode > 0)
                lint_tell(lint,
                          RULE_ZONE_RECLAIM_ONE_NODE,
                          setting,
                          "say it in an override with when: {nodes: \">= 2\"}",
                          "vm.zone_reclaim_mode = %lu on a machine with one NUMA node",
                          (unsigned long) mode);
        for (size_t i = 0; i < ELEMENTSOF(idle); i++)
                if (lint_sets(lint, idle[i], &number, &setting) &&
                    lint_number(lint, "vm.zone_reclaim_mode", &mode) && mode == 0)
                        lint_tell(lint,
                                  RULE_NUMA_KNOB_IDLE,
                                  setting,
                                  "leave it out",
                                  "%s does nothing while vm.zone_reclaim_mode is 0",
                                  idle[i]);
}

static void check_denominator(const Lint *lint) {
        const Setting *setting = NULL, *pressure = NULL;
        uint64_t number = 0;

        if (lint_sets(lint, "vm.vfs_cache_pressure_denom", &number, &setting) &&
            !lint_sets(lint, "vm.vfs_cache_pressure", &number, &pressure))
                lint_tell(lint,
                          RULE_VFS_DENOM_ALONE,
                          setting,
                          "set vm.vfs_cache_pressure too",
                          "vm.vfs_cache_pressure_denom divides a pressure that the profile does "
                          "not set");
}

void lint_reclaim(const Lint *lint) {
        check_swappiness(lint);
        check_swap(lint);
        check_min_free(lint);
        check_numa(lint);
        check_denominator(lint);
}
