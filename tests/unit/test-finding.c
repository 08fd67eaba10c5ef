/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/finding.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/knobs/knob.h"
#include "tests/support/recorded.h"

#define ALL_PARTS ((unsigned) (INSPECTION_PROCESSES << 1) - 1)
#define MIB (1024ll * 1024)

/* A machine that is well, read twice within a second, for a test to make ill. */
typedef struct Patient {
        Recorded machine;
        Facts facts;
        Inspection before;
        Inspection now;
        Findings findings;
} Patient;

static void patient_init(Patient *patient, const char *name) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;

        *patient = (Patient){0};
        recorded_init(&patient->machine, name);
        const Root *root = patient->machine.root;
        assert_int_equal(facts_read(root, &problems, &patient->facts), 0);
        assert_int_equal(inspection_read(root, &patient->facts, ALL_PARTS, 0, &patient->before), 0);
        assert_int_equal(
                inspection_read(root, &patient->facts, ALL_PARTS, USEC_PER_SEC, &patient->now), 0);
}

static void patient_done(Patient *patient) {
        recorded_done(&patient->machine);
        inspection_done(&patient->before);
        inspection_done(&patient->now);
        findings_done(&patient->findings);
}

static void judge(Patient *patient) {
        findings_done(&patient->findings);
        findings_judge(&patient->before, &patient->now, &patient->findings);
        assert_false(patient->findings.failed);
}

static const Finding *find(const Patient *patient, const char *id) {
        for (size_t i = 0; i < patient->findings.n; i++)
                if (streq(patient->findings.items[i].id, id))
                        return &patient->findings.items[i];
        return NULL;
}

/* It is found with that severity, its knob is one that "explain" knows, and there is more to read.
 */
static const Finding *assert_found(Patient *patient, const char *id, FindingSeverity severity) {
        judge(patient);
        const Finding *finding = find(patient, id);
        if (!finding)
                fail_msg("%s is not found", id);
        assert_int_equal(finding->severity, severity);
        if (finding->knob)
                assert_non_null(knob_find(finding->knob));
        assert_non_null(finding->chapter);
        return finding;
}

static void assert_quiet(Patient *patient) {
        judge(patient);
        for (size_t i = 0; i < patient->findings.n; i++)
                if (patient->findings.items[i].severity > FINDING_NOTE)
                        fail_msg("false alarm: %s", patient->findings.items[i].text);
}

static void set_meminfo(Patient *patient, const char *name, int64_t bytes) {
        for (size_t i = 0; i < patient->now.meminfo.n; i++)
                if (streq(patient->now.meminfo.items[i].name, name)) {
                        patient->now.meminfo.items[i].value = bytes;
                        return;
                }
        fail_msg("no %s", name);
}

static void add_activity(Patient *patient, Activity activity, int64_t n) {
        patient->now.activity.total[activity] = patient->before.activity.total[activity] + n;
}

#define ON(patient, name)                        \
        _cleanup_(patient_done) Patient patient; \
        patient_init(&patient, name)

static void test_machines_that_are_well_raise_no_alarm(void **state) {
        static const char *const names[] = {
                "x86-24g-6.18",
                "x86-2g-6.1",
                "x86-2g-5.10",
                "arm64-64k-6.6",
                "x86-1t-numa-6.12",
                "x86-16g-zram-6.12",
                "no-psi-no-thp-6.1",
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                ON(patient, names[i]);
                assert_quiet(&patient);
                /* A kill of some day is a fact. */
                assert_int_equal(patient.findings.n, streq(names[i], "x86-16g-zram-6.12") ? 1 : 0);
        }
}

static void test_one_reading_says_nothing_of_now(void **state) {
        ON(patient, "x86-16g-zram-6.12");

        for (int i = 0; i < _ACTIVITY_MAX; i++)
                add_activity(&patient, i, 1000000);
        findings_judge(NULL, &patient.now, &patient.findings);
        for (size_t i = 0; i < patient.findings.n; i++)
                assert_int_equal(patient.findings.items[i].severity, FINDING_NOTE);
}

static void test_little_available_memory(void **state) {
        ON(patient, "x86-2g-6.1");

        set_meminfo(&patient, "MemAvailable", 99 * MIB);
        assert_quiet(&patient); /* just above 5 % */
        set_meminfo(&patient, "MemAvailable", 98 * MIB);
        assert_found(&patient, "available-low", FINDING_WARNING);
        set_meminfo(&patient, "MemAvailable", 39 * MIB);
        assert_found(&patient, "available-low", FINDING_BAD);
}

static void test_full_swap_matters_when_ram_is_scarce(void **state) {
        ON(patient, "x86-16g-zram-6.12");

        set_meminfo(&patient, "SwapFree", 800 * MIB);
        assert_found(&patient, "swap-full", FINDING_NOTE);
        set_meminfo(&patient, "MemAvailable", 3000 * MIB);
        const Finding *finding = assert_found(&patient, "swap-full", FINDING_WARNING);
        assert_string_equal(finding->knob, "vm.swappiness");
        set_meminfo(&patient, "SwapFree", 900 * MIB);
        assert_quiet(&patient);
}

static void test_promises_count_in_mode_2_alone(void **state) {
        ON(patient, "x86-2g-6.1");

        patient.now.overcommit.committed = patient.now.overcommit.limit * 92 / 100;
        assert_quiet(&patient);
        patient.now.overcommit.mode = OVERCOMMIT_NEVER;
        const Finding *finding = assert_found(&patient, "commit-limit", FINDING_WARNING);
        assert_string_equal(finding->knob, "vm.overcommit_ratio");
        patient.now.overcommit.committed = patient.now.overcommit.limit;
        patient.now.overcommit.kbytes = 1;
        finding = assert_found(&patient, "commit-limit", FINDING_BAD);
        assert_string_equal(finding->knob, "vm.overcommit_kbytes");
        patient.now.overcommit.committed = patient.now.overcommit.limit * 89 / 100;
        assert_quiet(&patient);
}

static void test_writers_that_are_slowed_down(void **state) {
        ON(patient, "x86-2g-6.1");
        Writeback *writeback = &patient.now.writeback;

        writeback->dirty = writeback_throttle(writeback);
        writeback->writeback = 0;
        assert_quiet(&patient);
        writeback->writeback = 1;
        const Finding *finding = assert_found(&patient, "dirty-throttling", FINDING_WARNING);
        assert_string_equal(finding->knob, "vm.dirty_ratio");
        writeback->dirty = writeback_limit(writeback);
        patient.now.dirty_knobs.bytes = 1;
        finding = assert_found(&patient, "dirty-throttling", FINDING_BAD);
        assert_string_equal(finding->knob, "vm.dirty_bytes");
}

static void test_what_the_kernel_and_shared_memory_hold(void **state) {
        ON(patient, "x86-2g-6.1");

        set_meminfo(&patient, "SUnreclaim", 490 * MIB);
        assert_quiet(&patient);
        set_meminfo(&patient, "SUnreclaim", 500 * MIB);
        assert_found(&patient, "slab-unreclaimable", FINDING_WARNING);
        set_meminfo(&patient, "SReclaimable", 1000 * MIB);
        assert_found(&patient, "slab-reclaimable", FINDING_NOTE);
        set_meminfo(&patient, "Shmem", 1000 * MIB);
        assert_found(&patient, "shmem-large", FINDING_NOTE);
}

static void test_the_largest_cache_is_named(void **state) {
        ON(patient, "x86-2g-6.1");
        SlabCache cache = {.name = "leaky", .bytes = 490 * MIB};

        set_meminfo(&patient, "SUnreclaim", 500 * MIB);
        patient.now.slab.items = malloc(sizeof(cache));
        assert_non_null(patient.now.slab.items);
        patient.now.slab.items[0] = cache;
        patient.now.slab.n = 1;
        patient.now.parts |= INSPECTION_SLAB;
        const Finding *finding = assert_found(&patient, "slab-unreclaimable", FINDING_WARNING);
        assert_non_null(strstr(finding->text, "the largest cache is leaky with 490 MiB"));
}

static void test_reserved_pages_that_nobody_uses(void **state) {
        ON(patient, "x86-2g-6.1");
        HugePool *pool = &patient.now.pools.items[0];

        pool->total = 200;
        pool->free = 200;
        const Finding *finding = assert_found(&patient, "hugepages-unused", FINDING_WARNING);
        assert_non_null(strstr(finding->text, "400 MiB of the 400 MiB"));
        pool->reserved = 101; /* promised: about to be used */
        assert_quiet(&patient);
        pool->reserved = 0;
        pool->total = pool->free = 90; /* less than a tenth of RAM */
        assert_quiet(&patient);
}

static void test_free_pages_below_the_watermarks(void **state) {
        ON(patient, "x86-2g-6.1");
        Zones *zones = &patient.now.zones;

        /* The smallest zone alone is nobody's trouble, and protected from all others. */
        zones->items[0].free = 0;
        assert_quiet(&patient);
        /* One zone above is enough. */
        zones->items[2].free = zones->items[2].min - 1;
        assert_quiet(&patient);
        zones->items[1].free = zones->items[1].low + zones->items[1].protection[2] - 1;
        assert_found(&patient, "below-low", FINDING_NOTE);
        zones->items[1].free = zones->items[1].min + zones->items[1].protection[2] - 1;
        assert_found(&patient, "below-min", FINDING_BAD);
        zones->items[2].free = zones->items[2].min;
        assert_found(&patient, "below-low", FINDING_NOTE);
}

static void test_one_node_of_two_below_min(void **state) {
        ON(patient, "x86-1t-numa-6.12");

        for (size_t i = 0; i < patient.now.zones.n; i++)
                if (patient.now.zones.items[i].node == 1)
                        patient.now.zones.items[i].free = 0;
        const Finding *finding = assert_found(&patient, "node-below-min", FINDING_WARNING);
        assert_non_null(strstr(finding->text, "Node 1 "));
}

static void test_too_much_and_too_little_kept_free(void **state) {
        ON(patient, "x86-2g-6.1");

        patient.now.min_free = 110 * MIB;
        assert_quiet(&patient);
        patient.now.min_free = 120 * MIB;
        assert_found(&patient, "min-free-huge", FINDING_WARNING);
        patient.now.min_free = 1400 << 10; /* sqrt(16 * 2014204) is 5676, a quarter 1419 */
        assert_found(&patient, "min-free-tiny", FINDING_WARNING);
        patient.now.min_free = 1420 << 10;
        assert_quiet(&patient);
}

static void test_free_memory_in_small_pieces(void **state) {
        ON(patient, "x86-2g-6.1");

        for (size_t i = 0; i < patient.now.buddy.n; i++)
                for (unsigned order = 0; order < patient.now.buddy.items[i].n_orders; order++)
                        patient.now.buddy.items[i].blocks[order] = order < 9 ? 100 : 0;
        const Finding *finding = assert_found(&patient, "fragmented", FINDING_WARNING);
        assert_non_null(strstr(finding->text, "not 2 MiB in one piece"));
        (void) strcpy(patient.now.thp.enabled, "madvise");
        assert_found(&patient, "fragmented", FINDING_NOTE);
        (void) strcpy(patient.now.thp.enabled, "never");
        judge(&patient);
        assert_null(find(&patient, "fragmented"));
        (void) strcpy(patient.now.thp.enabled, "always");
        patient.now.buddy.items[0].blocks[9] = 1;
        judge(&patient);
        assert_null(find(&patient, "fragmented"));
}

static void test_faults_that_get_small_pages(void **state) {
        ON(patient, "x86-2g-6.1");

        patient.before.activity.total[ACTIVITY_THP_FALLBACK] = 6000;
        add_activity(&patient, ACTIVITY_THP_FALLBACK, 0);
        assert_found(&patient, "thp-fallback", FINDING_NOTE);
        add_activity(&patient, ACTIVITY_THP_FALLBACK, 99);
        assert_found(&patient, "thp-fallback", FINDING_NOTE);
        add_activity(&patient, ACTIVITY_THP_FALLBACK, 100);
        assert_found(&patient, "thp-fallback", FINDING_WARNING);
        add_activity(&patient, ACTIVITY_THP_FAULT, 101);
        assert_found(&patient, "thp-fallback", FINDING_NOTE);
}

static void test_pressure_is_the_average_or_what_is_now(void **state) {
        ON(patient, "x86-2g-6.1");
        PressureLine *some = &patient.now.pressure.lines[METRIC_MEMORY_SOME];

        some->permyriad[PRESSURE_10S] = 999;
        assert_quiet(&patient);
        some->permyriad[PRESSURE_10S] = 1000;
        assert_found(&patient, "memory-pressure", FINDING_WARNING);
        some->permyriad[PRESSURE_10S] = 0;
        some->total_usec += USEC_PER_SEC / 2;
        const Finding *finding = assert_found(&patient, "memory-pressure", FINDING_WARNING);
        assert_non_null(strstr(finding->text, "50 % of the time"));
        patient.now.pressure.lines[METRIC_MEMORY_FULL].permyriad[PRESSURE_10S] = 1000;
        assert_found(&patient, "memory-pressure", FINDING_BAD);
}

static void test_reclaim_that_somebody_waits_for(void **state) {
        ON(patient, "x86-2g-6.1");

        add_activity(&patient, ACTIVITY_ALLOCSTALL, 9);
        assert_quiet(&patient);
        add_activity(&patient, ACTIVITY_ALLOCSTALL, 10);
        assert_found(&patient, "direct-reclaim", FINDING_WARNING);
        add_activity(&patient, ACTIVITY_THROTTLE, 1);
        assert_found(&patient, "reclaim-throttled", FINDING_BAD);
}

static void test_reclaim_and_compaction_in_vain(void **state) {
        ON(patient, "x86-2g-6.1");

        add_activity(&patient, ACTIVITY_KSWAPD_SCAN, 10000);
        add_activity(&patient, ACTIVITY_KSWAPD_STEAL, 3000);
        assert_quiet(&patient);
        add_activity(&patient, ACTIVITY_KSWAPD_STEAL, 2900);
        assert_found(&patient, "kswapd-inefficient", FINDING_WARNING);
        add_activity(&patient, ACTIVITY_KSWAPD_SCAN, 4000);
        add_activity(&patient, ACTIVITY_COMPACT_FAIL, 8);
        add_activity(&patient, ACTIVITY_COMPACT_SUCCESS, 3);
        assert_quiet(&patient);
        add_activity(&patient, ACTIVITY_COMPACT_SUCCESS, 2);
        assert_found(&patient, "compaction-fails", FINDING_WARNING);
        add_activity(&patient, ACTIVITY_SWAP_IN, 1024);
        assert_found(&patient, "swapping-in", FINDING_WARNING);
}

static void test_the_oom_killer_at_work(void **state) {
        ON(patient, "x86-16g-zram-6.12");

        assert_found(&patient, "oom-kill", FINDING_NOTE);
        add_activity(&patient, ACTIVITY_OOM_KILL, 1);
        assert_found(&patient, "oom-kill-now", FINDING_BAD);
}

/* One cgroup in both readings, full and with its refaults counted. */
static void put_cgroup(Inspection *inspection, int64_t refault, int64_t oom_kill) {
        Cgroup *cgroup = calloc(1, sizeof(*cgroup));

        assert_non_null(cgroup);
        *cgroup = (Cgroup){.path = strdup("/shop.slice/web.service"),
                           .current = 64 * MIB,
                           .max = 64 * MIB,
                           .high = FIGURE_NONE,
                           .refault = refault,
                           .oom_kill = oom_kill,
                           .hits = 5};
        cgroups_done(&inspection->cgroups);
        inspection->cgroups = (Cgroups){.version = 2, .items = cgroup, .n = 1};
}

static void test_a_cgroup_that_thrashes_is_named(void **state) {
        ON(patient, "x86-2g-6.1");

        put_cgroup(&patient.before, 1000, 0);
        put_cgroup(&patient.now, 1000 + 810, 0);
        assert_quiet(&patient); /* full of page cache: as it should be */
        put_cgroup(&patient.now, 1000 + 820, 0);
        const Finding *finding = assert_found(&patient, "cgroup-thrashing", FINDING_WARNING);
        assert_string_equal(
                finding->text,
                "The cgroup /shop.slice/web.service is thrashing at its limit of 64 MiB "
                "(memory.max). 820 pages a second come back right after they were "
                "taken.");
        patient.now.cgroups.items[0].current = 58 * MIB;
        patient.before.cgroups.items[0].current = 58 * MIB;
        assert_quiet(&patient);
}

/* So much was taken away at once that it is not full when we look. */
static void test_a_cgroup_that_thrashes_below_its_limit_is_named(void **state) {
        ON(patient, "x86-2g-6.1");

        put_cgroup(&patient.before, 1000, 0);
        put_cgroup(&patient.now, 1000 + 820, 0);
        patient.now.cgroups.items[0].current = 58 * MIB;
        assert_found(&patient, "cgroup-thrashing", FINDING_WARNING);
        patient.before.cgroups.items[0].current = 58 * MIB;
        assert_quiet(&patient);
        patient.now.cgroups.items[0].hits++;
        assert_found(&patient, "cgroup-thrashing", FINDING_WARNING);
        patient.now.cgroups.items[0].current = 20 * MIB; /* hit it, and gave back */
        assert_quiet(&patient);
}

static void test_a_cgroup_that_waits_is_named_from_one_reading(void **state) {
        ON(patient, "x86-2g-6.1");

        put_cgroup(&patient.now, FIGURE_NONE, 0);
        patient.now.cgroups.items[0].high = 64 * MIB;
        patient.now.cgroups.items[0].some =
                (PressureLine){.valid = true, .permyriad = {1200, 0, 0}};
        findings_judge(NULL, &patient.now, &patient.findings);
        const Finding *finding = find(&patient, "cgroup-thrashing");
        assert_non_null(finding);
        assert_int_equal(finding->severity, FINDING_WARNING);
        assert_non_null(strstr(finding->text, "(memory.high). Its tasks wait for memory 12 %"));
        patient.now.cgroups.items[0].some.permyriad[0] = 4000;
        assert_found(&patient, "cgroup-thrashing", FINDING_BAD);
}

static void test_kills_in_a_cgroup(void **state) {
        ON(patient, "x86-2g-6.1");

        put_cgroup(&patient.before, 0, 3);
        put_cgroup(&patient.now, 0, 3);
        assert_found(&patient, "cgroup-oom-kill", FINDING_NOTE);
        put_cgroup(&patient.now, 0, 4);
        assert_found(&patient, "cgroup-oom-kill-now", FINDING_BAD);
        assert_null(find(&patient, "cgroup-oom-kill"));
        patient.now.cgroups.items[0].max = FIGURE_NONE;
        assert_quiet(&patient);
}

static void test_the_worst_comes_first(void **state) {
        ON(patient, "x86-16g-zram-6.12");

        set_meminfo(&patient, "MemAvailable", 500 * MIB);
        add_activity(&patient, ACTIVITY_THROTTLE, 1);
        judge(&patient);
        assert_int_equal(patient.findings.n, 3);
        assert_int_equal(patient.findings.n_bad, 1);
        assert_int_equal(patient.findings.n_warnings, 1);
        assert_string_equal(patient.findings.items[0].id, "reclaim-throttled");
        assert_string_equal(patient.findings.items[1].id, "available-low");
        assert_string_equal(patient.findings.items[2].id, "oom-kill");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_machines_that_are_well_raise_no_alarm),
                cmocka_unit_test(test_one_reading_says_nothing_of_now),
                cmocka_unit_test(test_little_available_memory),
                cmocka_unit_test(test_full_swap_matters_when_ram_is_scarce),
                cmocka_unit_test(test_promises_count_in_mode_2_alone),
                cmocka_unit_test(test_writers_that_are_slowed_down),
                cmocka_unit_test(test_what_the_kernel_and_shared_memory_hold),
                cmocka_unit_test(test_the_largest_cache_is_named),
                cmocka_unit_test(test_reserved_pages_that_nobody_uses),
                cmocka_unit_test(test_free_pages_below_the_watermarks),
                cmocka_unit_test(test_one_node_of_two_below_min),
                cmocka_unit_test(test_too_much_and_too_little_kept_free),
                cmocka_unit_test(test_free_memory_in_small_pieces),
                cmocka_unit_test(test_faults_that_get_small_pages),
                cmocka_unit_test(test_pressure_is_the_average_or_what_is_now),
                cmocka_unit_test(test_reclaim_that_somebody_waits_for),
                cmocka_unit_test(test_reclaim_and_compaction_in_vain),
                cmocka_unit_test(test_the_oom_killer_at_work),
                cmocka_unit_test(test_a_cgroup_that_thrashes_is_named),
                cmocka_unit_test(test_a_cgroup_that_thrashes_below_its_limit_is_named),
                cmocka_unit_test(test_a_cgroup_that_waits_is_named_from_one_reading),
                cmocka_unit_test(test_kills_in_a_cgroup),
                cmocka_unit_test(test_the_worst_comes_first),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
