/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/plan-coupling.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/planning.h"

static void test_stages_come_in_the_kernels_order(void **state) {
        Fixture f;

        fixture_open(&f, "x86-24g-6.18");
        assert_int_equal(PLAN(&f,
                              {"vm.overcommit_memory", "1"},
                              {"vm.dirty_expire_centisecs", "1000"},
                              {"vm.swappiness", "1"},
                              {"vm.lowmem_reserve_ratio", "256 256 64 0 0"},
                              {"vm.watermark_scale_factor", "50"},
                              {"vm.min_free_kbytes", "131072"},
                              {"vm.nr_hugepages", "4"},
                              {THP "hugepages-64kB.enabled", "inherit"},
                              {THP "hugepages-128kB.enabled", "inherit"},
                              {THP "enabled", "always"}),
                         0);
        assert_steps(&f,
                     "enabled=always hugepages-64kB.enabled=inherit "
                     "hugepages-128kB.enabled=inherit nr_hugepages=4 min_free_kbytes=131072 "
                     "watermark_scale_factor=50 lowmem_reserve_ratio=256 256 64 0 0 swappiness=1 "
                     "dirty_expire_centisecs=1000 overcommit_memory=1");
        fixture_done(&f);
}

static void test_force_comes_after_the_sizes_and_goes_before_them(void **state) {
        Fixture f;

        fixture_open(&f, "x86-24g-6.18");
        assert_int_equal(PLAN(&f,
                              {THP "shmem_enabled", "force"},
                              {THP "hugepages-64kB.shmem_enabled", "always"},
                              {"vm.min_free_kbytes", "70000"}),
                         0);
        assert_steps(&f,
                     "hugepages-64kB.shmem_enabled=always shmem_enabled=force "
                     "min_free_kbytes=70000");
        fixture_done(&f);

        fixture_open(&f, "x86-24g-6.18");
        poke(&f, THP "shmem_enabled", "always within_size advise never deny [force]\n");
        assert_int_equal(PLAN(&f,
                              {THP "shmem_enabled", "advise"},
                              {THP "hugepages-64kB.shmem_enabled", "inherit"},
                              {"vm.min_free_kbytes", "70000"}),
                         0);
        assert_steps(&f,
                     "shmem_enabled=advise hugepages-64kB.shmem_enabled=inherit "
                     "min_free_kbytes=70000");
        fixture_done(&f);
}

static void test_the_foreground_limit_rises_first_and_falls_last(void **state) {
        static const struct {
                Wanted wanted[2];
                const char *steps;
        } cases[] = {
                {{{"vm.dirty_background_ratio", "20"}, {"vm.dirty_ratio", "40"}},
                 "dirty_ratio=40 dirty_background_ratio=20"},
                {{{"vm.dirty_background_ratio", "2"}, {"vm.dirty_ratio", "5"}},
                 "dirty_background_ratio=2 dirty_ratio=5"},
                /* 20 % of 1.5 GB available are 300 MB */
                {{{"vm.dirty_background_bytes", "8MiB"}, {"vm.dirty_bytes", "16MiB"}},
                 "dirty_background_bytes=8388608 dirty_bytes=16777216"},
                {{{"vm.dirty_background_bytes", "512MiB"}, {"vm.dirty_bytes", "1GiB"}},
                 "dirty_bytes=1073741824 dirty_background_bytes=536870912"},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Fixture f;
                fixture_open(&f, "x86-2g-6.1");
                assert_int_equal(make_plan(&f, cases[i].wanted, 2, NULL, 0), 0);
                assert_steps(&f, cases[i].steps);
                fixture_done(&f);
        }
}

static void test_the_ratio_of_overcommit_is_set_before_it_counts(void **state) {
        Fixture f;

        fixture_open(&f, "x86-2g-6.1");
        assert_int_equal(PLAN(&f,
                              {"vm.overcommit_memory", "2"},
                              {"vm.overcommit_ratio", "80"},
                              {"vm.admin_reserve_kbytes", "16384"},
                              {"vm.user_reserve_kbytes", "32768"}),
                         0);
        assert_steps(&f,
                     "admin_reserve_kbytes=16384 overcommit_ratio=80 user_reserve_kbytes=32768 "
                     "overcommit_memory=2");
        fixture_done(&f);

        fixture_open(&f, "x86-2g-6.1");
        poke(&f, "vm.overcommit_memory", "2\n");
        assert_int_equal(PLAN(&f,
                              {"vm.overcommit_memory", "0"},
                              {"vm.overcommit_kbytes", "1024"},
                              {"vm.user_reserve_kbytes", "32768"}),
                         0);
        assert_steps(&f, "overcommit_memory=0 overcommit_kbytes=1024 user_reserve_kbytes=32768");
        fixture_done(&f);
}

static void test_dirty_limits_that_do_not_fit_are_refused(void **state) {
        Fixture f;

        fixture_open(&f, "x86-2g-6.1");
        assert_int_equal(PLAN(&f, {"vm.swappiness", "1"}, {"vm.dirty_ratio", "10"}), -EINVAL);
        assert_string_equal(f.problem,
                            "x.yaml:2: error: vm.dirty_background_ratio = 10 (as it is now) would "
                            "not stay below vm.dirty_ratio = 10 (x.yaml:2)\n"
                            "  the kernel would use half of the foreground limit instead: set "
                            "both, the background one lower\n");
        fixture_done(&f);

        fixture_open(&f, "x86-2g-6.1");
        assert_int_equal(
                PLAN(&f, {"vm.dirty_bytes", "1MiB"}, {"vm.dirty_background_bytes", "2MiB"}),
                -EINVAL);
        assert_true(text_starts_with(f.problem,
                                     "x.yaml:2: error: vm.dirty_background_bytes = 2097152 "
                                     "(x.yaml:2) would not stay below vm.dirty_bytes = 1048576 "
                                     "(x.yaml:1)\n"));
        fixture_done(&f);

        /* In force already is as good as set. */
        fixture_open(&f, "x86-2g-6.1");
        assert_int_equal(PLAN(&f, {"vm.dirty_background_ratio", "20"}, {"vm.dirty_ratio", "20"}),
                         -EINVAL);
        assert_non_null(strstr(f.problem, "vm.dirty_ratio = 20 (x.yaml:2)"));
        fixture_done(&f);
}

static void test_dirty_limits_that_cannot_be_compared_pass(void **state) {
        Fixture f;

        fixture_open(&f, "x86-2g-6.1");
        assert_int_equal(PLAN(&f, {"vm.dirty_bytes", "16MiB"}), 0); /* background: 10 % */
        assert_steps(&f, "dirty_bytes=16777216");
        fixture_done(&f);

        /* Odd already, and none of this profile's business. */
        fixture_open(&f, "x86-2g-6.1");
        poke(&f, "vm.dirty_background_ratio", "50\n");
        assert_int_equal(PLAN(&f, {"vm.swappiness", "1"}), 0);
        fixture_done(&f);
}

static void test_original_dirty_limits_go_back_however_odd(void **state) {
        static const Wanted originals[] = {{"vm.dirty_background_ratio", "50"},
                                           {"vm.dirty_ratio", "40"}};
        static const Wanted wanted[] = {{"vm.dirty_ratio", "30"}};
        Fixture f;

        fixture_open(&f, "x86-2g-6.1");
        assert_int_equal(make_plan(&f, NULL, 0, originals, ELEMENTSOF(originals)), 0);
        assert_steps(&f, "dirty_ratio=40 dirty_background_ratio=50");
        fixture_done(&f);

        fixture_open(&f, "x86-2g-6.1");
        assert_int_equal(make_plan(&f, wanted, 1, originals, ELEMENTSOF(originals)), -EINVAL);
        assert_non_null(strstr(f.problem, "= 50 (original value) would not stay below"));
        fixture_done(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_stages_come_in_the_kernels_order),
                cmocka_unit_test(test_force_comes_after_the_sizes_and_goes_before_them),
                cmocka_unit_test(test_the_foreground_limit_rises_first_and_falls_last),
                cmocka_unit_test(test_the_ratio_of_overcommit_is_set_before_it_counts),
                cmocka_unit_test(test_dirty_limits_that_do_not_fit_are_refused),
                cmocka_unit_test(test_dirty_limits_that_cannot_be_compared_pass),
                cmocka_unit_test(test_original_dirty_limits_go_back_however_odd),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
