/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/slab.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/recorded.h"

static const char slabinfo[] =
        "slabinfo - version: 2.1\n"
        "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : ...\n"
        "small                  1      2    312   13    1 : tunables    0    0    0 : slabdata     "
        " "
        "1      1      0\n"
        "dentry             74004  74109    192   21    1 : tunables    0    0    0 : slabdata   "
        "3529   3529      0\n"
        "inode_cache        10000  10008    640   25    4 : tunables    0    0    0 : slabdata    "
        "400    401      0\n"
        "cut                10000  10008    640   25    4 : tun\n"
        "cut again 10000\n";

static void test_caches_come_largest_first(void **state) {
        _cleanup_(slab_done) Slab slab = {0};

        assert_int_equal(slab_parse(slabinfo, 4096, &slab), 0);
        assert_int_equal(slab.n, 3);
        assert_string_equal(slab.items[0].name, "dentry");
        assert_int_equal(slab.items[0].bytes, 3529 * 4096);
        assert_int_equal(slab.items[0].active, 74004);
        assert_string_equal(slab.items[1].name, "inode_cache");
        assert_int_equal(slab.items[1].bytes, 401 * 4 * 4096);
        assert_int_equal(slab.items[1].slabs, 401);
        assert_int_equal(slab.items[2].object_bytes, 312);
}

static void test_a_recorded_machine_has_none(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};
        _cleanup_(slab_done) Slab slab = {0};

        recorded_init(&machine, "x86-24g-6.18");
        assert_int_equal(slab_read(machine.root, 4096, &slab), -ENOENT);
        recorded_put(&machine, "proc/slabinfo", slabinfo);
        assert_int_equal(slab_read(machine.root, 4096, &slab), 0);
        assert_int_equal(slab.n, 3);
}

static void test_absurd_numbers_are_bounded(void **state) {
        _cleanup_(slab_done) Slab slab = {0};

        assert_int_equal(slab_parse("a 99999999999999999999 99999999999999999999 1 1 "
                                    "99999999999999999999 : slabdata 1 99999999999999999999 0\n",
                                    65536,
                                    &slab),
                         0);
        assert_int_equal(slab.items[0].bytes, FIGURE_MAX);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_caches_come_largest_first),
                cmocka_unit_test(test_a_recorded_machine_has_none),
                cmocka_unit_test(test_absurd_numbers_are_bounded),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
