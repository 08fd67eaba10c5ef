/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/inspection.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/recorded.h"
#include "tests/support/tree.h"

#define ALL_PARTS ((unsigned) (INSPECTION_PROCESSES << 1) - 1)

typedef struct Looked {
        Recorded machine;
        Facts facts;
        Inspection inspection;
} Looked;

static void look(Looked *looked, unsigned parts, usec_t at_usec, Inspection *ret) {
        assert_int_equal(inspection_read(looked->machine.root, &looked->facts, parts, at_usec, ret),
                         0);
}

static void looked_init(Looked *looked, const char *name) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;

        *looked = (Looked){0};
        recorded_init(&looked->machine, name);
        assert_int_equal(facts_read(looked->machine.root, &problems, &looked->facts), 0);
}

static void looked_done(Looked *looked) {
        recorded_done(&looked->machine);
        inspection_done(&looked->inspection);
}

static void test_only_what_is_asked_for_is_read(void **state) {
        _cleanup_(looked_done) Looked looked;

        looked_init(&looked, "x86-16g-zram-6.12");
        look(&looked, INSPECTION_OVERCOMMIT, 0, &looked.inspection);
        assert_int_equal(looked.inspection.parts, INSPECTION_OVERCOMMIT);
        assert_int_equal(looked.inspection.zones.n, 0);
        assert_int_equal(looked.inspection.swaps.n, 1);
        assert_int_equal(inspection_bytes(&looked.inspection, "SwapTotal"), 8388604ll << 10);
        assert_int_equal(looked.inspection.activity.total[ACTIVITY_SWAP_IN], FIGURE_NONE);
}

static void test_a_part_brings_what_it_is_worked_out_from(void **state) {
        _cleanup_(looked_done) Looked looked;

        looked_init(&looked, "x86-24g-6.18");
        look(&looked, INSPECTION_WRITEBACK, 0, &looked.inspection);
        assert_int_equal(looked.inspection.parts,
                         INSPECTION_WRITEBACK | INSPECTION_ZONES | INSPECTION_ACTIVITY);
        assert_int_equal(looked.inspection.writeback.limit, 1219538);
}

static void test_what_a_machine_lacks_is_left_out(void **state) {
        _cleanup_(looked_done) Looked looked;

        looked_init(&looked, "no-psi-no-thp-6.1");
        look(&looked, ALL_PARTS, 0, &looked.inspection);
        assert_false(looked.inspection.parts & (INSPECTION_PRESSURE | INSPECTION_SLAB));
        assert_true(looked.inspection.parts & INSPECTION_HUGE);
        assert_false(looked.inspection.thp.present);
        assert_int_equal(looked.inspection.slab_error, -ENOENT);
        assert_int_equal(tree_delete(looked.machine.tree, "proc/vmstat"), 0);
        inspection_done(&looked.inspection);
        look(&looked, ALL_PARTS, 0, &looked.inspection);
        assert_false(looked.inspection.parts & (INSPECTION_ACTIVITY | INSPECTION_WRITEBACK));
        assert_true(looked.inspection.parts & INSPECTION_ZONES);
}

static void test_without_meminfo_there_is_nothing(void **state) {
        _cleanup_(looked_done) Looked looked;

        looked_init(&looked, "x86-2g-6.1");
        assert_int_equal(tree_delete(looked.machine.tree, "proc/meminfo"), 0);
        assert_int_equal(
                inspection_read(
                        looked.machine.root, &looked.facts, ALL_PARTS, 0, &looked.inspection),
                -ENOENT);
        assert_null(looked.inspection.meminfo.items);
}

static void test_stalls_are_told_between_two_readings(void **state) {
        _cleanup_(looked_done) Looked looked;
        _cleanup_(inspection_done) Inspection before = {0};

        looked_init(&looked, "x86-2g-6.1");
        look(&looked, INSPECTION_PRESSURE, 0, &before);
        look(&looked, INSPECTION_PRESSURE, USEC_PER_SEC, &looked.inspection);
        Inspection *now = &looked.inspection;
        now->pressure.lines[METRIC_IO_SOME].total_usec += USEC_PER_SEC / 4;
        assert_int_equal(inspection_stalled(&before, now, METRIC_IO_SOME), 2500);
        assert_int_equal(inspection_stalled(&before, now, METRIC_MEMORY_SOME), 0);
        assert_int_equal(inspection_stalled(&before, now, METRIC_CPU_FULL), -1);
        assert_int_equal(inspection_stalled(NULL, now, METRIC_IO_SOME), -1);
        assert_int_equal(inspection_stalled(now, &before, METRIC_IO_SOME), -1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_only_what_is_asked_for_is_read),
                cmocka_unit_test(test_a_part_brings_what_it_is_worked_out_from),
                cmocka_unit_test(test_what_a_machine_lacks_is_left_out),
                cmocka_unit_test(test_without_meminfo_there_is_nothing),
                cmocka_unit_test(test_stalls_are_told_between_two_readings),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
