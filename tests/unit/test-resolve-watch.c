/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of the watch: and drift: of profiles that inherit. */
#include "tests/unit/resolving.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_watch_is_merged_member_by_member(void **state) {
        const MadeMachine *machine = *state;

        put(machine,
            "p",
            "watch: {pressure-of: a.service, baseline: 1min, on-regression: report,\n"
            "        limits: {memory.full: 10% over 2s, io.full: 20% over 4s, oom-kill: 1}}\n");
        put(machine,
            "a",
            "inherits: [p]\nwatch: {probation: 1h, limits: {cpu.full: 1% over 2s}}\n");
        _cleanup_(settings_freep) Settings *settings = resolve(machine, "a");
        assert_string_equal(settings->watch.pressure_of, "a.service");
        assert_int_equal(settings->watch.baseline_usec, USEC_PER_MINUTE);
        assert_int_equal(settings->watch.probation_usec, USEC_PER_HOUR);
        assert_int_equal(settings->watch.on_regression, ON_REGRESSION_REPORT);
        assert_int_equal(settings->watch.n_limits, 1);
        assert_int_equal(settings->watch.limits[0].metric, METRIC_CPU_FULL);
        assert_int_equal(settings->watch.oom_kills, 0); /* limits are replaced whole */
        put(machine, "b", "inherits: [p]\n");
        _cleanup_(settings_freep) Settings *inherited = resolve(machine, "b");
        assert_int_equal(inherited->watch.oom_kills, 1);
}

static DriftPolicy drift_of(const Settings *settings, const char *name) {
        const Setting *setting = find(settings, name);

        assert_non_null(setting);
        return setting->drift;
}

/* Of the whole file: also of what it inherits. Of a value: whatever file says more later. */
static void test_drift_is_the_values_own_or_the_last_files(void **state) {
        const MadeMachine *machine = *state;

        put(machine,
            "p",
            "drift: yield\nsysctl: {vm.swappiness: 1, vm.page-cluster: {value: 1, drift: "
            "report}}\n");
        put(machine, "q", "inherits: [p]\nsysctl: {vm.stat_interval: 2}\n");
        put(machine, "a", "inherits: [q]\ndrift: repair\n");
        put(machine, "none", "sysctl: {vm.swappiness: 1}\n");
        _cleanup_(settings_freep) Settings *q = resolve(machine, "q");
        assert_int_equal(drift_of(q, "vm.stat_interval"), DRIFT_POLICY_YIELD);
        _cleanup_(settings_freep) Settings *a = resolve(machine, "a");
        assert_int_equal(a->drift, DRIFT_POLICY_REPAIR);
        assert_int_equal(drift_of(a, "vm.swappiness"), DRIFT_POLICY_REPAIR);
        assert_int_equal(drift_of(a, "vm.stat_interval"), DRIFT_POLICY_REPAIR);
        assert_int_equal(drift_of(a, "vm.page-cluster"), DRIFT_POLICY_REPORT);
        _cleanup_(settings_freep) Settings *none = resolve(machine, "none");
        assert_int_equal(drift_of(none, "vm.swappiness"), DRIFT_POLICY_NONE);
}

static void test_what_no_file_says_of_watch_has_its_default(void **state) {
        const MadeMachine *machine = *state;

        put(machine, "a", "");
        _cleanup_(settings_freep) Settings *settings = resolve(machine, "a");
        assert_string_equal(settings->watch.pressure_of, "system");
        assert_int_equal(settings->watch.baseline_usec, WATCH_BASELINE_DEFAULT);
        assert_int_equal(settings->watch.probation_usec, WATCH_PROBATION_DEFAULT);
        assert_int_equal(settings->watch.on_regression, ON_REGRESSION_REVERT);
        assert_int_equal(settings->watch.on_inconclusive, ON_INCONCLUSIVE_KEEP);
        assert_int_equal(settings->watch.n_limits, 0);
        assert_int_equal(settings->watch.n_regressions, 3);
        assert_int_equal(settings->watch.regressions[2].metric, METRIC_IO_FULL);
}

static void test_an_inherited_cpu_full_limit_needs_a_cgroup(void **state) {
        const MadeMachine *machine = *state;

        put(machine, "p", "watch: {pressure-of: a.slice, limits: {cpu.full: 1% over 2s}}\n");
        put(machine, "a", "inherits: [p]\nwatch: {pressure-of: system}\n");
        _cleanup_(settings_freep) Settings *settings = resolve(machine, "p");
        assert_non_null(settings);
        assert_complaint(machine, "a", -EINVAL, "p.yaml:3:40: error: cpu.full is always 0");
}

static void test_an_inherited_regression_of_cpu_full_needs_a_cgroup(void **state) {
        const MadeMachine *machine = *state;

        put(machine, "p", "watch:\n  pressure-of: a.slice\n  regressions: {cpu.full: {}}\n");
        put(machine, "a", "inherits: [p]\nwatch: {pressure-of: system}\n");
        _cleanup_(settings_freep) Settings *settings = resolve(machine, "p");
        assert_int_equal(settings->watch.n_regressions, 1);
        assert_int_equal(settings->watch.regressions[0].margin_permyriad, 0);
        assert_complaint(machine, "a", -EINVAL, "p.yaml:5:3: error: cpu.full is always 0");
}

static void test_no_regressions_are_none(void **state) {
        const MadeMachine *machine = *state;

        put(machine, "p", "watch: {regressions: {io.some: {margin: 2%}}}\n");
        put(machine, "a", "inherits: [p]\nwatch: {regressions: {}, on-inconclusive: revert}\n");
        _cleanup_(settings_freep) Settings *settings = resolve(machine, "a");
        assert_int_equal(settings->watch.n_regressions, 0);
        assert_int_equal(settings->watch.on_inconclusive, ON_INCONCLUSIVE_REVERT);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_A_MACHINE(test_watch_is_merged_member_by_member),
                ON_A_MACHINE(test_drift_is_the_values_own_or_the_last_files),
                ON_A_MACHINE(test_what_no_file_says_of_watch_has_its_default),
                ON_A_MACHINE(test_an_inherited_cpu_full_limit_needs_a_cgroup),
                ON_A_MACHINE(test_an_inherited_regression_of_cpu_full_needs_a_cgroup),
                ON_A_MACHINE(test_no_regressions_are_none),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests_name("resolve-watch", tests, NULL, NULL);
}
