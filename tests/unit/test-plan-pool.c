/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/plan-pool.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/planning.h"

#define POOL "hugepages.hugepages-2048kB."
#define NODE(n) "hugepages.node" n ".hugepages-2048kB."

/* A machine of two nodes with pools of two sizes. */
static void open_numa(Fixture *f) {
        static const char *const knobs[] = {
                "vm.nr_hugepages_mempolicy",
                POOL "nr_hugepages",
                POOL "nr_hugepages_mempolicy",
                POOL "nr_overcommit_hugepages",
                NODE("0") "nr_hugepages",
                NODE("1") "nr_hugepages",
                "hugepages.hugepages-1048576kB.nr_hugepages",
        };

        fixture_open(f, "x86-1t-numa-6.12");
        for (size_t i = 0; i < ELEMENTSOF(knobs); i++)
                poke(f, knobs[i], "0\n");
}

static void test_two_files_of_one_pool_are_refused(void **state) {
        static const char *const cases[][2] = {
                {"vm.nr_hugepages", POOL "nr_hugepages"},
                {"vm.nr_hugepages", "vm.nr_hugepages_mempolicy"},
                {POOL "nr_hugepages", POOL "nr_hugepages_mempolicy"},
                {"vm.nr_hugepages", NODE("1") "nr_hugepages"},
                {POOL "nr_hugepages", NODE("0") "nr_hugepages"},
                {"vm.nr_overcommit_hugepages", POOL "nr_overcommit_hugepages"},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                for (int turned = 0; turned < 2; turned++) {
                        Fixture f;
                        open_numa(&f);
                        assert_int_equal(
                                PLAN(&f, {cases[i][turned], "5"}, {cases[i][1 - turned], "6"}),
                                -EINVAL);
                        assert_non_null(strstr(f.problem, "are the same pool of huge pages"));
                        assert_non_null(strstr(f.problem, cases[i][0]));
                        assert_non_null(strstr(f.problem, cases[i][1]));
                        assert_non_null(strstr(f.problem, "keep one of the two"));
                        fixture_done(&f);
                }
}

/* One that reads as wanted already makes no step, but a write of the other changes it. */
static void test_a_pool_that_is_as_wanted_is_looked_at_too(void **state) {
        Fixture f;

        open_numa(&f);
        assert_int_equal(PLAN(&f, {"vm.nr_hugepages", "0"}, {NODE("1") "nr_hugepages", "6"}),
                         -EINVAL);
        fixture_done(&f);
}

static void test_pools_of_other_sizes_nodes_and_kinds_are_fine(void **state) {
        Fixture f;

        open_numa(&f);
        assert_int_equal(PLAN(&f,
                              {NODE("0") "nr_hugepages", "5"},
                              {NODE("1") "nr_hugepages", "6"},
                              {POOL "nr_overcommit_hugepages", "7"},
                              {"hugepages.hugepages-1048576kB.nr_hugepages", "1"},
                              {"vm.swappiness", "10"}),
                         0);
        fixture_done(&f);
}

/* The profile in force set the whole pool; going back to it would undo what the nodes get. */
static void test_an_original_of_the_same_pool_asks_to_revert_first(void **state) {
        static const Wanted wanted = {NODE("0") "nr_hugepages", "5"};
        static const Wanted original = {"vm.nr_hugepages", "0"};
        Fixture f;

        open_numa(&f);
        assert_int_equal(make_plan(&f, &wanted, 1, &original, 1), -EINVAL);
        assert_non_null(strstr(f.problem, "x.yaml:1"));
        assert_non_null(strstr(f.problem, "revert the profile in force first"));
        fixture_done(&f);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_two_files_of_one_pool_are_refused),
                cmocka_unit_test(test_a_pool_that_is_as_wanted_is_looked_at_too),
                cmocka_unit_test(test_pools_of_other_sizes_nodes_and_kinds_are_fine),
                cmocka_unit_test(test_an_original_of_the_same_pool_asks_to_revert_first),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
