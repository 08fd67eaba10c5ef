/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* After too many automatic reverts nothing is applied for a while. */
#include "tests/unit/life.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/protocol.h"
#include "daemon/manager-private.h"

static void regress(Life *life, const char *name) {
        static const Verdict verdict = {.kind = VERDICT_REGRESSION};

        life_apply(life, name);
        assert_int_equal(
                manager_take_back(
                        life->manager, EVENT_REVERTED, "it regressed", NULL, &verdict, NULL),
                0);
}

static int try(Life *life, const char *name, Refusal *refusal) {
        uint64_t id;

        return manager_apply(life->manager, name, &(ApplyOptions){0}, NULL, &id, refusal);
}

static void test_after_three_automatic_reverts_nothing_is_applied(void **state) {
        Life *life = *state;
        Refusal refusal = {0};
        HoldView view;

        life_restart(life);
        regress(life, "a");
        regress(life, "b");
        assert_false(manager_hold(life->manager, &view));
        regress(life, "a");
        assert_true(manager_hold(life->manager, &view));
        assert_int_equal(life_count_events(life, EVENT_HELD), 1);
        for (int restarted = 0; restarted < 2; restarted++) {
                assert_true(try(life, "b", &refusal) < 0);
                assert_string_equal(refusal.name, MEMCTL_ERROR_HELD);
                assert_non_null(strstr(refusal.text, "a (transaction "));
                assert_non_null(strstr(refusal.text, "it regressed"));
                assert_non_null(strstr(refusal.text, "memctl release"));
                refusal_done(&refusal);
                life_restart(life);
        }
        assert_original(life);
        assert_int_equal(manager_release_hold(life->manager, "a person", &refusal), 0);
        life_restart(life);
        life_apply(life, "b");
}

/* Whether the daemon is killed before its last write or after it: the revert counts, and once. */
static void test_a_revert_that_a_crash_cut_short_counts_too(void **state) {
        Life *life = *state;
        HoldView view;

        life_restart(life);
        for (int i = 0; i < 3; i++) {
                Journal *journal = NULL;
                assert_false(manager_hold(life->manager, &view));
                life_apply(life, "a");
                journal = life->manager->pending;
                journal->automatic = true;
                journal->whole = true;
                assert_int_equal(journal_append_reverting(life->state_fd, JOURNAL_PENDING, journal),
                                 0);
                if (i == 1)
                        manager_note_revert(life->manager, journal->id, "a", "it regressed");
                life_restart(life);
                assert_original(life);
                assert_int_equal(life->manager->hold.n, i + 1);
        }
        assert_true(manager_hold(life->manager, &view));
}

static void test_a_hold_ends_by_itself_and_that_is_told(void **state) {
        Life *life = *state;
        Refusal refusal = {0};

        life_restart(life);
        for (int i = 0; i < 3; i++)
                regress(life, "a");
        manager_age_hold(life->manager);
        assert_int_equal(life_count_events(life, EVENT_RELEASED), 0);
        life->manager->hold.items[0].at_usec = 0;
        if (manager_boottime() < USEC_PER_HOUR)
                hold_done(&life->manager->hold);
        manager_age_hold(life->manager);
        assert_int_equal(life_count_events(life, EVENT_RELEASED), 1);
        assert_true(manager_release_hold(life->manager, NULL, &refusal) < 0);
        assert_string_equal(refusal.name, MEMCTL_ERROR_NOTHING);
        refusal_done(&refusal);
        life_apply(life, "a");
}

static void test_what_a_person_or_a_deadline_takes_back_does_not_count(void **state) {
        static const Verdict unconfirmed = {.kind = VERDICT_UNCONFIRMED};
        Life *life = *state;
        HoldView view;

        life_restart(life);
        for (int i = 0; i < 4; i++) {
                life_apply(life, "a");
                assert_int_equal(life_revert(life), 0);
                life_apply(life, "a");
                assert_int_equal(
                        manager_take_back(
                                life->manager, EVENT_REVERTED, "x", NULL, &unconfirmed, NULL),
                        0);
        }
        assert_false(manager_hold(life->manager, &view));
}

static void test_a_reboot_does_not_lift_a_hold_but_what_was_kept_comes_back(void **state) {
        Life *life = *state;
        HoldView view;

        life_restart(life);
        life_apply(life, "a");
        life_keep(life);
        for (int i = 0; i < 3; i++)
                regress(life, "b");
        life_reboot(life);
        life_restart(life);
        assert_in_force(life, MANAGER_KEPT, "a");
        /* The whole hour of this boot, which the test machine may have behind it. */
        assert_int_equal(manager_hold(life->manager, &view), manager_boottime() < USEC_PER_HOUR);
}

static void test_the_number_is_the_configurations(void **state) {
        Life *life = *state;
        Refusal refusal = {0};

        life->config.reverts_per_hour = 1;
        life_restart(life);
        regress(life, "a");
        assert_true(try(life, "b", &refusal) < 0);
        refusal_done(&refusal);
        life->config.reverts_per_hour = 0;
        life_restart(life);
        life_apply(life, "b");
}

static void test_a_damaged_record_is_set_aside(void **state) {
        Life *life = *state;

        life_put(life, "state/" HOLD_FILE, "memctl1 00000000 {}\n");
        life_restart(life);
        assert_int_equal(life_count_events(life, EVENT_PROBLEM), 1);
        life_apply(life, "a");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_A_LIFE(test_after_three_automatic_reverts_nothing_is_applied),
                IN_A_LIFE(test_a_revert_that_a_crash_cut_short_counts_too),
                IN_A_LIFE(test_a_hold_ends_by_itself_and_that_is_told),
                IN_A_LIFE(test_what_a_person_or_a_deadline_takes_back_does_not_count),
                IN_A_LIFE(test_a_reboot_does_not_lift_a_hold_but_what_was_kept_comes_back),
                IN_A_LIFE(test_the_number_is_the_configurations),
                IN_A_LIFE(test_a_damaged_record_is_set_aside),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
