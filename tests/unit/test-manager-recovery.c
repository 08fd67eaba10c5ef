/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the manager makes of a state folder that a crash or a reboot left behind. */
#include "daemon/manager.h"

#include <setjmp.h>
#include <stdarg.h>

#include <systemd/sd-event.h>

#include <cmocka.h>

#include "core/protocol.h"
#include "daemon/journal.h"
#include "daemon/log.h"
#include "daemon/state.h"
#include "tests/support/fake-kernel.h"
#include "tests/support/plan-of.h"
#include "tests/support/tree.h"

#define VM "proc/sys/vm/"
#define BOOT_ID "proc/sys/kernel/random/boot_id"
#define OTHER_BOOT "99999999-8888-7777-6666-555555555555"
#define A_VALUES "vm.dirty_bytes=67108864\nvm.page-cluster=0\nvm.swappiness=10\n"

typedef struct Life {
        char *tree;
        char *folder;
        Root *root;
        char *original;
        int state_fd;
        sd_event *event;
        Manager *manager;
} Life;

static size_t n_writes;

static ssize_t
counted_write(const Root *root, const char *path, int fd, const char *data, size_t size) {
        n_writes++;
        return fake_kernel_write(root, path, fd, data, size);
}

static void put(const Life *life, const char *path, const char *text) {
        assert_int_equal(tree_write(life->tree, path, text), 0);
}

/* The process ends without a word, and another one starts. */
static void restart(Life *life) {
        life->manager = manager_free(life->manager);
        n_writes = 0;
        assert_int_equal(manager_new(&(ManagerOptions){.root = life->root,
                                                       .event = life->event,
                                                       .state_dir = life->folder,
                                                       .config = config_default()},
                                     &life->manager),
                         0);
        assert_int_equal(manager_start(life->manager), 0);
}

static int life_init(void **state) {
        Life *life = calloc(1, sizeof(*life));

        assert_non_null(life);
        log_set_level(LOG_EMERG); /* TAP is enough to read */
        assert_int_equal(tree_copy("x86-24g-6.18", &life->tree), 0);
        assert_int_equal(root_open(life->tree, &life->root), 0);
        root_set_write_hook(life->root, counted_write);
        put(life,
            "etc/memctl/profiles/a.yaml",
            "profile: a\nsummary: A\nsysctl:\n  vm.swappiness: 10\n  vm.page-cluster: 0\n"
            "  vm.dirty_bytes: 64MiB\n");
        put(life,
            "etc/memctl/profiles/b.yaml",
            "profile: b\nsummary: B\nsysctl:\n  vm.swappiness: 20\n  vm.stat_interval: 5\n");
        life->original = knobs_snapshot(life->root);
        life->folder = text_format("%s/state", life->tree);
        life->state_fd = state_open(life->folder);
        assert_true(life->state_fd >= 0);
        assert_int_equal(sd_event_new(&life->event), 0);
        *state = life;
        return 0;
}

static int life_done(void **state) {
        Life *life = *state;

        manager_free(life->manager);
        sd_event_unref(life->event);
        (void) close(life->state_fd);
        root_close(life->root);
        tree_remove(life->tree);
        free(life->folder);
        free(life->original);
        free(life);
        return 0;
}

static void apply(Life *life, const char *name) {
        Refusal refusal = {0};
        uint64_t id = 0;

        if (manager_apply(life->manager, name, &(ApplyOptions){0}, NULL, &id, &refusal) < 0)
                fail_msg("%s", refusal.text);
        assert_true(id > 0);
}

static void keep(Life *life) {
        Refusal refusal = {0};

        if (manager_keep(life->manager, 0, NULL, &refusal) < 0)
                fail_msg("%s", refusal.text);
}

static int revert(Life *life) {
        Refusal refusal = {0};

        int r = manager_revert(life->manager, 0, NULL, NULL, &refusal);
        refusal_done(&refusal);
        return r;
}

static void assert_original(const Life *life) {
        _cleanup_(freep) char *now = knobs_snapshot(life->root);

        assert_string_equal(now, life->original);
}

static void assert_in_force(const Life *life, ManagerState state, const char *profile) {
        assert_string_equal(manager_state_to_string(manager_state(life->manager)),
                            manager_state_to_string(state));
        assert_string_equal(manager_profile(life->manager), profile);
}

static void assert_reads(const Life *life, const char *knob, const char *text) {
        _cleanup_(freep) char *path = text_format(VM "%s", knob);
        _cleanup_(freep) char *found = NULL;

        assert_int_equal(root_read(life->root, path, &found), 0);
        assert_string_equal(text_strip(found), text);
}

static void assert_a_is_in_force(const Life *life) {
        assert_reads(life, "swappiness", "10");
        assert_reads(life, "page-cluster", "0");
        assert_reads(life, "dirty_bytes", "67108864");
        assert_reads(life, "dirty_ratio", "0");
}

/* The machine goes down and comes up: all knobs are the kernel's own again. */
static void reboot(Life *life) {
        life->manager = manager_free(life->manager);
        put(life, BOOT_ID, OTHER_BOOT "\n");
        put(life, VM "swappiness", "60\n");
        put(life, VM "page-cluster", "3\n");
        put(life, VM "stat_interval", "1\n");
        put(life, VM "dirty_ratio", "20\n");
        put(life, VM "dirty_bytes", "0\n");
        assert_original(life);
}

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

        restart(life);
        apply(life, "a");
        restart(life);
        assert_in_force(life, MANAGER_PROBATION, "a");
        assert_int_equal(n_writes, 0);
        keep(life);
        restart(life);
        assert_in_force(life, MANAGER_KEPT, "a");
        assert_int_equal(n_writes, 0);
        assert_a_is_in_force(life);
        assert_int_equal(revert(life), 0);
        assert_original(life);
}

static void test_a_kept_profile_below_a_probation_is_adopted_too(void **state) {
        Life *life = *state;

        restart(life);
        apply(life, "a");
        keep(life);
        apply(life, "b");
        restart(life);
        assert_in_force(life, MANAGER_PROBATION, "b");
        assert_int_equal(revert(life), 0);
        assert_in_force(life, MANAGER_KEPT, "a");
        assert_a_is_in_force(life);
        assert_int_equal(revert(life), 0);
        assert_original(life);
}

static void test_an_unfinished_apply_is_undone(void **state) {
        Life *life = *state;
        _cleanup_(freep) char *boot_id = NULL;

        assert_int_equal(root_read(life->root, BOOT_ID, &boot_id), 0);
        journal_free(write_begun(life, "a", text_strip(boot_id)));
        restart(life);
        assert_in_force(life, MANAGER_REVERTED, "");
        assert_original(life);
}

static void test_an_unfinished_undoing_of_an_unfinished_apply_is_finished(void **state) {
        Life *life = *state;
        _cleanup_(freep) char *boot_id = NULL;

        assert_int_equal(root_read(life->root, BOOT_ID, &boot_id), 0);
        _cleanup_(journal_freep) Journal *journal = write_begun(life, "a", text_strip(boot_id));
        /* The kernel made another value of ours, and undoing had just begun. */
        put(life, VM "swappiness", "33\n");
        assert_int_equal(journal_append_reverting(life->state_fd, JOURNAL_PENDING, journal), 0);
        restart(life);
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
        put(life, VM "swappiness", "33\n");
        restart(life);
        assert_reads(life, "swappiness", "33");
        assert_reads(life, "page-cluster", "3");
}

/* Stuck */

static void test_a_stuck_knob_is_tried_again_and_the_others_are_let_go(void **state) {
        Life *life = *state;

        for (int restarted = 0; restarted < 2; restarted++) {
                restart(life);
                apply(life, "a");
                /* The kernel makes 33 of the old value; page-cluster was changed from outside. */
                put(life, FAKE_KERNEL_REFUSE, "vm.swappiness CLAMP 33\n");
                put(life, VM "page-cluster", "7\n");
                assert_true(revert(life) < 0);
                assert_in_force(life, MANAGER_REVERTING, "a");
                assert_reads(life, "swappiness", "33");
                assert_reads(life, "dirty_ratio", "20");
                if (restarted)
                        restart(life); /* which tries again by itself, and fails again */
                assert_in_force(life, MANAGER_REVERTING, "a");

                assert_int_equal(tree_delete(life->tree, FAKE_KERNEL_REFUSE), 0);
                put(life, VM "dirty_ratio", "15\n"); /* done with: no longer ours */
                assert_int_equal(revert(life), 0);
                assert_in_force(life, MANAGER_REVERTED, "");
                assert_reads(life, "swappiness", "60");
                assert_reads(life, "page-cluster", "7");
                assert_reads(life, "dirty_ratio", "15");
                put(life, VM "page-cluster", "3\n");
                put(life, VM "dirty_ratio", "20\n");
                assert_original(life);
        }
}

static void test_a_refused_apply_with_a_stuck_knob_is_tried_again(void **state) {
        Life *life = *state;
        Refusal refusal = {0};
        uint64_t id = 0;

        restart(life);
        put(life, FAKE_KERNEL_REFUSE, "vm.swappiness CLAMP 33\n");
        assert_true(manager_apply(life->manager, "a", &(ApplyOptions){0}, NULL, &id, &refusal) < 0);
        assert_string_equal(refusal.name, MEMCTL_ERROR_REFUSED);
        assert_non_null(strstr(refusal.text, "NOT undone: vm.swappiness (now 33)"));
        refusal_done(&refusal);
        assert_in_force(life, MANAGER_REVERTING, "a");
        assert_int_equal(tree_delete(life->tree, FAKE_KERNEL_REFUSE), 0);
        restart(life);
        assert_in_force(life, MANAGER_REVERTED, "");
        assert_original(life);
}

static void test_keeping_ends_a_revert_that_is_stuck_and_writes_nothing(void **state) {
        Life *life = *state;
        Refusal refusal = {0};
        uint64_t id = 0;

        restart(life);
        apply(life, "a");
        put(life, FAKE_KERNEL_REFUSE, "vm.swappiness CLAMP 33\n");
        assert_true(revert(life) < 0);
        assert_true(manager_apply(life->manager, "b", &(ApplyOptions){0}, NULL, &id, &refusal) < 0);
        assert_string_equal(refusal.name, MEMCTL_ERROR_BUSY);
        assert_true(manager_keep(life->manager, 999, NULL, &refusal) < 0);
        refusal_done(&refusal);
        assert_in_force(life, MANAGER_REVERTING, "a");

        n_writes = 0;
        keep(life);
        assert_int_equal(n_writes, 0);
        assert_in_force(life, MANAGER_REVERTED, "");
        assert_reads(life, "swappiness", "33");
        assert_int_equal(tree_delete(life->tree, FAKE_KERNEL_REFUSE), 0);
        restart(life);
        assert_int_equal(n_writes, 0);
        assert_in_force(life, MANAGER_IDLE, "");
        apply(life, "b");
        assert_int_equal(revert(life), 0);
        assert_reads(life, "swappiness", "33");
}

static void test_giving_up_a_stuck_revert_leaves_the_kept_profile_below(void **state) {
        Life *life = *state;

        restart(life);
        apply(life, "a");
        keep(life);
        apply(life, "b");
        put(life, FAKE_KERNEL_REFUSE, "vm.swappiness CLAMP 33\n");
        assert_true(revert(life) < 0);
        keep(life);
        assert_in_force(life, MANAGER_KEPT, "a");
        restart(life);
        assert_in_force(life, MANAGER_KEPT, "a");
}

/* Another boot */

static void test_after_a_reboot_what_was_on_probation_is_quarantined(void **state) {
        Life *life = *state;
        Refusal refusal = {0};
        uint64_t id = 0;

        restart(life);
        apply(life, "a");
        reboot(life);
        restart(life);
        assert_in_force(life, MANAGER_IDLE, "");
        assert_original(life);
        assert_true(manager_is_quarantined(life->manager, "a"));
        assert_true(manager_apply(life->manager, "a", &(ApplyOptions){0}, NULL, &id, &refusal) < 0);
        assert_string_equal(refusal.name, MEMCTL_ERROR_QUARANTINED);
        refusal_done(&refusal);
        restart(life);
        assert_true(manager_is_quarantined(life->manager, "a"));
        assert_int_equal(manager_release(life->manager, "a", NULL, &refusal), 0);
        apply(life, "a");
}

static void test_after_a_reboot_what_was_kept_is_applied_and_kept(void **state) {
        Life *life = *state;

        restart(life);
        apply(life, "a");
        keep(life);
        reboot(life);
        restart(life);
        assert_in_force(life, MANAGER_KEPT, "a");
        assert_a_is_in_force(life);
        assert_int_equal(revert(life), 0);
        assert_original(life);
}

static void test_after_a_reboot_the_kept_one_below_a_probation_comes_back(void **state) {
        Life *life = *state;

        restart(life);
        apply(life, "a");
        keep(life);
        apply(life, "b");
        reboot(life);
        restart(life);
        assert_in_force(life, MANAGER_KEPT, "a");
        assert_a_is_in_force(life);
        assert_true(manager_is_quarantined(life->manager, "b"));
        assert_int_equal(revert(life), 0);
        assert_original(life);
}

static void test_a_kept_profile_whose_values_changed_is_tried_first(void **state) {
        Life *life = *state;

        restart(life);
        apply(life, "b");
        keep(life);
        put(life,
            "etc/memctl/profiles/b.yaml",
            "profile: b\nsummary: B\nsysctl:\n  vm.swappiness: 30\n");
        reboot(life);
        restart(life);
        assert_in_force(life, MANAGER_PROBATION, "b");
        restart(life);
        assert_in_force(life, MANAGER_PROBATION, "b");
        assert_int_equal(revert(life), 0);
        assert_original(life);
        restart(life);
        assert_in_force(life, MANAGER_IDLE, "");
}

static void test_a_crash_while_a_kept_profile_comes_back_does_not_lose_it(void **state) {
        Life *life = *state;

        restart(life);
        apply(life, "a");
        keep(life);
        reboot(life);
        journal_free(write_begun(life, "a", OTHER_BOOT));
        restart(life);
        assert_in_force(life, MANAGER_KEPT, "a");
        assert_a_is_in_force(life);
        assert_int_equal(revert(life), 0);
        assert_original(life);
}

static void test_a_crash_before_it_is_kept_again_does_not_put_it_on_probation(void **state) {
        Life *life = *state;

        restart(life);
        apply(life, "a");
        keep(life);
        reboot(life);
        _cleanup_(journal_freep) Journal *journal = write_begun(life, "a", OTHER_BOOT);
        assert_int_equal(journal_append_applied(life->state_fd, JOURNAL_PENDING, journal), 0);
        restart(life);
        assert_int_equal(n_writes, 0);
        assert_in_force(life, MANAGER_KEPT, "a");
        restart(life);
        assert_in_force(life, MANAGER_KEPT, "a");
        assert_int_equal(revert(life), 0);
        assert_original(life);
}

/* Where the disk could not be made to say what became of it */

/* As the process before did it, without a record. */
static void put_originals_back(const Life *life) {
        put(life, VM "swappiness", "60\n");
        put(life, VM "page-cluster", "3\n");
        put(life, VM "dirty_ratio", "20\n");
        put(life, VM "dirty_bytes", "0\n");
        assert_original(life);
}

static void test_a_probation_of_which_nothing_is_in_force_is_over(void **state) {
        Life *life = *state;

        restart(life);
        apply(life, "a");
        put_originals_back(life);
        restart(life);
        assert_int_equal(n_writes, 0);
        assert_in_force(life, MANAGER_REVERTED, "");
        assert_int_equal(faccessat(life->state_fd, JOURNAL_PENDING, F_OK, 0), -1);
}

static void test_a_probation_of_which_one_knob_is_in_force_goes_on(void **state) {
        Life *life = *state;

        restart(life);
        apply(life, "a");
        put_originals_back(life);
        put(life, VM "swappiness", "10\n");
        restart(life);
        assert_in_force(life, MANAGER_PROBATION, "a");
}

/* Damage */

static void test_damaged_files_are_set_aside_and_the_daemon_starts(void **state) {
        Life *life = *state;
        Refusal refusal = {0};

        put(life, "state/" JOURNAL_PENDING, "memctl1 00000000 {}\n");
        put(life, "state/" JOURNAL_KEPT, "");
        put(life, "state/quarantine", "garbage");
        restart(life);
        assert_in_force(life, MANAGER_IDLE, "");
        assert_int_equal(manager_n_quarantined(life->manager), 0);
        assert_int_equal(n_writes, 0);
        assert_int_equal(faccessat(life->state_fd, JOURNAL_PENDING, F_OK, 0), -1);
        assert_int_equal(faccessat(life->state_fd, JOURNAL_KEPT, F_OK, 0), -1);
        assert_true(manager_revert(life->manager, 0, NULL, NULL, &refusal) < 0);
        assert_string_equal(refusal.name, MEMCTL_ERROR_NOTHING);
        refusal_done(&refusal);
        apply(life, "a");
}

#define IN_A_LIFE(test) cmocka_unit_test_setup_teardown(test, life_init, life_done)

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
