/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the manager makes of a state folder that a crash or a reboot left behind. */
#include "tests/unit/life.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/protocol.h"
#include "daemon/journal.h"
#include "tests/support/fake-kernel.h"
#include "tests/support/plan-of.h"
#include "tests/support/tree.h"

#define A_VALUES "vm.dirty_bytes=67108864\nvm.page-cluster=0\nvm.swappiness=10\n"

/* What a process leaves that ended after its writes, before it noted anything. */
static Journal *write_begun(const Life *life, const char *profile, const char *boot_id) {
        Journal *journal = journal_new(1000, profile, boot_id);
        Failure failure;

        assert_non_null(journal);
        journal->plan =
                plan_of(life->root, "a", "vm.swappiness=10 vm.page-cluster=0 vm.dirty_bytes=64MiB");
        assert_non_null(journal->plan);
        free(journal->values);
        journal->values = strdup(A_VALUES);
        assert_int_equal(journal_write(life->state_fd, JOURNAL_PENDING, journal), 0);
        assert_int_equal(transaction_apply(life->root, journal->plan, &failure), 0);
        return journal;
}

/* The same boot */

static void test_a_restart_adopts_what_is_in_force_and_writes_nothing(void **state) {
        Life *life = *state;

        life_restart(life);
        life_apply(life, "a");
        life_restart(life);
        assert_in_force(life, MANAGER_PROBATION, "a");
        assert_int_equal(life_writes, 0);
        life_keep(life);
        life_restart(life);
        assert_in_force(life, MANAGER_KEPT, "a");
        assert_int_equal(life_writes, 0);
        assert_a_is_in_force(life);
        assert_int_equal(life_revert(life), 0);
        assert_original(life);
}

static void test_a_kept_profile_below_a_probation_is_adopted_too(void **state) {
        Life *life = *state;

        life_restart(life);
        life_apply(life, "a");
        life_keep(life);
        life_apply(life, "b");
        life_restart(life);
        assert_in_force(life, MANAGER_PROBATION, "b");
        assert_int_equal(life_revert(life), 0);
        assert_in_force(life, MANAGER_KEPT, "a");
        assert_a_is_in_force(life);
        assert_int_equal(life_revert(life), 0);
        assert_original(life);
}

static void test_an_unfinished_apply_is_undone(void **state) {
        Life *life = *state;
        _cleanup_(freep) char *boot_id = NULL;

        assert_int_equal(root_read(life->root, BOOT_ID, &boot_id), 0);
        journal_free(write_begun(life, "a", text_strip(boot_id)));
        life_restart(life);
        assert_in_force(life, MANAGER_REVERTED, "");
        assert_original(life);
}

static void test_an_unfinished_undoing_of_an_unfinished_apply_is_finished(void **state) {
        Life *life = *state;
        _cleanup_(freep) char *boot_id = NULL;

        assert_int_equal(root_read(life->root, BOOT_ID, &boot_id), 0);
        _cleanup_(journal_freep) Journal *journal = write_begun(life, "a", text_strip(boot_id));
        /* The kernel made another value of ours, and undoing had just begun. */
        life_put(life, VM "swappiness", "33\n");
        assert_int_equal(journal_append_reverting(life->state_fd, JOURNAL_PENDING, journal), 0);
        life_restart(life);
        assert_in_force(life, MANAGER_REVERTED, "");
        assert_original(life);
}

static void test_an_unfinished_undoing_leaves_alone_what_came_from_outside(void **state) {
        Life *life = *state;
        _cleanup_(freep) char *boot_id = NULL;

        assert_int_equal(root_read(life->root, BOOT_ID, &boot_id), 0);
        _cleanup_(journal_freep) Journal *journal = write_begun(life, "a", text_strip(boot_id));
        assert_int_equal(journal_append_applied(life->state_fd, JOURNAL_PENDING, journal), 0);
        journal->whole = true;
        assert_int_equal(journal_append_reverting(life->state_fd, JOURNAL_PENDING, journal), 0);
        life_put(life, VM "swappiness", "33\n");
        life_restart(life);
        assert_reads(life, "swappiness", "33");
        assert_reads(life, "page-cluster", "3");
}

/* Stuck */

static void test_a_stuck_knob_is_tried_again_and_the_others_are_let_go(void **state) {
        Life *life = *state;

        for (int restarted = 0; restarted < 2; restarted++) {
                life_restart(life);
                life_apply(life, "a");
                /* The kernel makes 33 of the old value; page-cluster was changed from outside. */
                life_put(life, FAKE_KERNEL_REFUSE, "vm.swappiness CLAMP 33\n");
                life_put(life, VM "page-cluster", "7\n");
                assert_true(life_revert(life) < 0);
                assert_in_force(life, MANAGER_REVERTING, "a");
                assert_reads(life, "swappiness", "33");
                assert_reads(life, "dirty_ratio", "20");
                if (restarted)
                        life_restart(life); /* which tries again by itself, and fails again */
                assert_in_force(life, MANAGER_REVERTING, "a");

                assert_int_equal(tree_delete(life->tree, FAKE_KERNEL_REFUSE), 0);
                life_put(life, VM "dirty_ratio", "15\n"); /* done with: no longer ours */
                assert_int_equal(life_revert(life), 0);
                assert_in_force(life, MANAGER_REVERTED, "");
                assert_reads(life, "swappiness", "60");
                assert_reads(life, "page-cluster", "7");
                assert_reads(life, "dirty_ratio", "15");
                life_put(life, VM "page-cluster", "3\n");
                life_put(life, VM "dirty_ratio", "20\n");
                assert_original(life);
        }
}

static void test_a_refused_apply_with_a_stuck_knob_is_tried_again(void **state) {
        Life *life = *state;
        Refusal refusal = {0};
        uint64_t id = 0;

        life_restart(life);
        life_put(life, FAKE_KERNEL_REFUSE, "vm.swappiness CLAMP 33\n");
        assert_true(manager_apply(life->manager, "a", &(ApplyOptions){0}, NULL, &id, &refusal) < 0);
        assert_string_equal(refusal.name, MEMCTL_ERROR_REFUSED);
        assert_non_null(strstr(refusal.text, "NOT undone: vm.swappiness (now 33)"));
        refusal_done(&refusal);
        assert_in_force(life, MANAGER_REVERTING, "a");
        assert_int_equal(tree_delete(life->tree, FAKE_KERNEL_REFUSE), 0);
        life_restart(life);
        assert_in_force(life, MANAGER_REVERTED, "");
        assert_original(life);
}

static void test_keeping_ends_a_revert_that_is_stuck_and_writes_nothing(void **state) {
        Life *life = *state;
        Refusal refusal = {0};
        uint64_t id = 0;

        life_restart(life);
        life_apply(life, "a");
        life_put(life, FAKE_KERNEL_REFUSE, "vm.swappiness CLAMP 33\n");
        assert_true(life_revert(life) < 0);
        assert_true(manager_apply(life->manager, "b", &(ApplyOptions){0}, NULL, &id, &refusal) < 0);
        assert_string_equal(refusal.name, MEMCTL_ERROR_BUSY);
        assert_true(manager_keep(life->manager, 999, NULL, &refusal) < 0);
        refusal_done(&refusal);
        assert_in_force(life, MANAGER_REVERTING, "a");

        life_writes = 0;
        life_keep(life);
        assert_int_equal(life_writes, 0);
        assert_in_force(life, MANAGER_REVERTED, "");
        assert_reads(life, "swappiness", "33");
        assert_int_equal(tree_delete(life->tree, FAKE_KERNEL_REFUSE), 0);
        life_restart(life);
        assert_int_equal(life_writes, 0);
        assert_in_force(life, MANAGER_IDLE, "");
        life_apply(life, "b");
        assert_int_equal(life_revert(life), 0);
        assert_reads(life, "swappiness", "33");
}

static void test_giving_up_a_stuck_revert_leaves_the_kept_profile_below(void **state) {
        Life *life = *state;

        life_restart(life);
        life_apply(life, "a");
        life_keep(life);
        life_apply(life, "b");
        life_put(life, FAKE_KERNEL_REFUSE, "vm.swappiness CLAMP 33\n");
        assert_true(life_revert(life) < 0);
        life_keep(life);
        assert_in_force(life, MANAGER_KEPT, "a");
        life_restart(life);
        assert_in_force(life, MANAGER_KEPT, "a");
}

/* Another boot */

static void test_after_a_reboot_what_was_on_probation_is_quarantined(void **state) {
        Life *life = *state;
        Refusal refusal = {0};
        uint64_t id = 0;

        life_restart(life);
        life_apply(life, "a");
        life_reboot(life);
        life_restart(life);
        assert_in_force(life, MANAGER_IDLE, "");
        assert_original(life);
        assert_true(manager_is_quarantined(life->manager, "a"));
        assert_true(manager_apply(life->manager, "a", &(ApplyOptions){0}, NULL, &id, &refusal) < 0);
        assert_string_equal(refusal.name, MEMCTL_ERROR_QUARANTINED);
        refusal_done(&refusal);
        life_restart(life);
        assert_true(manager_is_quarantined(life->manager, "a"));
        assert_int_equal(manager_release(life->manager, "a", NULL, &refusal), 0);
        life_apply(life, "a");
}

static void test_after_a_reboot_what_was_kept_is_applied_and_kept(void **state) {
        Life *life = *state;

        life_restart(life);
        life_apply(life, "a");
        life_keep(life);
        life_reboot(life);
        life_restart(life);
        assert_in_force(life, MANAGER_KEPT, "a");
        assert_a_is_in_force(life);
        assert_int_equal(life_revert(life), 0);
        assert_original(life);
}

static void test_after_a_reboot_the_kept_one_below_a_probation_comes_back(void **state) {
        Life *life = *state;

        life_restart(life);
        life_apply(life, "a");
        life_keep(life);
        life_apply(life, "b");
        life_reboot(life);
        life_restart(life);
        assert_in_force(life, MANAGER_KEPT, "a");
        assert_a_is_in_force(life);
        assert_true(manager_is_quarantined(life->manager, "b"));
        assert_int_equal(life_revert(life), 0);
        assert_original(life);
}

static void test_a_kept_profile_whose_values_changed_is_tried_first(void **state) {
        Life *life = *state;

        life_restart(life);
        life_apply(life, "b");
        life_keep(life);
        life_put(life,
                 "etc/memctl/profiles/b.yaml",
                 "profile: b\nsummary: B\nsysctl:\n  vm.swappiness: 30\n");
        life_reboot(life);
        life_restart(life);
        assert_in_force(life, MANAGER_PROBATION, "b");
        life_restart(life);
        assert_in_force(life, MANAGER_PROBATION, "b");
        assert_int_equal(life_revert(life), 0);
        assert_original(life);
        life_restart(life);
        assert_in_force(life, MANAGER_IDLE, "");
}

static void test_a_crash_while_a_kept_profile_comes_back_does_not_lose_it(void **state) {
        Life *life = *state;

        life_restart(life);
        life_apply(life, "a");
        life_keep(life);
        life_reboot(life);
        journal_free(write_begun(life, "a", OTHER_BOOT));
        life_restart(life);
        assert_in_force(life, MANAGER_KEPT, "a");
        assert_a_is_in_force(life);
        assert_int_equal(life_revert(life), 0);
        assert_original(life);
}

static void test_a_crash_before_it_is_kept_again_does_not_put_it_on_probation(void **state) {
        Life *life = *state;

        life_restart(life);
        life_apply(life, "a");
        life_keep(life);
        life_reboot(life);
        _cleanup_(journal_freep) Journal *journal = write_begun(life, "a", OTHER_BOOT);
        assert_int_equal(journal_append_applied(life->state_fd, JOURNAL_PENDING, journal), 0);
        life_restart(life);
        assert_int_equal(life_writes, 0);
        assert_in_force(life, MANAGER_KEPT, "a");
        life_restart(life);
        assert_in_force(life, MANAGER_KEPT, "a");
        assert_int_equal(life_revert(life), 0);
        assert_original(life);
}

/* Where the disk could not be made to say what became of it */

/* As the process before did it, without a record. */
static void put_originals_back(const Life *life) {
        life_put(life, VM "swappiness", "60\n");
        life_put(life, VM "page-cluster", "3\n");
        life_put(life, VM "dirty_ratio", "20\n");
        life_put(life, VM "dirty_bytes", "0\n");
        assert_original(life);
}

static void test_a_probation_of_which_nothing_is_in_force_is_over(void **state) {
        Life *life = *state;

        life_restart(life);
        life_apply(life, "a");
        put_originals_back(life);
        life_restart(life);
        assert_int_equal(life_writes, 0);
        assert_in_force(life, MANAGER_REVERTED, "");
        assert_int_equal(faccessat(life->state_fd, JOURNAL_PENDING, F_OK, 0), -1);
}

static void test_a_probation_of_which_one_knob_is_in_force_goes_on(void **state) {
        Life *life = *state;

        life_restart(life);
        life_apply(life, "a");
        put_originals_back(life);
        life_put(life, VM "swappiness", "10\n");
        life_restart(life);
        assert_in_force(life, MANAGER_PROBATION, "a");
}

/* Damage */

static void test_damaged_files_are_set_aside_and_the_daemon_starts(void **state) {
        Life *life = *state;
        Refusal refusal = {0};

        life_put(life, "state/" JOURNAL_PENDING, "memctl1 00000000 {}\n");
        life_put(life, "state/" JOURNAL_KEPT, "");
        life_put(life, "state/quarantine", "garbage");
        life_restart(life);
        assert_in_force(life, MANAGER_IDLE, "");
        assert_int_equal(manager_n_quarantined(life->manager), 0);
        assert_int_equal(life_writes, 0);
        assert_int_equal(faccessat(life->state_fd, JOURNAL_PENDING, F_OK, 0), -1);
        assert_int_equal(faccessat(life->state_fd, JOURNAL_KEPT, F_OK, 0), -1);
        assert_true(manager_revert(life->manager, 0, NULL, NULL, &refusal) < 0);
        assert_string_equal(refusal.name, MEMCTL_ERROR_NOTHING);
        refusal_done(&refusal);
        life_apply(life, "a");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_A_LIFE(test_a_restart_adopts_what_is_in_force_and_writes_nothing),
                IN_A_LIFE(test_a_kept_profile_below_a_probation_is_adopted_too),
                IN_A_LIFE(test_an_unfinished_apply_is_undone),
                IN_A_LIFE(test_an_unfinished_undoing_of_an_unfinished_apply_is_finished),
                IN_A_LIFE(test_an_unfinished_undoing_leaves_alone_what_came_from_outside),
                IN_A_LIFE(test_a_stuck_knob_is_tried_again_and_the_others_are_let_go),
                IN_A_LIFE(test_a_refused_apply_with_a_stuck_knob_is_tried_again),
                IN_A_LIFE(test_keeping_ends_a_revert_that_is_stuck_and_writes_nothing),
                IN_A_LIFE(test_giving_up_a_stuck_revert_leaves_the_kept_profile_below),
                IN_A_LIFE(test_after_a_reboot_what_was_on_probation_is_quarantined),
                IN_A_LIFE(test_after_a_reboot_what_was_kept_is_applied_and_kept),
                IN_A_LIFE(test_after_a_reboot_the_kept_one_below_a_probation_comes_back),
                IN_A_LIFE(test_a_kept_profile_whose_values_changed_is_tried_first),
                IN_A_LIFE(test_a_crash_while_a_kept_profile_comes_back_does_not_lose_it),
                IN_A_LIFE(test_a_crash_before_it_is_kept_again_does_not_put_it_on_probation),
                IN_A_LIFE(test_a_probation_of_which_nothing_is_in_force_is_over),
                IN_A_LIFE(test_a_probation_of_which_one_knob_is_in_force_goes_on),
                IN_A_LIFE(test_damaged_files_are_set_aside_and_the_daemon_starts),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
