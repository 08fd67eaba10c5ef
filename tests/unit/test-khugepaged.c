/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What khugepaged raises vm.min_free_kbytes to, on recorded machines and on others. */

#include "core/machine/khugepaged.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/tree.h"

#define SCALE_DEFAULT 10

/* Of a recorded machine, with other facts where some are given. */
static uint64_t need_of(const char *name, const Facts *assumed, uint64_t min_free_kib) {
        _cleanup_(tree_removep) char *tree = NULL;
        _cleanup_(root_closep) Root *root = NULL;
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        Facts facts;

        assert_int_equal(tree_copy(name, &tree), 0);
        assert_int_equal(root_open(tree, &root), 0);
        assert_int_equal(facts_read(root, &problems, &facts), 0);
        facts.assumed = assumed->assumed;
        if (assumed->assumed & FACT_RAM)
                facts.ram_bytes = assumed->ram_bytes;
        if (assumed->assumed & FACT_NODES)
                facts.n_nodes = assumed->n_nodes;
        return khugepaged_min_free_kib(root, &facts, min_free_kib, SCALE_DEFAULT);
}

static void test_eleven_pageblocks_a_zone_on_recorded_machines(void **state) {
        static const struct {
                const char *name;
                uint64_t kib;
        } cases[] = {
                {"x86-24g-6.18", 67584}, /* three zones of 11 * 2 MiB */
                {"x86-2g-6.1", 67584},   /* as recorded, though 2 GiB could do with two zones */
                {"x86-16g-zram-6.12", 67584},
                {"x86-1t-numa-6.12", 90112}, /* the second node has one zone */
                {"no-psi-no-thp-6.1", 0},    /* nobody asks */
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_int_equal(need_of(cases[i].name, &(const Facts){0}, 1024), cases[i].kib);
}

/* 64 KiB pages: 11 blocks of 512 MiB in each of two zones would be 11 GiB of 64. The pages above
 * the high watermarks count: (1045675 - 16 - 2 * 1045) / 20 of 64 KiB. */
static void test_at_most_a_twentieth_of_what_is_above_the_watermarks(void **state) {
        assert_int_equal(need_of("arm64-64k-6.6", &(const Facts){0}, 1024), 52178 * 64);
        /* A quarter of min is more than the thousandth: (1045675 - 52277 - 2 * 13069) / 20. */
        assert_int_equal(need_of("arm64-64k-6.6", &(const Facts){0}, 52277 * 64), 48363 * 64);
}

static void test_another_machine_has_the_zones_that_its_memory_makes(void **state) {
        static const struct {
                Facts facts;
                uint64_t kib;
        } cases[] = {
                {{.assumed = FACT_KERNEL}, 67584},
                {{.assumed = FACT_NODES, .n_nodes = 2}, 90112},
                {{.assumed = FACT_NODES, .n_nodes = 8}, 225280},
                {{.assumed = FACT_RAM, .ram_bytes = 1ull << 40}, 67584},
                {{.assumed = FACT_RAM, .ram_bytes = 2ull << 30}, 45056},   /* nothing above 4 GiB */
                {{.assumed = FACT_RAM, .ram_bytes = 512ull << 20}, 26108}, /* 5 % */
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_int_equal(need_of("x86-24g-6.18", &cases[i].facts, 1024), cases[i].kib);
}

static void test_no_number_is_too_large(void **state) {
        assert_int_equal(need_of("x86-24g-6.18", &(const Facts){0}, UINT64_MAX), 0);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_eleven_pageblocks_a_zone_on_recorded_machines),
                cmocka_unit_test(test_at_most_a_twentieth_of_what_is_above_the_watermarks),
                cmocka_unit_test(test_another_machine_has_the_zones_that_its_memory_makes),
                cmocka_unit_test(test_no_number_is_too_large),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
