/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Every rule: a profile that breaks it, and its near miss that does not. The profiles are judged
 * for a made machine of 8 GiB, one NUMA node, without swap, whose knobs all read 0 or "[never]"
 * unless a case says otherwise.
 */

#include "core/profile/lint.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/made-machine.h"
#include "tests/support/tree.h"

#define LIMITS "watch: {limits: {memory.full: 10% over 2s}}\n"
#define SYSCTL(text) "sysctl: {" text "}\n" LIMITS

typedef struct Case {
        const char *rule;
        const char *bad; /* without its head */
        const char *good;
        unsigned swap_kinds; /* 0: none */
        bool strict;
        const char *knob; /* a live value beside the profile's */
        const char *live;
        unsigned nodes;   /* 0: one */
        unsigned assumed; /* what was said of a machine that is not at hand */
} Case;

/* clang-format off */
static const Case cases[] = {
        {"background-above-limit", SYSCTL("vm.dirty_background_bytes: 2GiB, vm.dirty_ratio: 20"), SYSCTL("vm.dirty_background_bytes: 1GiB, vm.dirty_ratio: 20")},
        {"background-above-limit", SYSCTL("vm.dirty_background_ratio: 20"), SYSCTL("vm.dirty_background_ratio: 19"), .knob = "vm.dirty_ratio", .live = "20\n"},
        {"compaction-endless", SYSCTL("vm.compaction_proactiveness: 100"), SYSCTL("vm.compaction_proactiveness: 80")},
        {"dirty-huge", SYSCTL("vm.dirty_bytes: 21GiB"), SYSCTL("vm.dirty_bytes: 20GiB")},
        {"dirty-tiny", SYSCTL("vm.dirty_bytes: 512KiB"), SYSCTL("vm.dirty_bytes: 1MiB")},
        {"dirtytime-zero", SYSCTL("vm.dirtytime_expire_seconds: 0"), SYSCTL("vm.dirtytime_expire_seconds: 1")},
        {"expire-below-wakeup", SYSCTL("vm.dirty_expire_centisecs: 1s, vm.dirty_writeback_centisecs: 5s"), SYSCTL("vm.dirty_expire_centisecs: 5s, vm.dirty_writeback_centisecs: 5s")},
        {"expire-below-wakeup", SYSCTL("vm.dirty_expire_centisecs: 1s"), SYSCTL("vm.dirty_expire_centisecs: 6s"), .knob = "vm.dirty_writeback_centisecs", .live = "500\n"},
        {"hugepages-share", "hugepages: {hugepages-2048kB: {nr_hugepages: 3400}}\n" LIMITS, "hugepages: {hugepages-2048kB: {nr_hugepages: 3200}}\n" LIMITS},
        {"knob-not-everywhere", SYSCTL("vm.defrag_mode: {value: 1, source: s, reviewed: 2026-11}"), SYSCTL("vm.defrag_mode: {value: 1, optional: true, source: s, reviewed: 2026-11}"), .strict = true},
        {"knob-not-everywhere", SYSCTL("vm.defrag_mode: {value: 1, source: s, reviewed: 2026-11}"), "when: {kernel: '>= 6.15'}\n" SYSCTL("vm.defrag_mode: {value: 1, source: s, reviewed: 2026-11}"), .strict = true},
        {"knob-not-everywhere", SYSCTL("vm.laptop_mode: {value: 0, source: s, reviewed: 2026-11}"), "when: {kernel: '< 7.0'}\n" SYSCTL("vm.laptop_mode: {value: 0, source: s, reviewed: 2026-11}"), .strict = true},
        {"knob-not-everywhere", "when: {kernel: '<= 7.0'}\n" SYSCTL("vm.laptop_mode: {value: 0, source: s, reviewed: 2026-11}"), "when: {kernel: '<= 6.19'}\n" SYSCTL("vm.laptop_mode: {value: 0, source: s, reviewed: 2026-11}"), .strict = true},
        {"knob-not-everywhere", "when: {kernel: '>= 6.14'}\n" SYSCTL("vm.defrag_mode: {value: 1, source: s, reviewed: 2026-11}"), "when: {kernel: '> 6.14'}\n" SYSCTL("vm.defrag_mode: {value: 1, source: s, reviewed: 2026-11}"), .strict = true},
        {"knob-not-everywhere", "when: {kernel: '>= 5.15'}\n" SYSCTL("vm.defrag_mode: {value: 1, source: s, reviewed: 2026-11}"), "when: {kernel: '= 6.18'}\n" SYSCTL("vm.defrag_mode: {value: 1, source: s, reviewed: 2026-11}"), .strict = true},
        {"knob-not-everywhere", "inherits: [first]\n" SYSCTL("vm.defrag_mode: {value: 1, source: s, reviewed: 2026-11}"), "inherits: [new-kernels]\n" SYSCTL("vm.defrag_mode: {value: 1, source: s, reviewed: 2026-11}"), .strict = true},
        {"knob-not-everywhere", "overrides: [{when: {kernel: '>= 6.1'}, sysctl: {vm.defrag_mode: {value: 1, source: s, reviewed: 2026-11}}}]\n" LIMITS, "overrides: [{when: {kernel: '>= 6.15'}, sysctl: {vm.defrag_mode: {value: 1, source: s, reviewed: 2026-11}}}]\n" LIMITS, .strict = true},
        {"knob-not-everywhere", "overrides: [{when: {nodes: '>= 1'}, sysctl: {vm.defrag_mode: {value: 1, source: s, reviewed: 2026-11}}}]\n" LIMITS, "when: {kernel: '>= 6.15'}\n" "overrides: [{when: {nodes: '>= 1'}, sysctl: {vm.defrag_mode: {value: 1, source: s, reviewed: 2026-11}}}]\n" LIMITS, .strict = true},
        {"knob-not-everywhere", "sysctl: {vm.defrag_mode: {value: 1, source: s, reviewed: 2026-11}}\noverrides: [{when: {kernel: '>= 6.15'}, sysctl: {vm.defrag_mode: {value: 1, source: s, reviewed: 2026-11}}}]\n" LIMITS, "sysctl: {vm.defrag_mode: {value: 1, source: s, reviewed: 2026-11}}\noverrides: [{when: {kernel: '< 6.15'}, sysctl: {vm.defrag_mode: {value: 1, optional: true, source: s, reviewed: 2026-11}}}]\n" LIMITS, .strict = true},
        {"knob-not-everywhere", "overrides: [{when: {kernel: '< 6.10'}, sysctl: {vm.defrag_mode: {value: 1, source: s, reviewed: 2026-11}}}]\n" LIMITS, "overrides: [{when: {kernel: '< 6.10'}, sysctl: {vm.defrag_mode: {value: 1, optional: true, source: s, reviewed: 2026-11}}}]\n" LIMITS, .strict = true},
        {"ksm-advisor-idle", "ksm: {advisor_max_cpu: 10, advisor_mode: none}\n" LIMITS, "ksm: {advisor_max_cpu: 10, advisor_mode: scan-time}\n" LIMITS},
        {"ksm-advisor-rules", "ksm: {pages_to_scan: 10, advisor_mode: scan-time}\n" LIMITS, "ksm: {pages_to_scan: 10, advisor_mode: none}\n" LIMITS},
        {"ksm-scans-nothing", "ksm: {run: 1, pages_to_scan: 0}\n" LIMITS, "ksm: {run: 1, pages_to_scan: 1}\n" LIMITS},
        {"ksm-scans-nothing", "ksm: {run: 1}\n" LIMITS, "ksm: {run: 0}\n" LIMITS},
        {"ksm-scans-nothing", "ksm: {pages_to_scan: 0}\n" LIMITS, "ksm: {pages_to_scan: 1}\n" LIMITS, .knob = "ksm.run", .live = "1\n"},
        {"ksm-scans-nothing", "ksm: {run: 1, advisor_mode: scan-time, advisor_max_pages_to_scan: 0, advisor_min_pages_to_scan: 9}\n" LIMITS, "ksm: {run: 1, advisor_mode: scan-time, advisor_max_pages_to_scan: 9, advisor_min_pages_to_scan: 9}\n" LIMITS},
        {"ksm-scans-nothing", "ksm: {run: 1, advisor_mode: scan-time, advisor_max_pages_to_scan: 9, advisor_min_pages_to_scan: 0}\n" LIMITS, "ksm: {run: 0, advisor_mode: scan-time, advisor_max_pages_to_scan: 9, advisor_min_pages_to_scan: 0}\n" LIMITS},
        {"ksm-scans-nothing", "ksm: {run: 1, advisor_max_pages_to_scan: 0}\n" LIMITS, "ksm: {run: 1, advisor_mode: none}\n" LIMITS, .knob = "ksm.advisor_mode", .live = "none [scan-time]\n"},
        {"ksm-unmerge", "ksm: {run: 2}\n" LIMITS, "ksm: {run: 1}\n" LIMITS},
        {"laptop-mode", SYSCTL("vm.laptop_mode: 5"), SYSCTL("vm.laptop_mode: 0")},
        {"lru-gen-kills", "lru_gen: {min_ttl_ms: 10s}\n" LIMITS, "lru_gen: {min_ttl_ms: 1s}\n" LIMITS},
        {"map-count-low", SYSCTL("vm.max_map_count: 1000"), SYSCTL("vm.max_map_count: 65530")},
        {"memory-errors-panic", SYSCTL("vm.memory_failure_recovery: 0"), SYSCTL("vm.memory_failure_recovery: 1")},
        {"min-free-share", SYSCTL("vm.min_free_kbytes: 500MiB"), SYSCTL("vm.min_free_kbytes: 300MiB")},
        {"min-free-share-huge", SYSCTL("vm.min_free_kbytes: 900MiB"), SYSCTL("vm.min_free_kbytes: 700MiB")},
        {"min-free-tiny", SYSCTL("vm.min_free_kbytes: 1023"), SYSCTL("vm.min_free_kbytes: 1024")},
        {"min-free-with-thp", SYSCTL("vm.min_free_kbytes: 65MiB") "transparent_hugepage: {enabled: always}\n", SYSCTL("vm.min_free_kbytes: 66MiB") "transparent_hugepage: {enabled: always}\n"},
        {"min-free-with-thp", SYSCTL("vm.min_free_kbytes: 65MiB") "transparent_hugepage: {enabled: madvise}\n", SYSCTL("vm.min_free_kbytes: 65MiB") "transparent_hugepage: {enabled: never}\n"},
        {"min-free-with-thp", SYSCTL("vm.min_free_kbytes: 65MiB") "transparent_hugepage: {enabled: always}\n", SYSCTL("vm.min_free_kbytes: {value: 65MiB, only: raise}") "transparent_hugepage: {enabled: always}\n"},
        {"min-free-with-thp", SYSCTL("vm.min_free_kbytes: 132MiB") "transparent_hugepage: {enabled: always}\n", SYSCTL("vm.min_free_kbytes: 154MiB") "transparent_hugepage: {enabled: always}\n", .nodes = 5},
        {"min-free-with-thp", SYSCTL("vm.min_free_kbytes: 65MiB") "transparent_hugepage: {hugepages-2048kB: {enabled: madvise}}\n", SYSCTL("vm.min_free_kbytes: 65MiB") "transparent_hugepage: {hugepages-64kB: {enabled: madvise}}\n"},
        {"no-limits", "sysctl: {vm.swappiness: 10}\n", SYSCTL("vm.swappiness: 10")},
        {"no-source", SYSCTL("vm.swappiness: 10"), SYSCTL("vm.swappiness: {value: 10, source: s, reviewed: 2026-11}"), .strict = true},
        {"no-source", SYSCTL("vm.swappiness: {value: 10, source: s}"), SYSCTL("vm.swappiness: {value: 10, source: s, reviewed: 2026-11}"), .strict = true},
        {"numa-knob-idle", SYSCTL("vm.min_slab_ratio: 7"), SYSCTL("vm.min_slab_ratio: 7, vm.zone_reclaim_mode: 1")},
        {"oom-dump-off", SYSCTL("vm.oom_dump_tasks: 0"), SYSCTL("vm.oom_dump_tasks: 1")},
        {"oom-innocent", SYSCTL("vm.oom_kill_allocating_task: 1"), SYSCTL("vm.oom_kill_allocating_task: 0")},
        {"oom-kill-system", "watch: {limits: {oom-kill: 1}}\n", "watch: {pressure-of: a.service, limits: {oom-kill: 1}}\n"},
        {"no-limits", "sysctl: {vm.swappiness: 10}\n", "watch: {pressure-of: a.service, limits: {oom-kill: 1}}\n"},
        {"oom-panic-containers", SYSCTL("vm.panic_on_oom: 2"), SYSCTL("vm.panic_on_oom: 1")},
        {"overcommit-idle", SYSCTL("vm.overcommit_ratio: 90"), SYSCTL("vm.overcommit_ratio: 90, vm.overcommit_memory: 2")},
        {"overcommit-narrow", SYSCTL("vm.overcommit_memory: 2, vm.overcommit_ratio: 50"), SYSCTL("vm.overcommit_memory: 2, vm.overcommit_ratio: 80")},
        {"overcommit-narrow", SYSCTL("vm.overcommit_memory: 2, vm.overcommit_kbytes: 4GiB"), SYSCTL("vm.overcommit_memory: 2, vm.overcommit_kbytes: 7GiB")},
        {"page-cluster-wide", SYSCTL("vm.page-cluster: 8"), SYSCTL("vm.page-cluster: 5")},
        {"page-cluster-zram", SYSCTL("vm.page-cluster: 3"), SYSCTL("vm.page-cluster: 0"), .swap_kinds = SWAP_ZRAM},
        {"pair-twice", SYSCTL("vm.dirty_bytes: 64MiB, vm.dirty_ratio: 10"), SYSCTL("vm.dirty_bytes: 64MiB")},
        {"parents-disagree", "inherits: [first, second]\n", "inherits: [first, third]\n"},
        {"parents-disagree", "inherits: [first, second]\n", "inherits: [first, second]\nsysctl: {vm.overcommit_memory: 0}\n"},
        {"parents-disagree", "inherits: [ratio, bytes]\n", "inherits: [ratio, bytes]\nsysctl: {vm.dirty_ratio: 30}\n"},
        {"parents-disagree", "inherits: [bytes, ratio]\n", "inherits: [bytes, bytes-too]\n"},
        {"percpu-lists-wide", SYSCTL("vm.percpu_pagelist_high_fraction: 8"), SYSCTL("vm.percpu_pagelist_high_fraction: 500")},
        {"probation-short", "watch: {probation: 1min, limits: {memory.full: 10% over 2s}}\n", "watch: {probation: 5min, limits: {memory.full: 10% over 2s}}\n"},
        {"security-weakened", SYSCTL("vm.mmap_min_addr: 0"), SYSCTL("vm.mmap_min_addr: 65536")},
        {"security-weakened", SYSCTL("vm.unprivileged_userfaultfd: 1"), SYSCTL("vm.unprivileged_userfaultfd: 0")},
        {"shrinker-disarmed", "transparent_hugepage: {shrink_underused: 1, khugepaged: {max_ptes_none: 511}}\n" LIMITS, "transparent_hugepage: {shrink_underused: 1, khugepaged: {max_ptes_none: 409}}\n" LIMITS},
        {"swappiness-high", SYSCTL("vm.swappiness: 101"), SYSCTL("vm.swappiness: 100"), .swap_kinds = SWAP_DISK},
        {"swappiness-high", SYSCTL("vm.swappiness: 180"), SYSCTL("vm.swappiness: 180") "zswap: {enabled: true}\n", .swap_kinds = SWAP_FILE},
        {"swappiness-zero", SYSCTL("vm.swappiness: 0"), SYSCTL("vm.swappiness: 1")},
        {"trigger-as-setting", SYSCTL("vm.drop_caches: 3"), SYSCTL("vm.vfs_cache_pressure: 200")},
        {"vfs-denom-alone", SYSCTL("vm.vfs_cache_pressure_denom: 200"), SYSCTL("vm.vfs_cache_pressure_denom: 200, vm.vfs_cache_pressure: 200")},
        {"vfs-never-freed", SYSCTL("vm.vfs_cache_pressure: 0"), SYSCTL("vm.vfs_cache_pressure: 1")},
        {"watermark-wide", SYSCTL("vm.watermark_scale_factor: 1001"), SYSCTL("vm.watermark_scale_factor: 1000")},
        {"writeback-off", SYSCTL("vm.dirty_writeback_centisecs: 0"), SYSCTL("vm.dirty_writeback_centisecs: 1")},
        {"zone-reclaim-one-node", SYSCTL("vm.zone_reclaim_mode: 1"), SYSCTL("vm.zone_reclaim_mode: 0")},
        {"zswap-pool-large", "zswap: {max_pool_percent: 60}\n" LIMITS, "zswap: {max_pool_percent: 50}\n" LIMITS},
        {"zswap-pointless", "zswap: {enabled: true}\n" LIMITS, "zswap: {enabled: false}\n" LIMITS},
        {"zswap-pointless", "zswap: {enabled: true}\n" LIMITS, "zswap: {enabled: false}\n" LIMITS, .swap_kinds = SWAP_ZRAM},
};
/* clang-format on */

static void judge(const MadeMachine *machine, const Case *what, Problems *problems) {
        _cleanup_(profile_freep) Profile *profile = NULL;
        _cleanup_(settings_freep) Settings *settings = NULL;

        if (store_load(machine->root, "x", STORE_ANY, problems, &profile) < 0 ||
            resolve_profile(
                    machine->root, profile, STORE_ANY, &machine->facts, problems, &settings) < 0)
                return;
        assert_true(settings->applicable);
        const LintContext context = {
                .root = machine->root,
                .trust = STORE_ANY,
                .facts = &machine->facts,
                .profile = profile,
                .settings = settings,
                .strict = what->strict,
        };
        assert_true(lint_check(&context, problems) != -ENOMEM);
}

/* The ids of the rules that a profile breaks, "a b". */
static char *broken_rules(const Case *what, const char *body) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        MadeMachine machine;
        char *text = NULL;
        size_t size = 0;

        made_machine_init(&machine, 6, 18);
        machine.facts.assumed = what->assumed;
        machine.facts.n_nodes = what->nodes > 0 ? what->nodes : 1;
        if (what->swap_kinds)
                machine.facts.swap_kinds = what->swap_kinds;
        if (what->knob) {
                char path[KNOB_PATH_MAX];
                KnobRef ref;
                assert_int_equal(knob_ref_parse(what->knob, &ref), 0);
                knob_ref_path(ref, path);
                assert_int_equal(tree_write(machine.tree, path, what->live), 0);
        }
        made_machine_profile(&machine,
                             "first",
                             "profile: first\nsummary: s\n" SYSCTL("vm.overcommit_memory: 1"));
        made_machine_profile(&machine,
                             "second",
                             "profile: second\nsummary: s\n" SYSCTL("vm.overcommit_memory: 2"));
        made_machine_profile(&machine,
                             "third",
                             "profile: third\nsummary: s\ninherits: [first]\n" SYSCTL(
                                     "vm.overcommit_memory: 0"));
        made_machine_profile(
                &machine, "ratio", "profile: ratio\nsummary: s\n" SYSCTL("vm.dirty_ratio: 20"));
        made_machine_profile(
                &machine, "bytes", "profile: bytes\nsummary: s\n" SYSCTL("vm.dirty_bytes: 1GiB"));
        made_machine_profile(&machine,
                             "bytes-too",
                             "profile: bytes-too\nsummary: s\n" SYSCTL("vm.dirty_bytes: 1024MiB"));
        made_machine_profile(
                &machine,
                "new-kernels",
                "profile: new-kernels\nsummary: s\nwhen: {kernel: '>= 6.15'}\n" SYSCTL(
                        "vm.vfs_cache_pressure: {value: 90, source: s, reviewed: 2026-11}"));
        _cleanup_(freep) char *profile = text_format("profile: x\nsummary: s\n%s", body);
        made_machine_profile(&machine, "x", profile);
        judge(&machine, what, &problems);
        FILE *out = open_memstream(&text, &size);
        for (size_t i = 0; i < problems.n; i++) {
                assert_non_null(problems.items[i].message);
                (void) fprintf(out,
                               "%s%s",
                               i > 0 ? " " : "",
                               problems.items[i].id ? problems.items[i].id
                                                    : problems.items[i].message);
                /* It names the file: the profile's own, unless a parent says it. */
                assert_non_null(problems.items[i].file);
                assert_true(strstr(body, "inherits") || strstr(problems.items[i].file, "/x.yaml"));
                /* Where it names a line, it shows it. */
                assert_true(!problems.items[i].line == !problems.items[i].quote);
                assert_true(!problems.items[i].line == !problems.items[i].column);
        }
        assert_int_equal(fclose(out), 0);
        made_machine_done(&machine);
        return text;
}

static bool has_word(const char *text, const char *word) {
        size_t n = strlen(word);

        for (const char *p = text; (p = strstr(p, word)); p += n)
                if ((p == text || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
                        return true;
        return false;
}

static void test_each_rule_is_broken_by_its_case_and_by_no_near_miss(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(freep) char *bad = broken_rules(&cases[i], cases[i].bad);
                _cleanup_(freep) char *good = broken_rules(&cases[i], cases[i].good);
                if (!has_word(bad, cases[i].rule) || has_word(good, cases[i].rule))
                        print_error("%s: bad gives \"%s\", good gives \"%s\"\n",
                                    cases[i].rule,
                                    bad,
                                    good);
                assert_true(has_word(bad, cases[i].rule));
                assert_false(has_word(good, cases[i].rule));
        }
}

static void test_no_rule_lacks_a_case(void **state) {
        for (size_t i = 0; i < lint_rule_count(); i++) {
                bool found = false;
                for (size_t j = 0; j < ELEMENTSOF(cases); j++)
                        found = found || streq(cases[j].rule, lint_rule_at(i)->id);
                if (!found)
                        print_error("no case for %s\n", lint_rule_at(i)->id);
                assert_true(found);
        }
}

/* What others ship or publish, and which of it is a defect: published-settings. */
static void test_published_profiles_break_the_rules_that_they_are_known_to(void **state) {
        static const struct {
                const char *who, *body, *rules;
        } known[] = {
                {"A-Tune, chauffeur",
                 SYSCTL("vm.dirty_background_ratio: 71, vm.dirty_ratio: 63, "
                        "vm.min_free_kbytes: 839680"),
                 "background-above-limit"},
                {"MinIO",
                 SYSCTL("vm.swappiness: 0, vm.vfs_cache_pressure: 50, vm.dirty_ratio: 10, "
                        "vm.dirty_background_ratio: 3, vm.max_map_count: 524288"),
                 "swappiness-zero"},
                {"tuned, hpc-compute, without the NUMA part: enough on up to four nodes",
                 SYSCTL("vm.min_free_kbytes: 135168") "transparent_hugepage: {enabled: always}\n",
                 ""},
                {"A-Tune, tomcat", SYSCTL("vm.drop_caches: 3"), "trigger-as-setting"},
                {"TiDB, on a machine below what it asks for",
                 SYSCTL("vm.min_free_kbytes: 1048576, vm.overcommit_memory: 1"),
                 "min-free-share-huge"},
        };

        for (size_t i = 0; i < ELEMENTSOF(known); i++) {
                _cleanup_(freep) char *rules = broken_rules(&(const Case){0}, known[i].body);
                if (!streq(rules, known[i].rules))
                        print_error("%s: \"%s\"\n", known[i].who, rules);
                assert_string_equal(rules, known[i].rules);
        }
}

/* The rules that a body breaks where the knob of the made machine reads so. */
static char *assumed_rules(unsigned assumed, const char *knob, const char *live, const char *body) {
        return broken_rules(&(const Case){.knob = knob, .live = live, .assumed = assumed}, body);
}

/* This machine's values say nothing of another: that one has what its kernel begins with. */
static void test_a_machine_that_is_not_at_hand_has_the_defaults(void **state) {
        static const struct {
                const char *knob, *live, *body, *here, *there;
        } known[] = {
                {"vm.dirty_ratio",
                 "10\n",
                 SYSCTL("vm.dirty_background_ratio: 15"),
                 "background-above-limit",
                 ""},
                {"vm.dirty_ratio",
                 "90\n",
                 SYSCTL("vm.dirty_background_ratio: 20"),
                 "",
                 "background-above-limit"},
                {"vm.dirty_bytes",
                 "1000000000\n",
                 SYSCTL("vm.dirty_background_bytes: 1GiB"),
                 "background-above-limit",
                 ""},
                {"vm.overcommit_memory",
                 "2\n",
                 SYSCTL("vm.overcommit_ratio: 90"),
                 "",
                 "overcommit-idle"},
                {"vm.overcommit_ratio",
                 "90\n",
                 SYSCTL("vm.overcommit_memory: 2"),
                 "",
                 "overcommit-narrow"},
                {"vm.dirty_writeback_centisecs",
                 "100\n",
                 SYSCTL("vm.dirty_expire_centisecs: 1s"),
                 "",
                 "expire-below-wakeup"},
                {"vm.zone_reclaim_mode",
                 "1\n",
                 SYSCTL("vm.min_slab_ratio: 7"),
                 "",
                 "numa-knob-idle"},
                {"ksm.advisor_mode",
                 "none [scan-time]\n",
                 "ksm: {pages_to_scan: 10}\n" LIMITS,
                 "ksm-advisor-rules",
                 ""},
                /* It depends on the build: nothing is known. */
                {"transparent_hugepage.enabled",
                 "[always] madvise never\n",
                 SYSCTL("vm.min_free_kbytes: 16MiB"),
                 "min-free-with-thp",
                 ""},
        };

        for (size_t i = 0; i < ELEMENTSOF(known); i++) {
                _cleanup_(freep) char *here =
                        assumed_rules(0, known[i].knob, known[i].live, known[i].body);
                _cleanup_(freep) char *there =
                        assumed_rules(FACT_RAM, known[i].knob, known[i].live, known[i].body);
                if (!streq(here, known[i].here) || !streq(there, known[i].there))
                        print_error("%s: here \"%s\", there \"%s\"\n", known[i].body, here, there);
                assert_string_equal(here, known[i].here);
                assert_string_equal(there, known[i].there);
        }
}

static void test_an_assumed_machine_has_every_knob_of_its_kernel(void **state) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        MadeMachine machine;

        made_machine_init(&machine, 6, 1);
        machine.facts.assumed = FACT_KERNEL;
        machine.facts.context.kernel = KERNEL_VERSION_OF(6, 18);
        made_machine_profile(&machine, "x", "profile: x\nsummary: s\n" SYSCTL("vm.defrag_mode: 1"));
        judge(&machine, &(const Case){0}, &problems);
        assert_int_equal(problems.n, 0);
        machine.facts.assumed = 0;
        judge(&machine, &(const Case){0}, &problems);
        assert_int_equal(problems.n_errors, 1); /* 6.1 has no file of that name */
        made_machine_done(&machine);
}

/* Whether a profile that says so is good: "when: {nodes: ...}" out of a hint. */
static bool is_good_yaml(const char *said) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        _cleanup_(profile_freep) Profile *profile = NULL;
        bool limits = text_starts_with(said, "watch");
        _cleanup_(freep) char *text =
                text_format("profile: x\nsummary: s\nsysctl: {vm.swappiness: 1}\n%s\n%s",
                            said,
                            limits ? "" : LIMITS);

        return profile_parse("x.yaml", "x", text, strlen(text), &problems, &profile) == 0 &&
               problems.n == 0;
}

/* The first "when: {…}" or "watch: {…}" in it, all its braces closed; NULL when it has none. */
static char *find_yaml(const char *hint) {
        const char *start = hint ? strstr(hint, "when: {") : NULL;
        size_t n = 0;
        int depth = 0;

        if (hint && !start)
                start = strstr(hint, "watch: {");
        if (!start)
                return NULL;
        for (bool opened = false; start[n] && !(opened && depth == 0); n++) {
                depth += (start[n] == '{') - (start[n] == '}');
                opened = opened || depth > 0;
        }
        return strndup(start, n);
}

static void test_what_a_hint_says_to_write_is_yaml(void **state) {
        static const Case told[] = {
                {.bad = SYSCTL("vm.zone_reclaim_mode: 1")},
                {.bad = SYSCTL("vm.swappiness: 180"), .swap_kinds = SWAP_DISK},
                {.bad = "zswap: {enabled: true}\n" LIMITS},
                {.bad = "sysctl: {vm.swappiness: 10}\n"},
        };

        for (size_t i = 0; i < ELEMENTSOF(told); i++) {
                _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
                MadeMachine machine;
                made_machine_init(&machine, 6, 18);
                machine.facts.swap_kinds = told[i].swap_kinds ?: SWAP_NONE;
                _cleanup_(freep) char *profile =
                        text_format("profile: x\nsummary: s\n%s", told[i].bad);
                made_machine_profile(&machine, "x", profile);
                judge(&machine, &told[i], &problems);
                assert_int_equal(problems.n, 1);
                _cleanup_(freep) char *yaml = find_yaml(problems.items[0].hint);
                assert_non_null(yaml);
                if (!is_good_yaml(yaml))
                        print_error("no YAML: %s\n", yaml);
                assert_true(is_good_yaml(yaml));
                made_machine_done(&machine);
        }
}

#define LEVELS 14
#define WIDTH 16

/* The names of a level, "b0, b1, b2". */
static char *level_names(unsigned level) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        for (unsigned i = 0; i < WIDTH; i++)
                (void) fprintf(out, "%s%c%u", i > 0 ? ", " : "", 'a' + (int) level, i);
        assert_int_equal(fclose(out), 0);
        return text;
}

/* 16 profiles that each inherit the same 16, and so on: 16 to the 14th ways lead up. */
static void write_hostile_family(const MadeMachine *machine) {
        for (unsigned level = 0; level < LEVELS; level++) {
                _cleanup_(freep) char *above = level_names(level + 1);
                for (unsigned i = 0; i < WIDTH; i++) {
                        _cleanup_(freep) char *name = text_format("%c%u", 'a' + (int) level, i);
                        _cleanup_(freep) char *text =
                                text_format("profile: %s\nsummary: s\n%s%s%s"
                                            "sysctl: {vm.swappiness: %u}\n",
                                            name,
                                            level + 1 < LEVELS ? "inherits: [" : "",
                                            level + 1 < LEVELS ? above : "",
                                            level + 1 < LEVELS ? "]\n" : "",
                                            i + 1);
                        made_machine_profile(machine, name, text);
                }
        }
}

static void test_a_hostile_family_is_judged_at_once(void **state) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        MadeMachine machine;

        made_machine_init(&machine, 6, 18);
        write_hostile_family(&machine);
        _cleanup_(freep) char *names = level_names(0);
        _cleanup_(freep) char *text =
                text_format("profile: x\nsummary: s\ninherits: [%s]\n%s", names, LIMITS);
        made_machine_profile(&machine, "x", text);
        (void) alarm(60); /* valgrind needs its time too; without a visited set it is years */
        judge(&machine, &(const Case){0}, &problems);
        (void) alarm(0);
        assert_int_equal(problems.n, 100);
        assert_string_equal(problems.items[0].id, "parents-disagree");
        made_machine_done(&machine);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_rule_is_broken_by_its_case_and_by_no_near_miss),
                cmocka_unit_test(test_no_rule_lacks_a_case),
                cmocka_unit_test(test_published_profiles_break_the_rules_that_they_are_known_to),
                cmocka_unit_test(test_a_machine_that_is_not_at_hand_has_the_defaults),
                cmocka_unit_test(test_an_assumed_machine_has_every_knob_of_its_kernel),
                cmocka_unit_test(test_what_a_hint_says_to_write_is_yaml),
                cmocka_unit_test(test_a_hostile_family_is_judged_at_once),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
