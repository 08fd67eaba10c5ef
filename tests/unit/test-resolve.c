/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/resolving.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "tests/support/tree.h"

/* file:line without the tree's folder. */
static void assert_origin(const MadeMachine *machine, const char *origin, const char *expected) {
        size_t n = strlen(machine->tree);

        assert_int_equal(strncmp(origin, machine->tree, n), 0);
        assert_string_equal(origin + n, expected);
}

static void test_settings_are_sorted_and_say_which_line_asks(void **state) {
        const MadeMachine *machine = *state;

        put(machine,
            "a",
            "sysctl:\n  vm.swappiness: 10\n  vm.dirty_expire_centisecs: 10s\n"
            "transparent_hugepage: {enabled: madvise, hugepages-64kB: {enabled: inherit}}\n");
        _cleanup_(settings_freep) Settings *settings = resolve(machine, "a");
        assert_string_equal(settings->profile, "a");
        assert_string_equal(settings->summary, "s");
        assert_origin(machine, settings->file, "/etc/memctl/profiles/a.yaml");
        assert_true(settings->applicable);
        assert_null(settings->why_not);
        assert_int_equal(settings->n, 4);
        assert_string_equal(settings->items[0].ref.knob->name, "transparent_hugepage.enabled");
        assert_int_equal(settings->items[1].ref.instance_kb, 64);
        assert_string_equal(settings->items[2].ref.knob->name, "vm.dirty_expire_centisecs");
        assert_string_equal(settings->items[3].ref.knob->name, "vm.swappiness");
        assert_value(settings, "vm.dirty_expire_centisecs", "1000");
        assert_origin(machine, settings->items[2].origin, "/etc/memctl/profiles/a.yaml:5");
        assert_int_equal(integer_compare(settings->items[3].type.max, INTEGER_OF(200)), 0);
        assert_null(find(settings, "vm.dirty_ratio"));
}

static void test_later_wins_parents_left_to_right_then_the_file(void **state) {
        const MadeMachine *machine = *state;

        put(machine, "p", "sysctl: {vm.swappiness: 1, vm.page-cluster: 1, vm.stat_interval: 1}\n");
        put(machine, "q", "sysctl: {vm.swappiness: 2, vm.page-cluster: 2}\n");
        put(machine, "a", "inherits: [p, q]\nsysctl: {vm.swappiness: 3}\n");
        _cleanup_(settings_freep) Settings *settings = resolve(machine, "a");
        assert_int_equal(settings->n, 3);
        assert_value(settings, "vm.stat_interval", "1");
        assert_value(settings, "vm.page-cluster", "2");
        assert_value(settings, "vm.swappiness", "3");
        assert_origin(machine,
                      find(settings, "vm.page-cluster")->origin,
                      "/etc/memctl/profiles/q.yaml:3");
}

/* base comes once, at its first place: it must not take back what p said after it. */
static void test_a_diamond_counts_a_profile_once(void **state) {
        const MadeMachine *machine = *state;

        put(machine, "base", "sysctl: {vm.swappiness: 1}\n");
        put(machine, "p", "inherits: [base]\nsysctl: {vm.swappiness: 2}\n");
        put(machine, "q", "inherits: [base]\n");
        put(machine, "a", "inherits: [p, q]\n");
        _cleanup_(settings_freep) Settings *settings = resolve(machine, "a");
        assert_value(settings, "vm.swappiness", "2");
}

static void test_a_broken_parent_in_a_diamond_is_told_once(void **state) {
        const MadeMachine *machine = *state;
        _cleanup_(settings_freep) Settings *settings = NULL;
        Problems problems = PROBLEMS_INIT;

        put(machine, "base", "sysctl: {vm.swapiness: 1}\n");
        put(machine, "p", "inherits: [base]\n");
        put(machine, "q", "inherits: [base]\n");
        put(machine, "a", "inherits: [p, q]\n");
        assert_int_equal(
                resolve_name(machine->root, "a", STORE_ANY, &machine->facts, &problems, &settings),
                -EINVAL);
        assert_int_equal(problems.n, 1);
        /* What was told of one profile does not spoil the next. */
        put(machine, "good", "");
        assert_int_equal(
                resolve_name(
                        machine->root, "good", STORE_ANY, &machine->facts, &problems, &settings),
                0);
        problems_done(&problems);
}

static void test_the_members_of_a_pair_replace_each_other(void **state) {
        const MadeMachine *machine = *state;

        put(machine, "p", "sysctl: {vm.dirty_ratio: 20, vm.dirty_background_bytes: 1MiB}\n");
        put(machine, "a", "inherits: [p]\nsysctl: {vm.dirty_bytes: 1GiB}\n");
        _cleanup_(settings_freep) Settings *settings = resolve(machine, "a");
        assert_int_equal(settings->n, 2);
        assert_null(find(settings, "vm.dirty_ratio"));
        assert_value(settings, "vm.dirty_bytes", "1073741824");
        assert_value(settings, "vm.dirty_background_bytes", "1048576");
}

static void test_overrides_count_in_order_where_they_hold(void **state) {
        const MadeMachine *machine = *state;

        put(machine,
            "a",
            "sysctl: {vm.swappiness: 1}\n"
            "overrides:\n"
            "  - when: {ram: '>= 1GiB'}\n"
            "    sysctl: {vm.swappiness: 2, vm.page-cluster: 2}\n"
            "  - when: {ram: '>= 8GiB'}\n"
            "    sysctl: {vm.swappiness: 3}\n"
            "  - when: {ram: '> 8GiB'}\n"
            "    sysctl: {vm.swappiness: 4}\n");
        _cleanup_(settings_freep) Settings *settings = resolve(machine, "a");
        assert_value(settings, "vm.swappiness", "3");
        assert_value(settings, "vm.page-cluster", "2");
        assert_origin(
                machine, find(settings, "vm.swappiness")->origin, "/etc/memctl/profiles/a.yaml:8");
}

static void test_what_does_not_count_here_is_looked_at_all_the_same(void **state) {
        const MadeMachine *machine = *state;

        put(machine, "p", "sysctl: {vm.page-cluster: 40, vm.swappiness: many}\n");
        put(machine, "a", "inherits: [p]\nsysctl: {vm.swappiness: 1, vm.page-cluster: 1}\n");
        assert_complaint(machine, "a", -EINVAL, "vm.swappiness is \"many\", not a number");
        /* Kernels before 6.6 take 40. */
        put(machine, "p", "sysctl: {vm.page-cluster: 40}\n");
        _cleanup_(settings_freep) Settings *settings = resolve(machine, "a");
        assert_value(settings, "vm.page-cluster", "1");

        put(machine, "b", "overrides:\n- when: {ram: '> 1TiB'}\n  sysctl: {vm.page-cluster: 40}\n");
        _cleanup_(settings_freep) Settings *elsewhere = resolve(machine, "b");
        assert_int_equal(elsewhere->n, 0);
        put(machine, "b", "overrides:\n- when: {ram: '> 1TiB'}\n  sysctl: {vm.swappiness: lo}\n");
        assert_complaint(machine, "b", -EINVAL, "b.yaml:5:27: error: vm.swappiness is \"lo\"");
}

static void test_an_optional_knob_is_left_out_where_the_kernel_lacks_it(void **state) {
        MadeMachine *machine = *state;
        char path[KNOB_PATH_MAX];
        KnobRef ref;

        put(machine,
            "a",
            "sysctl:\n"
            "  vm.block_dump: {value: 1, optional: true}\n"
            "  vm.swappiness: {value: 1, optional: true}\n"
            "transparent_hugepage:\n"
            "  hugepages-64kB: {enabled: {value: always, optional: true}}\n"
            "  hugepages-128kB: {enabled: {value: always, optional: true}}\n");
        assert_int_equal(knob_ref_parse("vm.swappiness", &ref), 0);
        knob_ref_path(ref, path);
        assert_int_equal(tree_delete(machine->tree, path), 0);
        _cleanup_(settings_freep) Settings *settings = resolve(machine, "a");
        assert_int_equal(settings->n, 1);
        assert_true(settings->items[0].optional);
        assert_int_equal(settings->n_skipped, 3);
        assert_string_equal(settings->skipped[0].reason,
                            "this kernel (6.12.0-test) no longer has it: it went with 5.13");
        assert_origin(machine, settings->skipped[0].origin, "/etc/memctl/profiles/a.yaml:4");
        assert_string_equal(settings->skipped[1].reason,
                            "this kernel (6.12.0-test) has no such knob");
        assert_string_equal(
                settings->skipped[2].reason,
                "this machine (kernel 6.12.0-test) has no such file for folios of 128 kB");

        machine->facts.context.kernel = KERNEL_VERSION_OF(6, 1);
        _cleanup_(settings_freep) Settings *older = resolve(machine, "a");
        assert_int_equal(older->n, 0);
        assert_string_equal(older->skipped[2].reason,
                            "this kernel (6.12.0-test) is too old for it: it came with 6.8");
}

static void test_a_knob_that_is_missing_and_not_optional_is_an_error(void **state) {
        const MadeMachine *machine = *state;
        char path[KNOB_PATH_MAX];
        KnobRef ref;

        assert_int_equal(knob_ref_parse("vm.compaction_proactiveness", &ref), 0);
        knob_ref_path(ref, path);
        assert_int_equal(tree_delete(machine->tree, path), 0);
        put(machine, "a", "sysctl: {vm.compaction_proactiveness: 0}\n");
        assert_complaint(machine,
                         "a",
                         -EINVAL,
                         "a.yaml:3:10: error: vm.compaction_proactiveness cannot be set: this "
                         "kernel (6.12.0-test) has no such knob: it is built without "
                         "CONFIG_COMPACTION\n");
        assert_complaint(machine, "a", -EINVAL, "optional: true");
}

static void test_a_mistake_in_an_optional_value_shows_on_every_kernel(void **state) {
        const MadeMachine *machine = *state;

        put(machine, "a", "sysctl: {vm.block_dump: {value: much, optional: true}}\n");
        assert_complaint(machine, "a", -EINVAL, "vm.block_dump is \"much\", not a number");
}

static void test_a_profile_for_other_machines_resolves_and_says_why_not(void **state) {
        const MadeMachine *machine = *state;

        put(machine, "p", "when: {swap: [zram]}\n");
        put(machine,
            "a",
            "inherits: [p]\n"
            "when: {ram: '>= 1TiB'}\n"
            "sysctl: {vm.block_dump: 1, vm.page-cluster: 40, vm.swappiness: 2}\n");
        _cleanup_(settings_freep) Settings *settings = resolve(machine, "a");
        assert_false(settings->applicable);
        assert_string_equal(settings->why_not,
                            "its parent p needs swap zram, this machine has none; needs ram >= "
                            "1TiB, this machine has 8 GiB");
        assert_int_equal(settings->n, 1);
        assert_int_equal(settings->n_skipped, 2);
        assert_string_equal(settings->skipped[1].reason, "is 40, above the maximum 31");

        put(machine, "a", "when: {ram: '>= 1TiB'}\nsysctl: {vm.swappiness: lots}\n");
        assert_complaint(machine, "a", -EINVAL, "vm.swappiness is \"lots\"");
}

static void test_a_share_of_ram_is_computed_and_bounded(void **state) {
        MadeMachine *machine = *state;

        put(machine,
            "a",
            "sysctl:\n"
            "  vm.min_free_kbytes: {of-ram: 1%}\n"
            "  vm.dirty_bytes: {of-ram: 10%, at-most: 512MiB}\n"
            "  vm.dirty_background_bytes: {of-ram: 0.01%, at-least: 64MiB}\n"
            "  vm.admin_reserve_kbytes: {of-ram: 100%}\n");
        _cleanup_(settings_freep) Settings *settings = resolve(machine, "a");
        /* 85899345.92 bytes, rounded down to whole pages. */
        assert_value(settings, "vm.min_free_kbytes", "83884");
        assert_value(settings, "vm.dirty_bytes", "536870912");
        assert_value(settings, "vm.dirty_background_bytes", "67108864");
        assert_value(settings, "vm.admin_reserve_kbytes", "8388608");

        machine->facts.ram_bytes = 16ull << 40;
        put(machine, "b", "sysctl: {vm.min_free_kbytes: {of-ram: 50%}}\n");
        assert_complaint(machine,
                         "b",
                         -EINVAL,
                         "b.yaml:3:39: error: vm.min_free_kbytes is 8589934592, above the maximum "
                         "2147483647 KiB (50 % of this machine's 16 TiB)");
}

static void test_the_background_limit_stays_below_the_other_one(void **state) {
        const MadeMachine *machine = *state;

        put(machine, "p", "sysctl: {vm.dirty_ratio: 10}\n");
        put(machine, "a", "inherits: [p]\nsysctl: {vm.dirty_background_ratio: 10}\n");
        assert_complaint(machine, "a", -EINVAL, "profiles/a.yaml:4:37: error: ");
        assert_complaint(machine, "a", -EINVAL, "profiles/p.yaml:3): the kernel would silently");
        put(machine, "a", "inherits: [p]\nsysctl: {vm.dirty_background_ratio: 9}\n");
        _cleanup_(settings_freep) Settings *settings = resolve(machine, "a");
        assert_int_equal(settings->n, 2);
        /* Other units are judged against live values, by the plan. */
        put(machine, "a", "inherits: [p]\nsysctl: {vm.dirty_background_bytes: 1TiB}\n");
        _cleanup_(settings_freep) Settings *mixed = resolve(machine, "a");
        assert_int_equal(mixed->n, 2);
}

static void test_a_pair_is_handed_over_by_its_ratio_only(void **state) {
        const MadeMachine *machine = *state;

        put(machine, "a", "sysctl: {vm.dirty_bytes: 0}\n");
        assert_complaint(machine, "a", -EINVAL, "set vm.dirty_ratio instead");
        put(machine, "a", "sysctl: {vm.overcommit_kbytes: 0MiB}\n");
        assert_complaint(machine, "a", -EINVAL, "set vm.overcommit_ratio instead");
        put(machine, "a", "sysctl: {vm.dirty_background_ratio: 0}\n");
        _cleanup_(settings_freep) Settings *settings = resolve(machine, "a");
        assert_value(settings, "vm.dirty_background_ratio", "0");
}

static void test_parents_may_be_sixteen_deep_and_no_more(void **state) {
        const MadeMachine *machine = *state;
        char name[16], body[64];

        for (unsigned i = 0; i < 17; i++) {
                (void) snprintf(name, sizeof(name), "p%u", i);
                (void) snprintf(body, sizeof(body), "inherits: [p%u]\n", i + 1);
                put(machine, name, i < 16 ? body : "");
        }
        _cleanup_(settings_freep) Settings *settings = resolve(machine, "p1");
        assert_non_null(settings);
        assert_complaint(
                machine, "p0", -EINVAL, "p15.yaml:3:12: error: more than 16 profiles inherit");
}

static void test_a_loop_is_named_from_where_it_begins(void **state) {
        const MadeMachine *machine = *state;

        put(machine, "a", "inherits: [b]\n");
        put(machine, "b", "inherits: [c]\n");
        put(machine, "c", "inherits: [b]\n");
        assert_complaint(machine,
                         "a",
                         -EINVAL,
                         "c.yaml:3:12: error: the profiles inherit each "
                         "other: b -> c -> b\n");
}

static void test_a_missing_profile_and_a_missing_parent_differ(void **state) {
        const MadeMachine *machine = *state;

        put(machine, "a", "inherits: [server]\n");
        put(machine, "servers", "");
        assert_complaint(machine, "b", -ENOENT, "there is no profile \"b\"");
        assert_complaint(
                machine, "a", -EINVAL, "it inherits \"server\", and there is no such profile");
        assert_complaint(machine, "a", -EINVAL, "did you mean \"servers\"?");
}

static void test_a_trusted_profile_needs_trusted_parents(void **state) {
        const MadeMachine *machine = *state;
        _cleanup_(settings_freep) Settings *settings = NULL;
        Problems problems = PROBLEMS_INIT;

        put(machine, "p", "");
        put(machine, "a", "inherits: [p]\n");
        assert_int_equal(fchmodat(root_fd(machine->root), "etc/memctl/profiles", 0755, 0), 0);
        assert_int_equal(fchmodat(root_fd(machine->root), "etc/memctl/profiles/p.yaml", 0666, 0),
                         0);
        assert_int_equal(
                resolve_name(
                        machine->root, "a", STORE_TRUSTED, &machine->facts, &problems, &settings),
                -EINVAL);
        assert_non_null(strstr(problems.items[0].message, "can be written by users other than"));
        assert_int_equal(
                resolve_name(
                        machine->root, "p", STORE_TRUSTED, &machine->facts, &problems, &settings),
                -EPERM);
        problems_done(&problems);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_A_MACHINE(test_settings_are_sorted_and_say_which_line_asks),
                ON_A_MACHINE(test_later_wins_parents_left_to_right_then_the_file),
                ON_A_MACHINE(test_a_diamond_counts_a_profile_once),
                ON_A_MACHINE(test_a_broken_parent_in_a_diamond_is_told_once),
                ON_A_MACHINE(test_the_members_of_a_pair_replace_each_other),
                ON_A_MACHINE(test_overrides_count_in_order_where_they_hold),
                ON_A_MACHINE(test_what_does_not_count_here_is_looked_at_all_the_same),
                ON_A_MACHINE(test_an_optional_knob_is_left_out_where_the_kernel_lacks_it),
                ON_A_MACHINE(test_a_knob_that_is_missing_and_not_optional_is_an_error),
                ON_A_MACHINE(test_a_mistake_in_an_optional_value_shows_on_every_kernel),
                ON_A_MACHINE(test_a_profile_for_other_machines_resolves_and_says_why_not),
                ON_A_MACHINE(test_a_share_of_ram_is_computed_and_bounded),
                ON_A_MACHINE(test_the_background_limit_stays_below_the_other_one),
                ON_A_MACHINE(test_a_pair_is_handed_over_by_its_ratio_only),
                ON_A_MACHINE(test_parents_may_be_sixteen_deep_and_no_more),
                ON_A_MACHINE(test_a_loop_is_named_from_where_it_begins),
                ON_A_MACHINE(test_a_missing_profile_and_a_missing_parent_differ),
                ON_A_MACHINE(test_a_trusted_profile_needs_trusted_parents),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests_name("resolve", tests, NULL, NULL);
}
