/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/sample.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/tree.h"

typedef struct Parsed {
        usec_t total[2];
        bool valid[2];
} Parsed;

static int parse(const char *text, Parsed *ret) {
        *ret = (Parsed){.total = {99, 99}, .valid = {true, true}};
        return sample_parse_pressure(text, ret->total, ret->valid);
}

static void test_both_lines_are_read(void **state) {
        Parsed parsed;

        assert_int_equal(parse("some avg10=0.14 avg60=0.12 avg300=0.27 total=11564993\n"
                               "full avg10=0.14 avg60=0.12 avg300=0.27 total=11188165\n",
                               &parsed),
                         0);
        assert_true(parsed.valid[0] && parsed.total[0] == 11564993);
        assert_true(parsed.valid[1] && parsed.total[1] == 11188165);
}

static void test_cpu_of_an_old_kernel_has_no_full_line(void **state) {
        Parsed parsed;

        assert_int_equal(parse("some avg10=0.00 avg60=0.00 avg300=0.00 total=7\n", &parsed), 0);
        assert_true(parsed.valid[0] && parsed.total[0] == 7);
        assert_false(parsed.valid[1]);
}

static void test_irq_has_a_full_line_only(void **state) {
        Parsed parsed;

        assert_int_equal(parse("full avg10=0.02 avg60=0.03 avg300=0.03 total=7712345", &parsed), 0);
        assert_false(parsed.valid[0]);
        assert_true(parsed.valid[1] && parsed.total[1] == 7712345);
}

static void test_what_is_no_pressure_is_refused_and_touches_nothing(void **state) {
        static const char *const refused[] = {
                "",
                "\n",
                "\n\n\n",
                "garbage",
                "some",
                "some ",
                "some total=",
                "some total= 5",
                "some total=-5",
                "some total=0x5",
                "some total=5x",
                "some total=05",
                "some atotal=5",
                "sometotal=5",
                "Some total=5",
                " some total=5",
                "some avg10=0.00\ntotal=5\n",
                "some total=18446744073709551616\n",
                "some total=99999999999999999999999999999999999999\n",
                "none total=5\nmore total=5\n",
        };

        for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
                Parsed parsed;
                assert_int_equal(parse(refused[i], &parsed), -EBADMSG);
                assert_true(parsed.valid[0] && parsed.valid[1]);
                assert_true(parsed.total[0] == 99 && parsed.total[1] == 99);
        }
}

static void test_huge_and_odd_but_readable_counters_are_read(void **state) {
        Parsed parsed;

        assert_int_equal(parse("some total=18446744073709551615 more=1\nfull x\n", &parsed), 0);
        assert_true(parsed.valid[0] && parsed.total[0] == UINT64_MAX);
        assert_false(parsed.valid[1]);
        assert_int_equal(parse("new total=1\nsome total=2\nsome total=3\nfull avg10=junk total=4\n",
                               &parsed),
                         0);
        assert_true(parsed.total[0] == 2 && parsed.total[1] == 4);
}

static Sample at(usec_t at_usec, usec_t stall_usec) {
        Sample sample = {.at_usec = at_usec};

        sample.stall_usec[METRIC_IO_FULL] = stall_usec;
        sample.valid[METRIC_IO_FULL] = true;
        return sample;
}

static void test_the_share_of_the_time_between_two_samples(void **state) {
        static const struct {
                usec_t time[2];
                usec_t stall[2];
                int share;
        } cases[] = {
                {{0, 1000000}, {0, 0}, 0},
                {{0, 1000000}, {0, 500000}, 5000},
                {{5, 1000005}, {7, 100007}, 1000},
                {{0, 1000000}, {0, 1000000}, 10000},
                {{0, 1000000}, {0, 1000001}, 10000}, /* the kernel counts a bit late */
                {{0, 1000000}, {0, UINT64_MAX}, 10000},
                {{0, UINT64_MAX}, {0, UINT64_MAX - 1}, 9999},
                {{0, 1000000}, {0, 99}, 0},
                {{5, 5}, {0, 10}, -ENODATA}, /* no time passed */
                {{6, 5}, {0, 10}, -ENODATA},
                {{0, 1000000}, {10, 9}, -ENODATA}, /* another cgroup of that name */
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const Sample before = at(cases[i].time[0], cases[i].stall[0]);
                const Sample after = at(cases[i].time[1], cases[i].stall[1]);
                assert_int_equal(sample_share(&before, &after, METRIC_IO_FULL), cases[i].share);
                assert_int_equal(sample_share(&before, &after, METRIC_IO_SOME), -ENODATA);
        }
}

static void test_a_machine_is_sampled(void **state) {
        _cleanup_(tree_removep) char *tree = NULL;
        _cleanup_(root_closep) Root *root = NULL;
        Sample sample;

        assert_int_equal(tree_copy("x86-16g-zram-6.12", &tree), 0);
        assert_int_equal(root_open(tree, &root), 0);
        assert_int_equal(sample_read(root, NULL, 77, &sample), 0);
        assert_true(sample.at_usec == 77);
        for (int metric = 0; metric < _METRIC_MAX; metric++)
                assert_true(sample.valid[metric] == (metric != METRIC_CPU_FULL));
        assert_true(sample.stall_usec[METRIC_MEMORY_SOME] == 3 * 5120931ull);
        assert_true(sample.stall_usec[METRIC_IO_FULL] == 3 * 101928374ull);
        assert_true(sample.counters[COUNTER_ALLOCSTALL] == 911 + 911 / 3); /* normal and movable */
        assert_true(sample.counters[COUNTER_PGSCAN_DIRECT] ==
                    911 * 40); /* not pgscan_direct_throttle */
        assert_true(sample.counters[COUNTER_WORKINGSET_REFAULT] == 40012 + 812331);
        assert_true(sample.counters[COUNTER_PSWPIN] == 41022 &&
                    sample.counters[COUNTER_PSWPOUT] == 118231 &&
                    sample.counters[COUNTER_OOM_KILL] == 1);
}

static void test_one_resource_is_enough_for_a_sample(void **state) {
        _cleanup_(tree_removep) char *tree = NULL;
        _cleanup_(root_closep) Root *root = NULL;
        Sample sample;

        assert_int_equal(tree_copy("x86-2g-6.1", &tree), 0);
        assert_int_equal(root_open(tree, &root), 0);
        assert_int_equal(tree_delete(tree, "proc/pressure/memory"), 0);
        assert_int_equal(tree_write(tree, "proc/pressure/cpu", "garbage\n"), 0);
        assert_int_equal(tree_delete(tree, "proc/vmstat"), 0);
        assert_int_equal(sample_read(root, NULL, 1, &sample), 0);
        assert_true(sample.valid[METRIC_IO_SOME] && sample.valid[METRIC_IO_FULL]);
        assert_false(sample.valid[METRIC_MEMORY_SOME] || sample.valid[METRIC_CPU_SOME]);
        assert_true(sample.counters[COUNTER_PSWPIN] == COUNTER_UNKNOWN &&
                    sample.counters[COUNTER_ALLOCSTALL] == COUNTER_UNKNOWN);
}

static void test_a_machine_without_pressure_has_no_sample(void **state) {
        _cleanup_(tree_removep) char *tree = NULL;
        _cleanup_(root_closep) Root *root = NULL;
        Sample sample = {.at_usec = 99};

        assert_int_equal(tree_copy("no-psi-no-thp-6.1", &tree), 0);
        assert_int_equal(root_open(tree, &root), 0);
        assert_int_equal(sample_read(root, NULL, 1, &sample), -ENOENT);
        assert_int_equal(sample_read(root, "sys/fs/cgroup/gone", 1, &sample), -ENOENT);
        assert_true(sample.at_usec == 99);
}

static void test_a_service_is_sampled_in_its_cgroup(void **state) {
        _cleanup_(tree_removep) char *tree = NULL;
        _cleanup_(root_closep) Root *root = NULL;
        _cleanup_(freep) char *cgroup = NULL;
        Sample sample;

        assert_int_equal(tree_copy("x86-2g-6.1", &tree), 0);
        assert_int_equal(root_open(tree, &root), 0);
        assert_int_equal(sample_find_cgroup(root, "redis-server.service", &cgroup), 0);
        assert_string_equal(cgroup, "sys/fs/cgroup/system.slice/redis-server.service");
        assert_int_equal(tree_write(tree,
                                    "sys/fs/cgroup/system.slice/redis-server.service/io.pressure",
                                    "some total=11\nfull total=12\n"),
                         0);
        assert_int_equal(sample_read(root, cgroup, 1, &sample), 0);
        assert_true(sample.stall_usec[METRIC_IO_SOME] == 11);
        assert_true(sample.stall_usec[METRIC_IO_FULL] == 12);
}

static void test_units_and_paths_name_a_cgroup(void **state) {
        static const struct {
                const char *machine;
                const char *name;
                const char *folder; /* NULL: not there */
        } cases[] = {
                {"x86-1t-numa-6.12",
                 "postgresql@17-main.service",
                 "sys/fs/cgroup/system.slice/system-postgresql.slice/postgresql@17-main.service"},
                {"x86-1t-numa-6.12", "machine.slice", "sys/fs/cgroup/machine.slice"},
                {"x86-16g-zram-6.12",
                 "user-1000.slice",
                 "sys/fs/cgroup/user.slice/user-1000.slice"},
                {"x86-16g-zram-6.12", "/user.slice", "sys/fs/cgroup/user.slice"},
                {"x86-16g-zram-6.12",
                 "user.slice/user-1000.slice",
                 "sys/fs/cgroup/user.slice/user-1000.slice"},
                {"x86-16g-zram-6.12", "/", "sys/fs/cgroup"},
                {"x86-16g-zram-6.12", "-.slice", "sys/fs/cgroup"},
                {"x86-24g-6.18", "/", "sys/fs/cgroup/unified"},
                {"x86-16g-zram-6.12", "nginx.service", NULL},
                {"x86-16g-zram-6.12", "", NULL},
                {"x86-16g-zram-6.12", "/../../../proc", NULL},
                {"x86-16g-zram-6.12", "/user.slice/..", NULL},
                {"x86-16g-zram-6.12", "/user.slice/.", NULL},
                {"x86-16g-zram-6.12", "/user.slice/", NULL},
                {"x86-16g-zram-6.12", "//user.slice", NULL},
                {"x86-16g-zram-6.12", "..", NULL},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(freep) char *tree = text_format(
                        "%s/tests/machines/%s", getenv("MEMCTL_SOURCE_ROOT"), cases[i].machine);
                _cleanup_(root_closep) Root *root = NULL;
                _cleanup_(freep) char *folder = NULL;
                assert_int_equal(root_open(tree, &root), 0);
                assert_int_equal(sample_find_cgroup(root, cases[i].name, &folder),
                                 cases[i].folder ? 0 : -ENOENT);
                if (cases[i].folder)
                        assert_string_equal(folder, cases[i].folder);
                else
                        assert_null(folder);
        }
}

static void test_the_system_is_no_cgroup_and_old_hierarchies_have_none(void **state) {
        _cleanup_(tree_removep) char *tree = NULL;
        _cleanup_(root_closep) Root *root = NULL;
        char dummy[] = "x", *folder = dummy;

        assert_int_equal(tree_copy("no-psi-no-thp-6.1", &tree), 0);
        assert_int_equal(root_open(tree, &root), 0);
        assert_int_equal(sample_find_cgroup(root, "system", &folder), 0);
        assert_null(folder);
        folder = dummy;
        assert_int_equal(sample_find_cgroup(root, NULL, &folder), 0);
        assert_null(folder);
        assert_int_equal(sample_find_cgroup(root, "ssh.service", &folder), -EOPNOTSUPP);
}

static void test_each_metric_has_its_file(void **state) {
        char path[PATH_MAX];

        assert_int_equal(sample_pressure_path(NULL, METRIC_IO_FULL, path, sizeof(path)), 0);
        assert_string_equal(path, "proc/pressure/io");
        assert_int_equal(sample_pressure_path("system", METRIC_CPU_SOME, path, sizeof(path)), 0);
        assert_string_equal(path, "proc/pressure/cpu");
        assert_int_equal(
                sample_pressure_path("sys/fs/cgroup/a", METRIC_MEMORY_SOME, path, sizeof(path)), 0);
        assert_string_equal(path, "sys/fs/cgroup/a/memory.pressure");
        assert_int_equal(sample_pressure_path(NULL, METRIC_IO_FULL, path, 5), -ENAMETOOLONG);
}

static void test_metric_names_are_complete(void **state) {
        for (int metric = 0; metric < _METRIC_MAX; metric++) {
                char name[32];
                (void) snprintf(
                        name, sizeof(name), "%s.%s", metric_resource(metric), metric_line(metric));
                assert_string_equal(metric_to_string(metric), name);
                assert_int_equal(metric_from_string(name), metric);
        }
        assert_int_equal(metric_from_string("irq.full"), _METRIC_INVALID);
        assert_null(metric_to_string(_METRIC_MAX));
        assert_null(metric_resource(_METRIC_INVALID));
        assert_null(metric_line(_METRIC_MAX));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_both_lines_are_read),
                cmocka_unit_test(test_cpu_of_an_old_kernel_has_no_full_line),
                cmocka_unit_test(test_irq_has_a_full_line_only),
                cmocka_unit_test(test_what_is_no_pressure_is_refused_and_touches_nothing),
                cmocka_unit_test(test_huge_and_odd_but_readable_counters_are_read),
                cmocka_unit_test(test_the_share_of_the_time_between_two_samples),
                cmocka_unit_test(test_a_machine_is_sampled),
                cmocka_unit_test(test_one_resource_is_enough_for_a_sample),
                cmocka_unit_test(test_a_machine_without_pressure_has_no_sample),
                cmocka_unit_test(test_a_service_is_sampled_in_its_cgroup),
                cmocka_unit_test(test_units_and_paths_name_a_cgroup),
                cmocka_unit_test(test_the_system_is_no_cgroup_and_old_hierarchies_have_none),
                cmocka_unit_test(test_each_metric_has_its_file),
                cmocka_unit_test(test_metric_names_are_complete),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
