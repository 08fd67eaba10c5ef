/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/swap.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/recorded.h"

static void test_every_area_is_read(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};
        _cleanup_(swaps_done) Swaps swaps = {0};

        recorded_init(&machine, "x86-1t-numa-6.12");
        assert_int_equal(swaps_read(machine.root, &swaps), 0);
        assert_int_equal(swaps.n, 2);
        assert_string_equal(swaps.items[0].name, "/dev/zram0");
        assert_int_equal(swaps.items[0].kind, SWAP_ZRAM);
        assert_int_equal(swaps.items[0].size_bytes, 134217724ll << 10);
        assert_int_equal(swaps.items[0].used_bytes, 1024 << 10);
        assert_int_equal(swaps.items[0].priority, 100);
        assert_int_equal(swaps.items[1].kind, SWAP_DISK);
        assert_int_equal(swaps.items[1].priority, -2);
}

static void test_a_file_is_told_from_a_disk(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};
        _cleanup_(swaps_done) Swaps swaps = {0};

        recorded_init(&machine, "no-psi-no-thp-6.1");
        assert_int_equal(swaps_read(machine.root, &swaps), 0);
        assert_int_equal(swaps.n, 1);
        assert_string_equal(swaps.items[0].name, "/var/swap\\040file");
        assert_int_equal(swaps.items[0].kind, SWAP_FILE);
}

static void test_without_swap_there_is_none(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};
        _cleanup_(swaps_done) Swaps swaps = {0};

        recorded_init(&machine, NULL);
        assert_int_equal(swaps_read(machine.root, &swaps), 0);
        assert_int_equal(swaps.n, 0);
        assert_int_equal(swaps_parse("Filename Type Size Used Priority\n", &swaps), 0);
        assert_int_equal(swaps_parse("Filename\nbroken file\n\n/dev/a partition 1 x\n", &swaps), 0);
        assert_int_equal(swaps.n, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_area_is_read),
                cmocka_unit_test(test_a_file_is_told_from_a_disk),
                cmocka_unit_test(test_without_swap_there_is_none),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
