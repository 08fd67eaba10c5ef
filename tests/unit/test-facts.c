/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/facts.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/tree.h"

/* facts_read() of a tree; the problems' text, or NULL when all is well. */
static char *read_facts(const char *tree, Facts *ret, int *ret_r) {
        _cleanup_(root_closep) Root *root = NULL;
        Problems problems = PROBLEMS_INIT;

        assert_int_equal(root_open(tree, &root), 0);
        *ret_r = facts_read(root, &problems, ret);
        assert_int_equal(*ret_r<0, problems.n_errors> 0);
        char *text = problems.n > 0 ? problems_format(&problems) : NULL;
        problems_done(&problems);
        return text;
}

static void test_every_recorded_machine_is_known(void **state) {
        static const struct {
                const char *name;
                Facts facts;
        } cases[] = {
                {"x86-2g-6.1",
                 {.context = {KERNEL_VERSION_OF(6, 1), 4096, 512},
                  .ram_bytes = 2014204ull << 10,
                  .swap_kinds = SWAP_NONE,
                  .n_nodes = 1,
                  .has_thp = true,
                  .has_psi = true}},
                {"x86-24g-6.18",
                 {.context = {KERNEL_VERSION_OF(6, 18), 4096, 512},
                  .ram_bytes = 24684096ull << 10,
                  .swap_kinds = SWAP_NONE,
                  .n_nodes = 1,
                  .has_thp = true,
                  .has_psi = true}},
                {"arm64-64k-6.6",
                 {.context = {KERNEL_VERSION_OF(6, 6), 65536, 8192},
                  .ram_bytes = 66915200ull << 10,
                  .swap_kinds = SWAP_FILE,
                  .n_nodes = 1,
                  .has_thp = true,
                  .has_psi = true}},
                {"x86-1t-numa-6.12",
                 {.context = {KERNEL_VERSION_OF(6, 12), 4096, 512},
                  .ram_bytes = 1056287404ull << 10,
                  .swap_kinds = SWAP_ZRAM | SWAP_DISK,
                  .n_nodes = 2,
                  .has_thp = true,
                  .has_psi = true}},
                {"x86-16g-zram-6.12",
                 {.context = {KERNEL_VERSION_OF(6, 12), 4096, 512},
                  .ram_bytes = 16282344ull << 10,
                  .swap_kinds = SWAP_ZRAM,
                  .n_nodes = 1,
                  .has_thp = true,
                  .has_psi = true}},
                {"no-psi-no-thp-6.1",
                 {.context = {KERNEL_VERSION_OF(6, 1), 4096, 0},
                  .ram_bytes = 4027612ull << 10,
                  .swap_kinds = SWAP_FILE,
                  .n_nodes = 1}},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(freep) char *tree = text_format(
                        "%s/tests/machines/%s", getenv("MEMCTL_SOURCE_ROOT"), cases[i].name);
                const Facts *expected = &cases[i].facts;
                Facts facts;
                int r = 0;
                _cleanup_(freep) char *problem = read_facts(tree, &facts, &r);
                assert_null(problem);
                assert_int_equal(facts.context.kernel, expected->context.kernel);
                assert_true(facts.context.page_bytes == expected->context.page_bytes);
                assert_true(facts.context.pmd_pages == expected->context.pmd_pages);
                assert_true(facts.ram_bytes == expected->ram_bytes);
                assert_int_equal(facts.swap_kinds, expected->swap_kinds);
                assert_int_equal(facts.n_nodes, expected->n_nodes);
                assert_int_equal(facts.has_thp, expected->has_thp);
                assert_int_equal(facts.has_psi, expected->has_psi);
                assert_int_equal(strlen(facts.boot_id), BOOT_ID_MAX - 1);
                assert_non_null(strchr(facts.release, '.'));
        }
}

static void test_the_running_machine_is_known(void **state) {
        Facts facts;
        int r = 0;
        _cleanup_(freep) char *problem = read_facts("/", &facts, &r);

        assert_null(problem);
        assert_true(facts.context.page_bytes == (uint64_t) sysconf(_SC_PAGESIZE));
        assert_true(facts.context.kernel >= KERNEL_VERSION_OF(4, 0));
        assert_true(facts.ram_bytes > 0 && facts.n_nodes >= 1 && facts.swap_kinds != 0);
}

/* A machine with one file replaced (text NULL: deleted). */
static char *copy_with(const char *path, const char *text) {
        char *tree = NULL;

        assert_int_equal(tree_copy("x86-2g-6.1", &tree), 0);
        assert_int_equal(text ? tree_write(tree, path, text) : tree_delete(tree, path), 0);
        return tree;
}

static void test_a_file_that_is_missing_or_senseless_is_named(void **state) {
        static const struct {
                const char *path;
                const char *text;
                int error;
        } cases[] = {
                {"proc/sys/kernel/osrelease", NULL, -ENOENT},
                {"proc/sys/kernel/osrelease", "", -EBADMSG},
                {"proc/sys/kernel/osrelease", "Linux\n", -EBADMSG},
                {"proc/sys/kernel/osrelease", "6\n", -EBADMSG},
                {"proc/sys/kernel/osrelease", "999999.1\n", -EBADMSG},
                {"proc/sys/kernel/random/boot_id", NULL, -ENOENT},
                {"proc/sys/kernel/random/boot_id", "0a1b2c3d\n", -EBADMSG},
                {"proc/sys/kernel/random/boot_id",
                 "0a1b2c3d/0001/4001/8001/000000000001\n",
                 -EBADMSG},
                {"proc/meminfo", NULL, -ENOENT},
                {"proc/meminfo", "MemFree: 1 kB\n", -EBADMSG},
                {"proc/meminfo", "MemTotal: 0 kB\n", -EBADMSG},
                {"proc/meminfo", "MemTotal: kB\n", -EBADMSG},
                {"proc/meminfo", "MemTotal: 18446744073709551615 kB\n", -EBADMSG},
                {"sys/devices/system/node/online", "x\n", -EBADMSG},
                {"sys/devices/system/node/online", "3-1\n", -EBADMSG},
                {"sys/devices/system/node/online", "0,\n", -EBADMSG},
                {"sys/devices/system/node/online", "0-99999999999999999999\n", -EBADMSG},
                {"proc/self/smaps", "KernelPageSize: 3 kB\n", -EBADMSG},
                {"proc/self/smaps", "KernelPageSize: 0 kB\n", -EBADMSG},
                {"proc/self/smaps", "KernelPageSize: 2048 kB\n", -EBADMSG},
                {"sys/kernel/mm/transparent_hugepage/hpage_pmd_size", NULL, -ENOENT},
                {"sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "5000\n", -EBADMSG},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(tree_removep) char *tree = copy_with(cases[i].path, cases[i].text);
                _cleanup_(freep) char *place = text_format("%s/%s: error: ", tree, cases[i].path);
                Facts facts = {.n_nodes = 99};
                int r = 0;
                _cleanup_(freep) char *problem = read_facts(tree, &facts, &r);
                assert_int_equal(r, cases[i].error);
                assert_non_null(problem);
                assert_true(text_starts_with(problem, place));
                assert_int_equal(facts.n_nodes, 99);
        }
}

static void test_what_a_small_kernel_lacks_is_no_error(void **state) {
        static const char *const absent[] = {
                "proc/swaps", "sys/devices", "proc/self/smaps", "proc/pressure"};
        _cleanup_(tree_removep) char *tree = NULL;
        Facts facts;
        int r = 0;

        assert_int_equal(tree_copy("x86-16g-zram-6.12", &tree), 0);
        for (size_t i = 0; i < ELEMENTSOF(absent); i++)
                assert_int_equal(tree_delete(tree, absent[i]), 0);
        _cleanup_(freep) char *problem = read_facts(tree, &facts, &r);
        assert_null(problem);
        assert_int_equal(facts.swap_kinds, SWAP_NONE);
        assert_int_equal(facts.n_nodes, 1);
        assert_false(facts.has_psi);
        assert_true(facts.context.page_bytes == (uint64_t) sysconf(_SC_PAGESIZE));
}

static void test_swaps_are_told_apart_by_name_and_type(void **state) {
        static const struct {
                const char *lines;
                unsigned kinds;
        } cases[] = {
                {"", SWAP_NONE},
                {"/dev/sda2 partition 1 0 -2\n", SWAP_DISK},
                {"/dev/dm-1\tpartition\t1\t0\t-2\n/dev/zram1 partition 1 0 5\n",
                 SWAP_DISK | SWAP_ZRAM},
                {"/zram/file file 1 0 -2\n", SWAP_FILE},
                {"/a\\040b\\040(deleted) file 1 0 -2", SWAP_FILE},
                {"/var/swap\\040partition file 1 0 -2\n", SWAP_FILE},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(freep) char *text =
                        text_format("Filename Type Size Used Priority\n%s", cases[i].lines);
                _cleanup_(tree_removep) char *tree = copy_with("proc/swaps", text);
                Facts facts;
                int r = 0;
                _cleanup_(freep) char *problem = read_facts(tree, &facts, &r);
                assert_null(problem);
                assert_int_equal(facts.swap_kinds, cases[i].kinds);
        }
}

static void test_nodes_online_are_counted(void **state) {
        _cleanup_(tree_removep) char *tree =
                copy_with("sys/devices/system/node/online", "0-1,4,8-11\n");
        Facts facts;
        int r = 0;
        _cleanup_(freep) char *problem = read_facts(tree, &facts, &r);

        assert_null(problem);
        assert_int_equal(facts.n_nodes, 7);
}

static void test_versions_lose_their_patch_level(void **state) {
        static const char *const refused[] = {
                "",
                "6",
                "6.",
                ".1",
                "6.1.",
                "6.1.2.3",
                "6.1-rc1",
                "v6.1",
                "6.01",
                " 6.1",
                "-6.1",
                "6.99999",
                "6.1.2-amd64",
                "99999999999.1",
        };
        unsigned version = 99;

        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                assert_int_equal(kernel_version_parse(refused[i], &version), -EINVAL);
        assert_int_equal(version, 99);
        assert_int_equal(kernel_version_parse("6.1", &version), 0);
        assert_int_equal(version, KERNEL_VERSION_OF(6, 1));
        assert_int_equal(kernel_version_parse("5.10.198", &version), 0);
        assert_int_equal(version, KERNEL_VERSION_OF(5, 10));
        assert_true(KERNEL_VERSION_OF(5, 10) > KERNEL_VERSION_OF(5, 9));
}

static void test_kinds_of_swap_have_names(void **state) {
        char text[64];

        assert_int_equal(swap_kind_from_string("zram"), SWAP_ZRAM);
        assert_int_equal(swap_kind_from_string("tape"), -EINVAL);
        assert_string_equal(swap_kind_to_string(SWAP_FILE), "file");
        assert_null(swap_kind_to_string(0));
        swap_kinds_format(SWAP_NONE, text);
        assert_string_equal(text, "none");
        swap_kinds_format(SWAP_ZRAM | SWAP_DISK, text);
        assert_string_equal(text, "zram and disk");
        swap_kinds_format(SWAP_NONE | SWAP_ZRAM | SWAP_DISK | SWAP_FILE, text);
        assert_string_equal(text, "none and zram and disk and file");
        swap_kinds_format(0, text);
        assert_string_equal(text, "");
}

static void test_one_line_of_meminfo_is_found(void **state) {
        _cleanup_(tree_removep) char *tree = NULL;
        _cleanup_(root_closep) Root *root = NULL;
        uint64_t bytes = 99;

        assert_int_equal(tree_copy("x86-2g-6.1", &tree), 0);
        assert_int_equal(root_open(tree, &root), 0);
        assert_int_equal(meminfo_read(root, "MemAvailable", &bytes), 0);
        assert_true(bytes == 1522412ull << 10);
        assert_int_equal(meminfo_read(root, "MemAvail", &bytes), -EBADMSG);
        assert_int_equal(tree_delete(tree, "proc/meminfo"), 0);
        assert_int_equal(meminfo_read(root, "MemAvailable", &bytes), -ENOENT);
        assert_true(bytes == 1522412ull << 10);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_recorded_machine_is_known),
                cmocka_unit_test(test_the_running_machine_is_known),
                cmocka_unit_test(test_a_file_that_is_missing_or_senseless_is_named),
                cmocka_unit_test(test_what_a_small_kernel_lacks_is_no_error),
                cmocka_unit_test(test_swaps_are_told_apart_by_name_and_type),
                cmocka_unit_test(test_nodes_online_are_counted),
                cmocka_unit_test(test_versions_lose_their_patch_level),
                cmocka_unit_test(test_kinds_of_swap_have_names),
                cmocka_unit_test(test_one_line_of_meminfo_is_found),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
