/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/lint-internal.h"

#define POOL_MAX_PERCENT 80

/* What a setting reserves, in KiB; 0 for other settings. */
static uint64_t reserved_kib(const Lint *lint, const Setting *setting) {
        const char *file = strrchr(setting->ref.knob->path, '/');
        uint64_t bytes = 0, kib = setting->ref.instance_kb, all = 0;

        if (!streq(file, "/nr_hugepages") && !streq(file, "/nr_hugepages_mempolicy"))
                return 0;
        if (kib == 0 && meminfo_read(lint->context->root, "Hugepagesize", &bytes) >= 0)
                kib = bytes / 1024;
        if (__builtin_mul_overflow(kib, setting->value.integers[0].magnitude, &all))
                return UINT64_MAX / 1024;
        return all;
}

static void check_pools(const Lint *lint) {
        const Settings *settings = lint->context->settings;
        uint64_t ram_kib = lint->context->facts->ram_bytes / 1024, all = 0;
        const Setting *last = NULL;

        for (size_t i = 0; i < settings->n; i++) {
                uint64_t kib = reserved_kib(lint, &settings->items[i]);
                if (kib > 0)
                        last = &settings->items[i];
                if (__builtin_add_overflow(all, kib, &all))
                        all = UINT64_MAX / 1024;
        }
        if (last && all / POOL_MAX_PERCENT > ram_kib / 100)
                lint_tell(lint,
                          RULE_HUGEPAGES_SHARE,
                          last,
                          "leave a fifth of RAM to everything else",
                          "%lu MiB of %lu MiB of RAM are reserved for huge pages",
                          (unsigned long) (all / 1024),
                          (unsigned long) (ram_kib / 1024));
}

void lint_huge_pages(const Lint *lint) {
        uint64_t on = 0, none = 0, pmd_pages = lint->context->facts->context.pmd_pages;
        const Setting *setting = NULL;

        check_pools(lint);
        if (lint_sets(lint, "transparent_hugepage.shrink_underused", &on, &setting) && on > 0 &&
            lint_number(lint, "transparent_hugepage.khugepaged.max_ptes_none", &none) &&
            pmd_pages > 0 && none >= pmd_pages - 1)
                lint_tell(lint,
                          RULE_SHRINKER_DISARMED,
                          setting,
                          "set khugepaged.max_ptes_none to 409 or less",
                          "transparent_hugepage.shrink_underused does nothing while "
                          "khugepaged.max_ptes_none is %lu",
                          (unsigned long) none);
}

/* The knob at 0 by which ksmd looks at nothing, or NULL. A change of the mode sets pages_to_scan to
 * 100, or to where the advisor begins. */
static const char *idle_ksm_knob(const Lint *lint) {
        const bool changes = lint_setting(lint, "ksm.advisor_mode");
        const bool advised = lint_is_word(lint, "ksm.advisor_mode", "scan-time");
        const struct {
                const char *knob;
                bool counts;
        } knobs[] = {
                {"ksm.pages_to_scan",
                 !advised && (!changes || lint_setting(lint, "ksm.pages_to_scan"))},
                {"ksm.advisor_max_pages_to_scan", advised},
                {"ksm.advisor_min_pages_to_scan", advised && changes},
        };
        uint64_t number = 0;

        for (size_t i = 0; i < ELEMENTSOF(knobs); i++)
                if (knobs[i].counts && lint_number(lint, knobs[i].knob, &number) && number == 0)
                        return knobs[i].knob;
        return NULL;
}

static void check_ksm_scan(const Lint *lint) {
        const char *idle = idle_ksm_knob(lint);
        uint64_t run = 0;

        if (!idle || !lint_number(lint, "ksm.run", &run) || run != 1)
                return;
        /* The line that brings it about: the profile may set only one of the three. */
        const Setting *setting = lint_setting(lint, idle) ?: lint_setting(lint, "ksm.run");
        setting = setting ?: lint_setting(lint, "ksm.advisor_mode");
        if (setting)
                lint_tell(lint,
                          RULE_KSM_SCANS_NOTHING,
                          setting,
                          "100 pages or more, or ksm.run: 0",
                          "ksm.run is 1, and %s 0: ksmd wakes up and looks at no page",
                          idle);
}

void lint_ksm(const Lint *lint) {
        static const char *const advised[] = {
                "ksm.advisor_max_cpu",
                "ksm.advisor_min_pages_to_scan",
                "ksm.advisor_max_pages_to_scan",
                "ksm.advisor_target_scan_time",
        };
        const Setting *setting = NULL;
        uint64_t number = 0;

        check_ksm_scan(lint);
        if (lint_is_word(lint, "ksm.advisor_mode", "scan-time") &&
            lint_sets(lint, "ksm.pages_to_scan", &number, &setting))
                lint_tell(lint,
                          RULE_KSM_ADVISOR_RULES,
                          setting,
                          "leave one of the two out",
                          "ksm.pages_to_scan is refused while ksm.advisor_mode is scan-time");
        for (size_t i = 0; i < ELEMENTSOF(advised); i++)
                if (lint_is_word(lint, "ksm.advisor_mode", "none") &&
                    lint_sets(lint, advised[i], &number, &setting))
                        lint_tell(lint,
                                  RULE_KSM_ADVISOR_IDLE,
                                  setting,
                                  "set ksm.advisor_mode: scan-time too, or leave it out",
                                  "%s does nothing while ksm.advisor_mode is none",
                                  advised[i]);
}
