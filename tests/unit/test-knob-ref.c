/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names, paths, and the numbers in them: core/knobs/knob-ref.c. */

#include "core/knobs/knob.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define THP "transparent_hugepage."

static void test_names_give_the_files_of_the_kernel(void **state) {
        static const char *const cases[][2] = {
                {"vm.swappiness", "proc/sys/vm/swappiness"},
                {"vm.page-cluster", "proc/sys/vm/page-cluster"},
                {THP "enabled", "sys/kernel/mm/transparent_hugepage/enabled"},
                {THP "khugepaged.max_ptes_none",
                 "sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none"},
                {THP "hugepages-64kB.enabled",
                 "sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled"},
                {THP "hugepages-524288kB.shmem_enabled",
                 "sys/kernel/mm/transparent_hugepage/hugepages-524288kB/shmem_enabled"},
        };
        char path[KNOB_PATH_MAX];

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                KnobRef ref;
                assert_int_equal(knob_ref_parse(cases[i][0], &ref), 0);
                knob_ref_path(ref, path);
                assert_string_equal(path, cases[i][1]);
        }
}

static void assert_round_trip(KnobRef ref) {
        char name[KNOB_NAME_MAX], path[KNOB_PATH_MAX];
        KnobRef again;

        knob_ref_name(ref, name);
        knob_ref_path(ref, path);
        assert_null(strchr(name, '*'));
        assert_null(strchr(path, '*'));
        assert_int_equal(knob_ref_parse(name, &again), 0);
        assert_true(knob_ref_equal(ref, again));
        assert_int_equal(knob_ref_from_path(path, &again), 0);
        assert_true(knob_ref_equal(ref, again));
}

static void test_every_reference_survives_format_and_parse(void **state) {
        size_t n_families = 0;

        for (size_t i = 0; i < knob_count(); i++) {
                const Knob *knob = knob_at(i);
                if (!knob_is_family(knob)) {
                        assert_round_trip((KnobRef){.knob = knob});
                        continue;
                }
                n_families++;
                for (unsigned kb = 8; kb <= 16u * 1024 * 1024; kb *= 2)
                        for (unsigned node = 0; node < 1024; node += 341)
                                assert_round_trip((KnobRef){
                                        .knob = knob,
                                        .instance_kb = kb,
                                        .node = knob_has_node(knob) ? node : 0,
                                });
        }
        assert_true(n_families > 10);
}

/* Those that the service may write to (systemd/memctld.service.in). */
static const char *const knob_folders[] = {
        "proc/sys/vm/",
        "sys/kernel/mm/transparent_hugepage/",
        "sys/kernel/mm/hugepages/",
        "sys/kernel/mm/ksm/",
        "sys/kernel/mm/lru_gen/",
        "sys/module/zswap/parameters/",
        "sys/devices/system/node/node",
};

static void assert_in_a_knob_folder(const char *path) {
        bool found = false;

        for (size_t i = 0; i < ELEMENTSOF(knob_folders); i++)
                found = found || text_starts_with(path, knob_folders[i]);
        if (!found || strstr(path, "..") || strstr(path, "//") || strpbrk(path, "*% \n"))
                fail_msg("%s", path);
}

/* Numbers are all that a name puts into a path. */
static void test_no_reference_leads_out_of_the_folders_of_knobs(void **state) {
        static const unsigned numbers[] = {0, 1, 64, 1u << 31, UINT32_MAX};
        char path[KNOB_PATH_MAX];

        for (size_t i = 0; i < knob_count(); i++)
                for (size_t j = 0; j < ELEMENTSOF(numbers) * ELEMENTSOF(numbers); j++) {
                        knob_ref_path((KnobRef){.knob = knob_at(i),
                                                .instance_kb = numbers[j % ELEMENTSOF(numbers)],
                                                .node = numbers[j / ELEMENTSOF(numbers)]},
                                      path);
                        assert_in_a_knob_folder(path);
                }
}

static void test_what_is_no_path_of_a_knob_is_unknown(void **state) {
        static const char *const paths[] = {
                "",
                "/proc/sys/vm/swappiness",
                "proc/sys/vm",
                "proc/sys/vm/swappiness/",
                "proc/sys/vm/swappines",
                "sys/kernel/mm/transparent_hugepage/hugepages-*kB/enabled",
                "sys/kernel/mm/transparent_hugepage/hugepages-kB/enabled",
                "sys/kernel/mm/transparent_hugepage/hugepages-64kB",
        };
        KnobRef ref = {0};

        for (size_t i = 0; i < ELEMENTSOF(paths); i++)
                assert_int_equal(knob_ref_from_path(paths[i], &ref), -ENOENT);
        assert_int_equal(knob_ref_from_path(
                                 "sys/kernel/mm/transparent_hugepage/hugepages-63kB/enabled", &ref),
                         -EINVAL);
        assert_null(ref.knob);
}

static void test_references_with_another_size_are_not_equal(void **state) {
        KnobRef a, b, c;

        assert_int_equal(knob_ref_parse(THP "hugepages-64kB.enabled", &a), 0);
        assert_int_equal(knob_ref_parse(THP "hugepages-32kB.enabled", &b), 0);
        assert_int_equal(knob_ref_parse(THP "hugepages-64kB.shmem_enabled", &c), 0);
        assert_ptr_equal(a.knob, b.knob);
        assert_int_equal(a.instance_kb, 64);
        assert_false(knob_ref_equal(a, b));
        assert_false(knob_ref_equal(a, c));
        assert_true(knob_ref_equal(a, a));
}

static void test_a_node_has_files_of_its_own(void **state) {
        static const char name[] = "hugepages.node12.hugepages-2048kB.nr_hugepages";
        char path[KNOB_PATH_MAX];
        KnobRef ref, other;

        assert_int_equal(knob_ref_parse(name, &ref), 0);
        assert_int_equal(ref.node, 12);
        assert_int_equal(ref.instance_kb, 2048);
        knob_ref_path(ref, path);
        assert_string_equal(path,
                            "sys/devices/system/node/node12/hugepages/hugepages-2048kB/"
                            "nr_hugepages");
        assert_int_equal(knob_ref_parse("hugepages.node1.hugepages-2048kB.nr_hugepages", &other),
                         0);
        assert_false(knob_ref_equal(ref, other));
        assert_true(knob_ref_compare(ref, other) > 0);
        assert_int_equal(knob_ref_parse("hugepages.node1024.hugepages-2048kB.nr_hugepages", &ref),
                         -EINVAL);
        assert_int_equal(knob_ref_parse("hugepages.node.hugepages-2048kB.nr_hugepages", &ref),
                         -ENOENT);
        assert_int_equal(knob_ref_parse("hugepages.anode1.hugepages-2048kB.nr_hugepages", &ref),
                         -ENOENT);
}

static void test_sizes_that_no_folio_has_are_refused(void **state) {
        static const char *const sizes[] = {
                "0",
                "1",
                "4",
                "63",
                "65",
                "064",
                "33554432",
                "4294967360",           /* 64 after 32 bits overflow */
                "18446744073709551680", /* and after 64 */
                "99999999999999999999999999",
        };
        KnobRef ref = {0};

        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
                _cleanup_(freep) char *name = text_format(THP "hugepages-%skB.enabled", sizes[i]);
                assert_int_equal(knob_ref_parse(name, &ref), -EINVAL);
                assert_null(ref.knob);
        }
}

static void test_what_is_no_name_is_unknown(void **state) {
        static const char *const names[] = {
                "",
                ".",
                "swappiness",
                "vm",
                "vm.",
                "vm.Swappiness",
                "vm.swappiness ",
                "vm.swappiness\n",
                "vm/swappiness",
                "vm.../kernel/panic",
                "vm.../x",
                "../vm.swappiness",
                "proc/sys/vm/swappiness",
                "kernel.panic",
                THP "hugepages-64kb.enabled",
                THP "hugepages-64KB.enabled",
                THP "hugepages-kB.enabled",
                THP "hugepages-*kB.enabled",
                THP "hugepages--64kB.enabled",
                THP "hugepages-64kB",
                THP "hugepages-64kB.stats",
                THP "hugepages-64kB.enabled.",
                THP "hugepages-64kB/../enabled",
                THP "hugepages-64kB.hugepages-64kB.enabled",
                THP "hpage_pmd_sizes",
        };
        KnobRef ref = {0};

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                assert_int_equal(knob_ref_parse(names[i], &ref), -ENOENT);
                assert_null(ref.knob);
        }
}

static void test_a_name_of_any_length_is_read_within_bounds(void **state) {
        enum {
                LENGTH = 200000
        };
        _cleanup_(freep) char *name = malloc(LENGTH + 1);
        KnobRef ref;

        assert_non_null(name);
        memset(name, '7', LENGTH);
        name[LENGTH] = '\0';
        memcpy(name, THP "hugepages-", strlen(THP "hugepages-"));
        assert_int_equal(knob_ref_parse(name, &ref), -ENOENT);
}

static void test_a_misspelt_name_gets_the_nearest_as_hint(void **state) {
        static const char *const cases[][2] = {
                {"vm.swapiness", "did you mean \"vm.swappiness\"?"},
                {"swappiness", "did you mean \"vm.swappiness\"?"},
                {"vm.page_cluster", "did you mean \"vm.page-cluster\"?"},
                {THP "enable", "did you mean \"" THP "enabled\"?"},
                {THP "hugepages-64kb.enabled", "did you mean \"" THP "hugepages-64kB.enabled\"?"},
                {THP "hugepages-2048kB.shmem_enable",
                 "did you mean \"" THP "hugepages-2048kB.shmem_enabled\"?"},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(freep) char *hint = knob_hint(cases[i][0]);
                assert_non_null(hint);
                assert_string_equal(hint, cases[i][1]);
        }
        assert_null(knob_hint("net.ipv4.ip_forward"));
        assert_null(knob_hint(""));
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_names_give_the_files_of_the_kernel),
                cmocka_unit_test(test_every_reference_survives_format_and_parse),
                cmocka_unit_test(test_no_reference_leads_out_of_the_folders_of_knobs),
                cmocka_unit_test(test_what_is_no_path_of_a_knob_is_unknown),
                cmocka_unit_test(test_references_with_another_size_are_not_equal),
                cmocka_unit_test(test_a_node_has_files_of_its_own),
                cmocka_unit_test(test_sizes_that_no_folio_has_are_refused),
                cmocka_unit_test(test_what_is_no_name_is_unknown),
                cmocka_unit_test(test_a_name_of_any_length_is_read_within_bounds),
                cmocka_unit_test(test_a_misspelt_name_gets_the_nearest_as_hint),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
