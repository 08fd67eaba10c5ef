/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/process.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/recorded.h"

static const char status[] = "Name:\tweb server\n"
                             "Umask:\t0022\n"
                             "Pid:\t42\n"
                             "Uid:\t33\t33\t33\t33\n"
                             "VmPeak:\t  999999 kB\n"
                             "VmLck:\t       8 kB\n"
                             "VmRSS:\t   1000 kB\n"
                             "RssAnon:\t     600 kB\n"
                             "RssFile:\t     300 kB\n"
                             "RssShmem:\t     100 kB\n"
                             "VmPTE:\t     132 kB\n"
                             "VmSwap:\t     50 kB\n"
                             "HugetlbPages:\t    2048 kB\n"
                             "Threads:\t13\n"
                             "VmRSS:\t   7 kB\n";

static void test_a_status_is_read_in_bytes(void **state) {
        Process process;

        assert_true(process_parse(status, &process));
        assert_string_equal(process.comm, "web server");
        assert_int_equal(process.pid, 42);
        assert_int_equal(process.uid, 33);
        assert_int_equal(process.rss, 1000 << 10);
        assert_int_equal(process.anon, 600 << 10);
        assert_int_equal(process.file, 300 << 10);
        assert_int_equal(process.shmem, 100 << 10);
        assert_int_equal(process.swap, 50 << 10);
        assert_int_equal(process.locked, 8 << 10);
        assert_int_equal(process.hugetlb, 2048 << 10);
        assert_int_equal(process.page_tables, 132 << 10);
        assert_int_equal(process.pss, FIGURE_NONE);
}

static void test_a_kernel_thread_has_no_memory(void **state) {
        Process process;

        assert_false(process_parse("Name:\tkswapd0\nPid:\t60\nUid:\t0\nThreads:\t1\n", &process));
        assert_false(process_parse("", &process));
}

static void test_processes_are_sorted_by_what_is_asked(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};
        _cleanup_(processes_done) Processes processes = {0};

        recorded_init(&machine, "x86-24g-6.18");
        recorded_put(&machine, "proc/42/status", status);
        recorded_put(
                &machine, "proc/42/smaps_rollup", "55d-7ff rollup]\nRss: 5 kB\nPss:  400 kB\n");
        recorded_put(
                &machine, "proc/7/status", "Name:\tb\nPid:\t7\nVmRSS:\t 10 kB\nVmSwap:\t 90 kB\n");
        recorded_put(&machine, "proc/8/status", "Name:\tk\nPid:\t8\n");
        recorded_put(&machine, "proc/9/else", "");
        recorded_put(&machine, "proc/x/status", status);
        assert_int_equal(processes_read(machine.root, &processes), 0);
        assert_int_equal(processes.n, 2);
        assert_int_equal(processes.n_kernel, 1);
        processes_sort(&processes, PROCESS_BY_RSS);
        assert_int_equal(processes.items[0].pid, 42);
        process_read_pss(machine.root, &processes.items[0]);
        assert_int_equal(processes.items[0].pss, 400 << 10);
        process_read_pss(machine.root, &processes.items[1]);
        assert_int_equal(processes.items[1].pss, FIGURE_NONE);
        processes_sort(&processes, PROCESS_BY_SWAP);
        assert_int_equal(processes.items[0].pid, 7);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_status_is_read_in_bytes),
                cmocka_unit_test(test_a_kernel_thread_has_no_memory),
                cmocka_unit_test(test_processes_are_sorted_by_what_is_asked),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
