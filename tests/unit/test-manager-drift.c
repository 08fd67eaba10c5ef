/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Knobs that something else changes while a profile is in force: told, repaired, let go. */
#include "tests/unit/life.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/machine/khugepaged.h"
#include "daemon/manager-private.h"
#include "daemon/state.h"
#include "tests/support/fake-kernel.h"
#include "tests/support/tree.h"

#define THP_ENABLED "sys/kernel/mm/transparent_hugepage/enabled"

static void profile(const Life *life, const char *drift, const char *rest) {
        _cleanup_(freep) char *text =
                text_format("profile: d\nsummary: D\ndrift: %s\n%s", drift, rest);

        life_put(life, "etc/memctl/profiles/d.yaml", text);
}

/* As with the next sample. */
static void look(Life *life) {
        life->manager->drift.looked_usec = 0;
        manager_look_for_drift(life->manager);
}

typedef struct Count {
        EventType type;
        const char *drift; /* the field, or NULL: any */
        size_t n;
        char last[1024]; /* message */
        char writers[512];
} Count;

static int count(const Event *event, void *userdata) {
        Count *count = userdata;
        const char *drift = event_field(event, "drift"), *writers = event_field(event, "writers");

        if (event->type != count->type || (count->drift && (!drift || !streq(drift, count->drift))))
                return 0;
        count->n++;
        (void) snprintf(count->last, sizeof(count->last), "%s", event->message);
        (void) snprintf(count->writers, sizeof(count->writers), "%s", writers ? writers : "");
        return 0;
}

static Count count_events(const Life *life, EventType type, const char *drift) {
        Count result = {.type = type, .drift = drift};

        (void) events_visit(manager_events(life->manager), 0, 1000, count, &result);
        return result;
}

static void assert_count(const Life *life, EventType type, const char *drift, size_t n) {
        assert_int_equal(count_events(life, type, drift).n, n);
}

/* Report */

static void test_a_drift_is_told_once_and_when_it_changes_and_when_it_ends(void **state) {
        Life *life = *state;

        life_restart(life);
        life_apply(life, "a");
        look(life);
        assert_count(life, EVENT_DRIFT, NULL, 0);
        life_put(life, VM "swappiness", "60\n");
        for (int i = 0; i < 3; i++)
                look(life);
        assert_count(life, EVENT_DRIFT, NULL, 1);
        assert_count(life, EVENT_DRIFT, "began", 1);
        life_put(life, VM "swappiness", "70\n");
        look(life);
        look(life);
        assert_count(life, EVENT_DRIFT, "changed", 1);
        life_put(life, VM "swappiness", "10\n");
        look(life);
        look(life);
        assert_count(life, EVENT_DRIFT, "ended", 1);
        assert_count(life, EVENT_DRIFT, NULL, 3);
}

static void test_it_is_looked_at_no_more_often_than_the_interval_says(void **state) {
        Life *life = *state;

        life_restart(life);
        life_apply(life, "a");
        look(life);
        life_put(life, VM "swappiness", "60\n");
        manager_look_for_drift(life->manager);
        assert_count(life, EVENT_DRIFT, NULL, 0);
        life->manager->config.drift_usec = 0;
        look(life);
        assert_count(life, EVENT_DRIFT, NULL, 0);
}

static void test_who_else_sets_it_is_named_with_file_and_line(void **state) {
        Life *life = *state;

        life_put(life, "etc/sysctl.d/50-x.conf", "# theirs\nvm.swappiness = 60\n");
        life_restart(life);
        life_apply(life, "a");
        life_put(life, VM "swappiness", "60\n");
        look(life);
        Count drift = count_events(life, EVENT_DRIFT, "began");
        assert_non_null(strstr(drift.writers, "sysctl.d sets vm.swappiness to 60 ("));
        assert_non_null(strstr(drift.writers, "/etc/sysctl.d/50-x.conf:2)"));
        assert_non_null(
                strstr(count_events(life, EVENT_APPLIED, NULL).last, "/etc/sysctl.d/50-x.conf:2)"));
}

static void test_a_value_that_was_so_before_the_apply_is_watched_too(void **state) {
        Life *life = *state;

        profile(life, "report", "sysctl:\n  vm.swappiness: 60\n  vm.page-cluster: 0\n");
        life_restart(life);
        life_apply(life, "d");
        life_keep(life);
        life_restart(life);
        life_put(life, VM "swappiness", "61\n");
        look(life);
        assert_count(life, EVENT_DRIFT, "began", 1);
}

static void test_the_other_member_of_a_pair_in_force_is_a_drift(void **state) {
        Life *life = *state;

        life_restart(life);
        life_apply(life, "a");
        life_put(life, VM "dirty_bytes", "0\n");
        life_put(life, VM "dirty_ratio", "30\n");
        look(life);
        Count drift = count_events(life, EVENT_DRIFT, "began");
        assert_int_equal(drift.n, 1);
        assert_non_null(strstr(drift.last, "vm.dirty_bytes is 0, since vm.dirty_ratio is 30"));
}

static void test_a_value_that_may_only_rise_may_be_higher(void **state) {
        Life *life = *state;

        profile(life, "report", "sysctl:\n  vm.stat_interval: {value: 5, only: raise}\n");
        life_restart(life);
        life_apply(life, "d");
        life_put(life, VM "stat_interval", "9\n");
        look(life);
        assert_count(life, EVENT_DRIFT, NULL, 0);
        life_put(life, VM "stat_interval", "4\n");
        look(life);
        assert_count(life, EVENT_DRIFT, "began", 1);
}

/* Repair */

static void test_a_repair_writes_the_value_again_and_says_so(void **state) {
        Life *life = *state;

        profile(life, "repair", "sysctl:\n  vm.swappiness: 10\n  vm.dirty_bytes: 64MiB\n");
        life_restart(life);
        life_apply(life, "d");
        life_put(life, VM "swappiness", "60\n");
        life_put(life, VM "dirty_bytes", "0\n");
        life_put(life, VM "dirty_ratio", "30\n");
        look(life);
        assert_reads(life, "swappiness", "10");
        assert_reads(life, "dirty_bytes", "67108864");
        assert_reads(life, "dirty_ratio", "0");
        assert_count(life, EVENT_REPAIRED, NULL, 2);
        assert_count(life, EVENT_DRIFT, NULL, 0);
        look(life);
        assert_count(life, EVENT_REPAIRED, NULL, 2);
        assert_int_equal(life_revert(life), 0);
        assert_original(life);
}

static void fight(Life *life, const char *value) {
        life_put(life, VM "swappiness", value);
        look(life);
}

static void test_after_three_repairs_in_an_hour_it_stops_also_after_a_restart(void **state) {
        Life *life = *state;

        profile(life, "repair", "sysctl:\n  vm.swappiness: 10\n  vm.page-cluster: 0\n");
        life_restart(life);
        life_apply(life, "d");
        life_keep(life);
        for (int i = 0; i < 2; i++)
                fight(life, "60\n");
        life_restart(life);
        fight(life, "60\n");
        assert_reads(life, "swappiness", "10");
        assert_count(life, EVENT_REPAIRED, NULL, 3);
        for (int i = 0; i < 3; i++)
                fight(life, "60\n");
        assert_reads(life, "swappiness", "60");
        assert_count(life, EVENT_REPAIRED, NULL, 3);
        assert_count(life, EVENT_DRIFT, "gave-up", 1);
        fight(life, "61\n"); /* is told as any drift from then on */
        assert_count(life, EVENT_DRIFT, "changed", 1);
        life_restart(life);
        fight(life, "60\n");
        assert_reads(life, "swappiness", "60");
        /* Another knob has its own three. */
        life_put(life, VM "page-cluster", "3\n");
        look(life);
        assert_reads(life, "page-cluster", "0");
}

static void test_a_repair_that_is_not_taken_is_told_once(void **state) {
        Life *life = *state;

        profile(life, "repair", "sysctl:\n  vm.swappiness: 10\n");
        life_restart(life);
        life_apply(life, "d");
        life_put(life, FAKE_KERNEL_REFUSE, "vm.swappiness EPERM\n");
        life_put(life, VM "swappiness", "60\n");
        for (int i = 0; i < 5; i++)
                look(life);
        assert_count(life, EVENT_DRIFT, "failed", 1);
        assert_count(life, EVENT_DRIFT, "gave-up", 1);
        assert_count(life, EVENT_REPAIRED, NULL, 0);
}

/* Any write to a file of huge pages makes the kernel rebuild vm.min_free_kbytes. */
static void test_a_repair_of_huge_pages_leaves_the_free_memory_alone(void **state) {
        Life *life = *state;

        profile(life, "repair", "transparent_hugepage:\n  enabled: madvise\n");
        life_put(life, THP_ENABLED, "always madvise [never]\n");
        life_restart(life);
        life_apply(life, "d");
        life_put(life, VM "min_free_kbytes", "4321\n");
        life_put(life, THP_ENABLED, "[always] madvise never\n");
        look(life);
        assert_count(life, EVENT_REPAIRED, NULL, 1);
        assert_reads(life, "min_free_kbytes", "4321");
        assert_false(life->manager->repairs.guards);
}

static void test_a_repair_that_a_crash_cut_short_is_finished(void **state) {
        Life *life = *state;
        KnobRef ref;
        const Value free_before = {.kind = VALUE_INTEGER, .n = 1, .integers = {INTEGER_OF(4321)}};

        life_restart(life);
        assert_int_equal(knob_ref_parse("transparent_hugepage.enabled", &ref), 0);
        assert_int_equal(
                repairs_note(&life->manager->repairs, life->state_fd, ref, 1, &free_before), 0);
        life_put(life, VM "min_free_kbytes", "67584\n");
        life_restart(life);
        assert_reads(life, "min_free_kbytes", "4321");
        life_put(life, VM "min_free_kbytes", "5555\n");
        life_restart(life);
        assert_reads(life, "min_free_kbytes", "5555");
}

static void test_a_damaged_record_of_repairs_is_set_aside(void **state) {
        Life *life = *state;

        life_put(life, "state/" REPAIRS_FILE, "");
        life_restart(life);
        assert_int_equal(count_events(life, EVENT_PROBLEM, NULL).n, 1);
        life_apply(life, "a");
}

static void test_what_the_kernel_raised_itself_is_called_so(void **state) {
        Life *life = *state;

        profile(life, "report", "sysctl:\n  vm.min_free_kbytes: 4000\n");
        life_restart(life);
        life_apply(life, "d");
        uint64_t raised =
                khugepaged_min_free_kib(life->root, manager_facts(life->manager), 4000, 10);
        assert_true(raised > 4000);
        _cleanup_(freep) char *text = text_format("%lu\n", (unsigned long) raised);
        life_put(life, VM "min_free_kbytes", text);
        look(life);
        assert_non_null(strstr(count_events(life, EVENT_DRIFT, "began").writers, "kernel itself"));
}

/* Yield */

static void test_a_knob_that_is_yielded_is_forgotten_by_revert_and_restart(void **state) {
        Life *life = *state;

        profile(life,
                "report",
                "sysctl:\n  vm.swappiness: {value: 10, drift: yield}\n  vm.page-cluster: 0\n");
        life_restart(life);
        life_apply(life, "d");
        life_put(life, VM "swappiness", "77\n");
        look(life);
        look(life);
        assert_count(life, EVENT_YIELDED, NULL, 1);
        assert_count(life, EVENT_DRIFT, NULL, 0);
        /* Even when it later has our value by chance. */
        life_put(life, VM "swappiness", "10\n");
        life_restart(life);
        assert_in_force(life, MANAGER_PROBATION, "d");
        assert_int_equal(life_revert(life), 0);
        assert_reads(life, "swappiness", "10");
        assert_reads(life, "page-cluster", "3");
}

static void test_a_knob_of_both_transactions_leaves_both(void **state) {
        Life *life = *state;

        profile(life, "yield", "sysctl:\n  vm.swappiness: 20\n  vm.stat_interval: 5\n");
        life_restart(life);
        life_apply(life, "a");
        life_keep(life);
        life_apply(life, "d");
        life_put(life, VM "swappiness", "77\n");
        look(life);
        life_put(life, VM "swappiness", "10\n");
        life_restart(life);
        assert_int_equal(life_revert(life), 0);
        assert_in_force(life, MANAGER_KEPT, "a");
        assert_int_equal(life_revert(life), 0);
        assert_reads(life, "swappiness", "10");
        assert_reads(life, "dirty_ratio", "20");
}

static void test_a_knob_that_cannot_be_let_go_on_disk_stays_ours(void **state) {
        Life *life = *state;

        profile(life, "yield", "sysctl:\n  vm.swappiness: 10\n  vm.page-cluster: 0\n");
        life_restart(life);
        life_apply(life, "d");
        life_put(life, VM "swappiness", "77\n");
        int fd = life->manager->state_fd;
        life->manager->state_fd = -1;
        look(life);
        look(life);
        life->manager->state_fd = fd;
        assert_count(life, EVENT_DRIFT, "failed", 1);
        assert_count(life, EVENT_YIELDED, NULL, 0);
        life_put(life, VM "swappiness", "10\n");
        assert_int_equal(life_revert(life), 0);
        assert_original(life);
}

static void test_a_probation_goes_on_after_a_yield_and_a_restart(void **state) {
        Life *life = *state;

        profile(life, "yield", "sysctl:\n  vm.swappiness: 10\n  vm.page-cluster: 0\n");
        life_restart(life);
        life_apply(life, "d");
        usec_t started = life->manager->pending->start.at_usec;
        usec_t deadline = life->manager->pending->deadline_usec;
        life_put(life, VM "swappiness", "77\n");
        look(life);
        life_restart(life);
        assert_in_force(life, MANAGER_PROBATION, "d");
        assert_int_equal(life->manager->pending->start.at_usec, started);
        assert_int_equal(life->manager->pending->deadline_usec, deadline);
        assert_string_equal(life->manager->pending->drifted, "vm.swappiness");
}

/* Policies */

static void test_the_configuration_decides_where_the_profile_is_silent(void **state) {
        Life *life = *state;

        life->config.drift = DRIFT_POLICY_REPAIR;
        life_restart(life);
        life_apply(life, "a");
        life_put(life, VM "swappiness", "60\n");
        look(life);
        assert_reads(life, "swappiness", "10");
}

static void test_the_verdict_says_that_the_setting_was_not_in_force(void **state) {
        Life *life = *state;
        Refusal refusal = {0};
        Report *report = NULL;

        life_restart(life);
        life_apply(life, "a");
        life_put(life, VM "swappiness", "60\n");
        look(life);
        life_put(life, VM "swappiness", "10\n");
        look(life);
        life_put(life, VM "page-cluster", "3\n");
        look(life);
        const Verdict verdict = {.kind = VERDICT_KEEP};
        _cleanup_(freep) char *why = evidence_explain(life->manager->probation, &verdict, NULL);
        assert_non_null(strstr(why, "vm.swappiness, vm.page-cluster was changed from outside"));
        assert_int_equal(manager_report(life->manager, 0, &report, &refusal), 0);
        assert_string_equal(report->drifted, "vm.swappiness, vm.page-cluster");
        report_free(report);
}

static void test_the_profile_that_is_switched_to_decides_what_is_watched(void **state) {
        Life *life = *state;

        life_restart(life);
        life_apply(life, "a");
        life_keep(life);
        life_apply(life, "b");
        life_put(life, VM "page-cluster", "0\n"); /* was a's, and is nobody's now */
        look(life);
        assert_count(life, EVENT_DRIFT, NULL, 0);
        life_put(life, VM "swappiness", "10\n"); /* what was a's is not b's */
        look(life);
        assert_count(life, EVENT_DRIFT, "began", 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_A_LIFE(test_a_drift_is_told_once_and_when_it_changes_and_when_it_ends),
                IN_A_LIFE(test_it_is_looked_at_no_more_often_than_the_interval_says),
                IN_A_LIFE(test_who_else_sets_it_is_named_with_file_and_line),
                IN_A_LIFE(test_a_value_that_was_so_before_the_apply_is_watched_too),
                IN_A_LIFE(test_the_other_member_of_a_pair_in_force_is_a_drift),
                IN_A_LIFE(test_a_value_that_may_only_rise_may_be_higher),
                IN_A_LIFE(test_a_repair_writes_the_value_again_and_says_so),
                IN_A_LIFE(test_after_three_repairs_in_an_hour_it_stops_also_after_a_restart),
                IN_A_LIFE(test_a_repair_that_is_not_taken_is_told_once),
                IN_A_LIFE(test_a_repair_of_huge_pages_leaves_the_free_memory_alone),
                IN_A_LIFE(test_a_repair_that_a_crash_cut_short_is_finished),
                IN_A_LIFE(test_a_damaged_record_of_repairs_is_set_aside),
                IN_A_LIFE(test_what_the_kernel_raised_itself_is_called_so),
                IN_A_LIFE(test_a_knob_that_is_yielded_is_forgotten_by_revert_and_restart),
                IN_A_LIFE(test_a_knob_of_both_transactions_leaves_both),
                IN_A_LIFE(test_a_knob_that_cannot_be_let_go_on_disk_stays_ours),
                IN_A_LIFE(test_a_probation_goes_on_after_a_yield_and_a_restart),
                IN_A_LIFE(test_the_configuration_decides_where_the_profile_is_silent),
                IN_A_LIFE(test_the_verdict_says_that_the_setting_was_not_in_force),
                IN_A_LIFE(test_the_profile_that_is_switched_to_decides_what_is_watched),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
