/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine that goes down soon after an apply does not do so again. */
#include "tests/unit/life.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "daemon/manager-private.h"
#include "tests/support/tree.h"

static void guard(Life *life) {
        life->config.boot_guard_usec = 10 * USEC_PER_MINUTE;
}

/* Minutes ago. */
static void age(Life *life, usec_t minutes) {
        usec_t now = manager_boottime(), ago = minutes * USEC_PER_MINUTE;

        life->manager->boot_guard.at_usec = now > ago ? now - ago : 0;
}

static void test_a_crash_of_the_machine_soon_after_an_apply_is_not_repeated(void **state) {
        Life *life = *state;
        Refusal refusal = {0};

        guard(life);
        life_restart(life);
        life_apply(life, "a");
        life_keep(life);
        life_reboot(life);
        life_restart(life);
        assert_in_force(life, MANAGER_IDLE, "");
        assert_original(life);
        assert_true(manager_is_quarantined(life->manager, "a"));
        assert_int_equal(life_count_events(life, EVENT_QUARANTINED), 1);
        /* Each start says so. */
        life_restart(life);
        assert_int_equal(life_count_events(life, EVENT_QUARANTINED), 2);
        assert_in_force(life, MANAGER_IDLE, "");
        /* After the release nothing comes by itself. */
        assert_int_equal(manager_release(life->manager, "a", NULL, &refusal), 0);
        life_restart(life);
        assert_in_force(life, MANAGER_IDLE, "");
        assert_original(life);
}

/* Its old record would bring it into force again, at a boot after somebody reverted it. */
static void test_what_was_released_and_reverted_does_not_come_back(void **state) {
        Life *life = *state;
        Refusal refusal = {0};

        guard(life);
        life_restart(life);
        life_apply(life, "a");
        life_keep(life);
        life_reboot(life);
        life_restart(life);
        assert_int_equal(manager_release(life->manager, "a", NULL, &refusal), 0);
        life_apply(life, "a");
        assert_int_equal(life_revert(life), 0);
        life_reboot(life);
        life_restart(life);
        assert_in_force(life, MANAGER_IDLE, "");
        assert_original(life);
        assert_false(manager_is_quarantined(life->manager, "a"));
}

/* Also when its file had become another, which was on probation when the machine went down. */
static void test_what_was_kept_and_tried_anew_is_kept_no_more(void **state) {
        Life *life = *state;
        Refusal refusal = {0};

        life_restart(life);
        life_apply(life, "a");
        life_keep(life);
        life_put(life,
                 "etc/memctl/profiles/a.yaml",
                 "profile: a\nsummary: s\nsysctl: {vm.swappiness: 33}\n");
        life_apply(life, "a");
        life_reboot(life);
        life_restart(life);
        assert_true(manager_is_quarantined(life->manager, "a"));
        assert_in_force(life, MANAGER_IDLE, "");
        assert_int_equal(manager_release(life->manager, "a", NULL, &refusal), 0);
        life_restart(life);
        assert_in_force(life, MANAGER_IDLE, "");
        assert_original(life);
}

static void test_the_daemons_own_apply_at_boot_is_guarded_too(void **state) {
        Life *life = *state;

        guard(life);
        life_restart(life);
        life_apply(life, "a");
        life_keep(life);
        manager_stop(life->manager);
        life_reboot(life);
        life_restart(life);
        assert_in_force(life, MANAGER_KEPT, "a");
        life_reboot(life);
        life_put(life, BOOT_ID, "11111111-2222-3333-4444-555555555555\n");
        life_restart(life);
        assert_in_force(life, MANAGER_IDLE, "");
        assert_true(manager_is_quarantined(life->manager, "a"));
}

static void test_a_machine_that_lives_on_or_is_shut_down_is_not_suspected(void **state) {
        Life *life = *state;

        for (int stopped = 0; stopped < 2; stopped++) {
                guard(life);
                life_restart(life);
                life_apply(life, "a");
                life_keep(life);
                age(life, 11);
                if (stopped)
                        manager_stop(life->manager);
                else
                        manager_age_boot_guard(life->manager);
                life_reboot(life);
                life_restart(life);
                assert_in_force(life, MANAGER_KEPT, "a");
                assert_int_equal(life_revert(life), 0);
                life_put(life, BOOT_ID, "11111111-2222-3333-4444-555555555555\n");
        }
}

static void test_a_daemon_that_was_killed_or_restarted_is_no_crash_of_the_machine(void **state) {
        Life *life = *state;

        guard(life);
        life_restart(life);
        life_apply(life, "a");
        life_keep(life);
        life_restart(life);
        assert_in_force(life, MANAGER_KEPT, "a");
        assert_true(life->manager->boot_guard.open);
        manager_leave(life->manager);
        life_restart(life);
        assert_true(life->manager->boot_guard.open);
        life_reboot(life);
        life_restart(life);
        assert_true(manager_is_quarantined(life->manager, "a"));
}

static void test_a_clock_that_was_set_back_does_not_end_the_guard(void **state) {
        Life *life = *state;

        guard(life);
        life_restart(life);
        life_apply(life, "a");
        /* As in a container whose time namespace is another after its restart. */
        life->manager->boot_guard.at_usec = manager_boottime() + USEC_PER_DAY;
        manager_age_boot_guard(life->manager);
        assert_true(life->manager->boot_guard.open);
}

static void test_what_was_taken_back_in_time_is_not_suspected(void **state) {
        Life *life = *state;

        guard(life);
        life_restart(life);
        life_apply(life, "a");
        assert_int_equal(life_revert(life), 0);
        life_reboot(life);
        life_restart(life);
        assert_false(manager_is_quarantined(life->manager, "a"));
}

/* All that an apply does until it is killed before its first write. */
static void record_apply_of_b(const Life *life, uint64_t id) {
        BootGuard record = {0};

        assert_int_equal(boot_guard_open(life->state_fd,
                                         "b",
                                         id,
                                         life->manager->facts.boot_id,
                                         manager_boottime(),
                                         &record),
                         0);
}

static void test_an_apply_that_never_came_is_not_suspected(void **state) {
        Life *life = *state;

        guard(life);
        life_restart(life);
        life_apply(life, "a");
        life_keep(life);
        record_apply_of_b(life, 999);
        life_restart(life);
        assert_string_equal(life->manager->boot_guard.profile, "a");
        assert_int_equal(life_revert(life), 0);
        record_apply_of_b(life, 1000);
        life_restart(life);
        assert_false(life->manager->boot_guard.open);
        life_reboot(life);
        life_restart(life);
        assert_int_equal(manager_n_quarantined(life->manager), 0);
}

static void test_what_is_kept_below_is_suspected_again_when_it_is_young(void **state) {
        Life *life = *state;

        guard(life);
        life_restart(life);
        life_apply(life, "a");
        life_keep(life);
        life_apply(life, "b");
        assert_string_equal(life->manager->boot_guard.profile, "b");
        assert_int_equal(life_revert(life), 0);
        assert_string_equal(life->manager->boot_guard.profile, "a");
        life_reboot(life);
        life_restart(life);
        assert_true(manager_is_quarantined(life->manager, "a"));
        assert_false(manager_is_quarantined(life->manager, "b"));
}

static void test_a_switch_on_probation_suspects_the_new_one_alone(void **state) {
        Life *life = *state;

        guard(life);
        life_restart(life);
        life_apply(life, "a");
        life_keep(life);
        life_apply(life, "b");
        life_reboot(life);
        life_restart(life);
        assert_in_force(life, MANAGER_KEPT, "a");
        assert_true(manager_is_quarantined(life->manager, "b"));
        assert_int_equal(manager_n_quarantined(life->manager), 1);
}

static void test_without_a_guard_nothing_is_recorded(void **state) {
        Life *life = *state;

        life_restart(life);
        life_apply(life, "a");
        assert_int_equal(faccessat(life->state_fd, BOOT_GUARD_FILE, F_OK, 0), -1);
        life_keep(life);
        life_reboot(life);
        life_restart(life);
        assert_in_force(life, MANAGER_KEPT, "a");
}

static void test_what_was_kept_and_is_suspected_is_dropped_also_below_another(void **state) {
        Life *life = *state;
        Refusal refusal = {0};

        guard(life);
        life_restart(life);
        life_apply(life, "a");
        life_keep(life);
        life_reboot(life);
        life_restart(life);
        life_apply(life, "b");
        life_restart(life);
        assert_in_force(life, MANAGER_PROBATION, "b");
        assert_int_equal(life_revert(life), 0);
        assert_original(life);
        assert_int_equal(manager_release(life->manager, "a", NULL, &refusal), 0);
        life_restart(life);
        assert_in_force(life, MANAGER_IDLE, "");
}

static void test_a_damaged_record_is_set_aside(void **state) {
        Life *life = *state;

        guard(life);
        life_put(life, "state/" BOOT_GUARD_FILE, "garbage");
        life_restart(life);
        assert_int_equal(life_count_events(life, EVENT_PROBLEM), 1);
        life_apply(life, "a");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_A_LIFE(test_a_crash_of_the_machine_soon_after_an_apply_is_not_repeated),
                IN_A_LIFE(test_what_was_released_and_reverted_does_not_come_back),
                IN_A_LIFE(test_what_was_kept_and_tried_anew_is_kept_no_more),
                IN_A_LIFE(test_the_daemons_own_apply_at_boot_is_guarded_too),
                IN_A_LIFE(test_a_machine_that_lives_on_or_is_shut_down_is_not_suspected),
                IN_A_LIFE(test_a_daemon_that_was_killed_or_restarted_is_no_crash_of_the_machine),
                IN_A_LIFE(test_a_clock_that_was_set_back_does_not_end_the_guard),
                IN_A_LIFE(test_what_was_taken_back_in_time_is_not_suspected),
                IN_A_LIFE(test_an_apply_that_never_came_is_not_suspected),
                IN_A_LIFE(test_what_is_kept_below_is_suspected_again_when_it_is_young),
                IN_A_LIFE(test_a_switch_on_probation_suspects_the_new_one_alone),
                IN_A_LIFE(test_without_a_guard_nothing_is_recorded),
                IN_A_LIFE(test_what_was_kept_and_is_suspected_is_dropped_also_below_another),
                IN_A_LIFE(test_a_damaged_record_is_set_aside),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
