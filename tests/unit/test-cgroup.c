/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/cgroup.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/recorded.h"

#define V2 "sys/fs/cgroup/"
#define V1 "sys/fs/cgroup/memory/"
#define UNIFIED "sys/fs/cgroup/unified/"
#define STALLED "some avg10=42.50 avg60=0.00 avg300=0.00 total=7\n"

static void put_v2(const Recorded *machine) {
        recorded_put(machine, V2 "cgroup.controllers", "cpu memory\n");
        recorded_put(machine, V2 "a.slice/memory.max", "max\n");
        recorded_put(machine, V2 "a.slice/memory.current", "9000000\n");
        recorded_put(machine, V2 "a.slice/b/memory.max", "8388608\n");
        recorded_put(machine, V2 "a.slice/b/memory.high", "max\n");
        recorded_put(machine, V2 "a.slice/b/memory.current", "8388000\n");
        recorded_put(machine, V2 "a.slice/b/memory.swap.current", "4096\n");
        recorded_put(machine,
                     V2 "a.slice/b/memory.events",
                     "low 0\nhigh 0\nmax 12\noom 1\noom_kill 3\n");
        recorded_put(machine,
                     V2 "a.slice/b/memory.stat",
                     "anon 1\nworkingset_refault_anon 5\nworkingset_refault_file 70\n");
        recorded_put(machine, V2 "a.slice/b/memory.pressure", STALLED);
}

static void test_version_2_is_read_from_its_tree(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};
        _cleanup_(cgroups_done) Cgroups cgroups = {0};

        recorded_init(&machine, NULL);
        put_v2(&machine);
        assert_int_equal(cgroups_read(machine.root, true, &cgroups), 0);
        assert_int_equal(cgroups.version, 2);
        assert_int_equal(cgroups.n, 2);
        assert_string_equal(cgroups.items[0].path, "/a.slice");
        assert_int_equal(cgroup_limit(&cgroups.items[0]), FIGURE_NONE);
        assert_false(cgroup_is_full(&cgroups.items[0]));
        const Cgroup *cgroup = cgroups_find(&cgroups, "/a.slice/b");
        assert_non_null(cgroup);
        assert_int_equal(cgroup->current, 8388000);
        assert_int_equal(cgroup_limit(cgroup), 8388608);
        assert_int_equal(cgroup->swap, 4096);
        assert_int_equal(cgroup->hits, 12);
        assert_int_equal(cgroup->oom_kill, 3);
        assert_int_equal(cgroup->refault, 75);
        assert_true(cgroup->some.valid && !cgroup->full.valid);
        assert_int_equal(cgroup->some.permyriad[PRESSURE_10S], 4250);
        assert_true(cgroup_is_full(cgroup));
        assert_null(cgroups_find(&cgroups, "/b"));
}

/* '-' and '.' sort before the '/' that ends the name of a parent. */
static void test_each_is_found_and_they_are_sorted_by_size(void **state) {
        static const char *const paths[] = {
                "/a", "/a/b", "/a-b", "/a.b", "/a/b/c", "/a-b/c", "/aa", "/b", "/A"};
        _cleanup_(recorded_done) Recorded machine = {0};
        _cleanup_(cgroups_done) Cgroups cgroups = {0};

        recorded_init(&machine, NULL);
        put_v2(&machine);
        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                _cleanup_(freep) char *file = text_format(V2 "%s/memory.current", paths[i] + 1);
                _cleanup_(freep) char *text = text_format("%zu\n", (7 * i) % 9 + 1);
                recorded_put(&machine, file, text);
        }
        assert_int_equal(cgroups_read(machine.root, true, &cgroups), 0);
        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                const Cgroup *cgroup = cgroups_find(&cgroups, paths[i]);
                assert_non_null(cgroup);
                assert_string_equal(cgroup->path, paths[i]);
                assert_int_equal(cgroup->current, (7 * i) % 9 + 1);
        }
        assert_null(cgroups_find(&cgroups, "/a.slice/"));
        cgroups_sort(&cgroups);
        for (size_t i = 1; i < cgroups.n; i++)
                assert_true(cgroups.items[i - 1].current >= cgroups.items[i].current);
}

static void test_only_those_with_a_limit_are_read_unless_all_are_asked_for(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};
        _cleanup_(cgroups_done) Cgroups cgroups = {0};

        recorded_init(&machine, NULL);
        put_v2(&machine);
        assert_int_equal(cgroups_read(machine.root, false, &cgroups), 0);
        assert_int_equal(cgroups.n, 1);
        assert_string_equal(cgroups.items[0].path, "/a.slice/b");
}

static size_t count_in_trouble(const Recorded *machine) {
        _cleanup_(cgroups_done) Cgroups cgroups = {0};

        assert_int_equal(cgroups_read(machine->root, false, &cgroups), 0);
        return cgroups.n;
}

static void test_a_branch_where_nothing_happened_is_passed_over(void **state) {
        static const char *const events[] = {
                "low 0\nhigh 1\nmax 0\noom 0\noom_kill 0\n",
                "low 0\nhigh 0\nmax 1\noom 0\noom_kill 0\n",
                "low 0\nhigh 0\nmax 0\noom 0\noom_kill 1\n",
                "an old kernel\n",
        };
        static const char calm[] = "low 5\nhigh 0\nmax 0\noom 0\noom_kill 0\n";
        _cleanup_(recorded_done) Recorded machine = {0};

        recorded_init(&machine, NULL);
        put_v2(&machine);
        for (size_t i = 0; i < ELEMENTSOF(events); i++) {
                recorded_put(&machine, V2 "a.slice/memory.events", events[i]);
                assert_int_equal(count_in_trouble(&machine), 1);
        }
        recorded_put(&machine, V2 "a.slice/memory.events", calm);
        assert_int_equal(count_in_trouble(&machine), 0);
        /* Unless each counts for itself alone. */
        recorded_put(&machine,
                     "proc/self/mounts",
                     "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,memory_localevents 0 0\n");
        assert_int_equal(count_in_trouble(&machine), 1);
        recorded_put(&machine, V2 "a.slice/b/memory.events", calm);
        assert_int_equal(count_in_trouble(&machine), 0);
}

static void test_version_1_has_its_pressure_in_the_tree_of_version_2(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};
        _cleanup_(cgroups_done) Cgroups cgroups = {0};

        recorded_init(&machine, NULL);
        recorded_put(&machine, UNIFIED "cgroup.controllers", "hugetlb\n");
        recorded_put(&machine, UNIFIED "x/y/memory.pressure", STALLED);
        recorded_put(&machine, V1 "memory.limit_in_bytes", "9223372036854771712\n");
        recorded_put(&machine, V1 "x/memory.limit_in_bytes", "9223372036854771712\n");
        recorded_put(&machine, V1 "x/y/memory.limit_in_bytes", "67108864\n");
        recorded_put(&machine, V1 "x/y/memory.usage_in_bytes", "67000000\n");
        recorded_put(&machine, V1 "x/y/memory.memsw.usage_in_bytes", "67004096\n");
        recorded_put(&machine, V1 "x/y/memory.failcnt", "90\n");
        recorded_put(&machine, V1 "x/y/memory.memsw.failcnt", "9\n");
        recorded_put(&machine, V1 "x/y/memory.oom_control", "under_oom 0\noom_kill 2\n");
        recorded_put(&machine,
                     V1 "x/y/memory.stat",
                     "workingset_refault_file 1\ntotal_workingset_refault_file 8\n");
        assert_int_equal(cgroups_read(machine.root, true, &cgroups), 0);
        assert_int_equal(cgroups.version, 1);
        assert_int_equal(cgroups.n, 2);
        const Cgroup *cgroup = cgroups_find(&cgroups, "/x/y");
        assert_non_null(cgroup);
        assert_int_equal(cgroup->current, 67000000);
        assert_int_equal(cgroup->max, 67108864);
        assert_int_equal(cgroup->high, FIGURE_NONE);
        assert_int_equal(cgroup->swap, 4096);
        assert_int_equal(cgroup->hits, 99);
        assert_int_equal(cgroup->oom_kill, 2);
        assert_int_equal(cgroup->refault, 8);
        assert_int_equal(cgroup->some.permyriad[PRESSURE_10S], 4250);
        assert_int_equal(cgroups_find(&cgroups, "/x")->max, FIGURE_NONE);
}

static void test_high_is_a_limit_too(void **state) {
        Cgroup cgroup = {.max = 100 << 20, .high = 80 << 20, .current = 70 << 20};

        assert_int_equal(cgroup_limit(&cgroup), 80 << 20);
        assert_false(cgroup_is_full(&cgroup));
        cgroup.current = 79 << 20;
        assert_true(cgroup_is_full(&cgroup));
        cgroup.high = FIGURE_NONE;
        assert_int_equal(cgroup_limit(&cgroup), 100 << 20);
        /* A limit of a few pages is not always full. */
        cgroup = (Cgroup){.max = 16384, .high = FIGURE_NONE, .current = 4096};
        assert_false(cgroup_is_full(&cgroup));
}

static void test_recorded_machines_have_pressure_alone_or_nothing(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0}, none = {0};
        _cleanup_(cgroups_done) Cgroups cgroups = {0}, empty = {0};

        recorded_init(&machine, "x86-2g-6.1");
        assert_int_equal(cgroups_read(machine.root, true, &cgroups), 0);
        const Cgroup *cgroup = cgroups_find(&cgroups, "/system.slice/ssh.service");
        assert_non_null(cgroup);
        assert_true(cgroup->some.valid);
        assert_int_equal(cgroup->current, FIGURE_NONE);
        recorded_init(&none, "no-psi-no-thp-6.1");
        assert_int_equal(cgroups_read(none.root, true, &empty), 0);
        assert_int_equal(empty.version, 0);
        assert_int_equal(empty.n, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_version_2_is_read_from_its_tree),
                cmocka_unit_test(test_each_is_found_and_they_are_sorted_by_size),
                cmocka_unit_test(test_only_those_with_a_limit_are_read_unless_all_are_asked_for),
                cmocka_unit_test(test_a_branch_where_nothing_happened_is_passed_over),
                cmocka_unit_test(test_version_1_has_its_pressure_in_the_tree_of_version_2),
                cmocka_unit_test(test_high_is_a_limit_too),
                cmocka_unit_test(test_recorded_machines_have_pressure_alone_or_nothing),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
