/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/profile.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HEAD "profile: x\nsummary: s\n"

static Profile *parse(const char *text) {
        Profile *profile = NULL;
        Problems problems = PROBLEMS_INIT;

        int r = profile_parse("x.yaml", "x", text, strlen(text), &problems, &profile);
        if (r < 0) {
                _cleanup_(freep) char *all = problems_format(&problems);
                fail_msg("%s", all);
        }
        problems_done(&problems);
        return profile;
}

static void assert_complaint(const char *text, const char *words) {
        Profile *profile = NULL;
        Problems problems = PROBLEMS_INIT;

        int r = profile_parse("x.yaml", "x", text, strlen(text), &problems, &profile);
        assert_int_equal(r, -EINVAL);
        assert_null(profile);
        _cleanup_(freep) char *all = problems_format(&problems);
        problems_done(&problems);
        if (!strstr(all, words))
                fail_msg("expected \"%s\" in:\n%s", words, all);
}

static const ProfileSetting *find(const ProfileSettings *settings, const char *name) {
        KnobRef ref;

        assert_int_equal(knob_ref_parse(name, &ref), 0);
        for (size_t i = 0; i < settings->n; i++)
                if (knob_ref_equal(settings->items[i].ref, ref))
                        return &settings->items[i];
        fail_msg("%s is not set", name);
        return NULL;
}

static const char complete[] = "profile: x\n"
                               "summary: a summary\n"
                               "description: |\n"
                               "  one\n"
                               "  two\n"
                               "inherits: [server, base]\n"
                               "when: {ram: '>= 4GiB', kernel: '< 6.2', swap: [none, zram]}\n"
                               "sysctl:\n"
                               "  vm.swappiness: 1\n"
                               "  vm.min_free_kbytes: {of-ram: 1.5%, at-least: 64MiB, at-most: "
                               "1GiB, optional: true}\n"
                               "  vm.compaction_proactiveness: {value: 0, optional: true}\n"
                               "transparent_hugepage:\n"
                               "  enabled: madvise\n"
                               "  khugepaged: {max_ptes_none: '0'}\n"
                               "  hugepages-64kB: {enabled: inherit}\n"
                               "overrides:\n"
                               "  - when: {ram: '>= 256GiB'}\n"
                               "    sysctl: {vm.swappiness: 5}\n"
                               "    transparent_hugepage: {enabled: always}\n"
                               "watch:\n"
                               "  pressure-of: redis.service\n"
                               "  baseline: 2min\n"
                               "  probation: 1h\n"
                               "  limits: {memory.full: 10% over 2s, io.some: 0.5% over 500ms}\n"
                               "  regressions: {io.full: {margin: 2%}}\n"
                               "  on-regression: report\n";

static void test_every_key_of_the_file_itself_is_read(void **state) {
        _cleanup_(profile_freep) Profile *profile = parse(complete);

        assert_string_equal(profile->name, "x");
        assert_string_equal(profile->file, "x.yaml");
        assert_string_equal(profile->text, complete);
        assert_string_equal(profile->summary, "a summary");
        assert_string_equal(profile->description, "one\ntwo\n");
        assert_int_equal(profile->n_inherits, 2);
        assert_string_equal(profile->inherits[1], "base");
        assert_int_equal(profile->inherits_places[1].line, 6);
        assert_int_equal(profile->inherits_places[1].column, 20);
        assert_int_equal(profile->when.ram, COMPARISON_GE);
        assert_int_equal(profile->when.ram_bytes, 4ull << 30);
        assert_int_equal(profile->when.kernel, COMPARISON_LT);
        assert_int_equal(profile->when.kernel_version, KERNEL_VERSION_OF(6, 2));
        assert_int_equal(profile->when.swap_kinds, SWAP_NONE | SWAP_ZRAM);
        assert_int_equal(profile->when.line, 7);
}

static void test_values_are_kept_as_written_with_their_places(void **state) {
        _cleanup_(profile_freep) Profile *profile = parse(complete);
        const ProfileSetting *plain = find(&profile->settings, "vm.swappiness");
        const ProfileSetting *share = find(&profile->settings, "vm.min_free_kbytes");
        const ProfileSetting *form = find(&profile->settings, "vm.compaction_proactiveness");

        assert_int_equal(profile->settings.n, 6);
        assert_string_equal(plain->value.text, "1");
        assert_false(plain->value.optional);
        assert_int_equal(plain->line, 9);
        assert_int_equal(plain->column, 3);
        assert_int_equal(plain->value_line, 9);
        assert_int_equal(plain->value_column, 18);
        assert_null(share->value.text);
        assert_int_equal(share->value.of_ram_permyriad, 150);
        assert_int_equal(share->value.at_least_bytes, 64ull << 20);
        assert_int_equal(share->value.at_most_bytes, 1ull << 30);
        assert_true(share->value.optional);
        assert_int_equal(share->value_column, 32);
        assert_string_equal(form->value.text, "0");
        assert_true(form->value.optional);
        assert_int_equal(form->value_column, 40);
}

static void test_a_value_says_where_it_comes_from(void **state) {
        _cleanup_(profile_freep) Profile *profile =
                parse("profile: x\n"
                      "summary: s\n"
                      "sysctl:\n"
                      "  vm.max_map_count: {value: 1048576, only: raise, source: \"who; where\","
                      " reviewed: 2026-11}\n"
                      "  vm.stat_interval: {value: 10, only: lower, reviewed: 2026-11-27}\n"
                      "  vm.swappiness: {value: 10}\n");
        const ProfileValue *raise = &find(&profile->settings, "vm.max_map_count")->value;
        const ProfileValue *lower = &find(&profile->settings, "vm.stat_interval")->value;
        const ProfileValue *plain = &find(&profile->settings, "vm.swappiness")->value;

        assert_int_equal(raise->only, ONLY_RAISE);
        assert_string_equal(raise->source, "who; where");
        assert_string_equal(raise->reviewed, "2026-11");
        assert_int_equal(lower->only, ONLY_LOWER);
        assert_string_equal(lower->reviewed, "2026-11-27");
        assert_null(lower->source);
        assert_int_equal(plain->only, ONLY_NONE);
        assert_null(plain->reviewed);
}

static void test_huge_page_knobs_mirror_the_folders(void **state) {
        _cleanup_(profile_freep) Profile *profile = parse(complete);
        const ProfileSetting *folio =
                find(&profile->settings, "transparent_hugepage.hugepages-64kB.enabled");

        assert_string_equal(find(&profile->settings, "transparent_hugepage.enabled")->value.text,
                            "madvise");
        assert_string_equal(
                find(&profile->settings, "transparent_hugepage.khugepaged.max_ptes_none")
                        ->value.text,
                "0");
        assert_int_equal(folio->ref.instance_kb, 64);
        assert_string_equal(folio->value.text, "inherit");
}

static void test_overrides_keep_their_order_and_condition(void **state) {
        _cleanup_(profile_freep) Profile *profile = parse(complete);

        assert_int_equal(profile->n_overrides, 1);
        assert_int_equal(profile->overrides[0].when.ram_bytes, 256ull << 30);
        assert_int_equal(profile->overrides[0].settings.n, 2);
        assert_string_equal(find(&profile->overrides[0].settings, "vm.swappiness")->value.text,
                            "5");
}

static void test_watch_says_what_it_sets(void **state) {
        _cleanup_(profile_freep) Profile *profile = parse(complete);
        _cleanup_(profile_freep) Profile *partly = parse(HEAD "watch: {probation: 1s}\n");
        const Watch *watch = &profile->watch;

        assert_string_equal(watch->pressure_of, "redis.service");
        assert_int_equal(watch->baseline_usec, 2 * USEC_PER_MINUTE);
        assert_int_equal(watch->probation_usec, USEC_PER_HOUR);
        assert_int_equal(watch->n_limits, 2);
        assert_int_equal(watch->limits[0].metric, METRIC_MEMORY_FULL);
        assert_int_equal(watch->limits[0].share_permyriad, 1000);
        assert_int_equal(watch->limits[0].window_usec, 2 * USEC_PER_SEC);
        assert_int_equal(watch->limits[1].share_permyriad, 50);
        assert_int_equal(watch->limits[1].window_usec, 500 * USEC_PER_MSEC);
        assert_int_equal(watch->n_regressions, 1);
        assert_int_equal(watch->regressions[0].metric, METRIC_IO_FULL);
        assert_int_equal(watch->regressions[0].margin_permyriad, 200);
        assert_int_equal(watch->on_regression, ON_REGRESSION_REPORT);
        assert_int_equal(watch->set,
                         WATCH_SET_PRESSURE_OF | WATCH_SET_BASELINE | WATCH_SET_PROBATION |
                                 WATCH_SET_LIMITS | WATCH_SET_REGRESSIONS |
                                 WATCH_SET_ON_REGRESSION);
        assert_int_equal(partly->watch.set, WATCH_SET_PROBATION);
        assert_int_equal(partly->watch.probation_usec, USEC_PER_SEC);
}

static void test_kills_are_a_limit_beside_those_of_pressure(void **state) {
        _cleanup_(profile_freep) Profile *profile =
                parse(HEAD "watch: {limits: {oom-kill: 3, memory.full: 10% over 2s}}\n");
        _cleanup_(profile_freep) Profile *without = parse(complete);

        assert_int_equal(profile->watch.oom_kills, 3);
        assert_int_equal(profile->watch.n_limits, 1);
        assert_int_equal(profile->watch.set, WATCH_SET_LIMITS);
        assert_int_equal(without->watch.oom_kills, 0);
}

static void test_a_number_of_kills_is_one_that_can_be_reached(void **state) {
        static const char *const bad[] = {"0", "-1", "1.5", "1%", "one", "1000001", "01"};

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_(freep) char *text =
                        text_format(HEAD "watch: {limits: {oom-kill: %s}}\n", bad[i]);
                assert_complaint(text, "1 to 1000000");
        }
}

static void test_pressure_can_be_that_of_units_and_cgroups(void **state) {
        static const char *const good[] = {"system",
                                           "a.service",
                                           "user-1000.slice",
                                           "run-x@1\\x2d.scope",
                                           "/system.slice/a.service",
                                           "/a/..b/c..d"};
        static const char *const bad[] = {".service",
                                          "a",
                                          "a.timer",
                                          "a/b.service",
                                          "/",
                                          "/a/",
                                          "//a",
                                          "/..",
                                          "/./a",
                                          "a b.service"};

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                _cleanup_(freep) char *text =
                        text_format(HEAD "watch:\n  pressure-of: %s\n", good[i]);
                _cleanup_(profile_freep) Profile *profile = parse(text);
                assert_string_equal(profile->watch.pressure_of, good[i]);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_(freep) char *text =
                        text_format(HEAD "watch:\n  pressure-of: %s\n", bad[i]);
                assert_complaint(text, "x.yaml:4:16: error: pressure-of is ");
        }
}

static void test_all_mistakes_of_a_file_are_told_at_once(void **state) {
        static const char text[] = "profile: y\n"
                                   "abstract: s\n"
                                   "sysctl:\n"
                                   "  vm.swapiness: 1\n"
                                   "  vm.drop_caches: 3\n"
                                   "watch: {probation: 0s, limits: {memory.full: 1}}\n";
        Profile *profile = NULL;
        Problems problems = PROBLEMS_INIT;

        assert_int_equal(profile_parse("x.yaml", "x", text, strlen(text), &problems, &profile),
                         -EINVAL);
        assert_int_equal(problems.n_errors, 7);
        for (size_t i = 0; i < problems.n; i++) {
                assert_string_equal(problems.items[i].file, "x.yaml");
                assert_int_not_equal(problems.items[i].line, 0);
                assert_int_not_equal(problems.items[i].column, 0);
                assert_non_null(problems.items[i].quote);
        }
        problems_done(&problems);
}

static void test_an_earlier_file_with_errors_does_not_spoil_the_next(void **state) {
        Profile *profile = NULL;
        Problems problems = PROBLEMS_INIT;

        assert_int_equal(profile_parse("x.yaml", "x", "", 0, &problems, &profile), -EINVAL);
        assert_int_equal(profile_parse("x.yaml", "x", HEAD, strlen(HEAD), &problems, &profile), 0);
        profile = profile_free(profile);
        problems_done(&problems);
}

static void test_a_summary_has_at_most_200_bytes(void **state) {
        char text[300] = "profile: x\nsummary: ";
        size_t n = strlen(text);

        memset(text + n, 'a', 200);
        _cleanup_(profile_freep) Profile *profile = parse(text);
        assert_int_equal(strlen(profile->summary), 200);
        text[n + 200] = 'a';
        assert_complaint(text, "x.yaml:2:10: error: summary has 201 bytes");
}

static void test_times_end_at_the_bounds(void **state) {
        _cleanup_(profile_freep) Profile *profile =
                parse(HEAD "watch: {baseline: 1s, probation: 7d}\n");

        assert_int_equal(profile->watch.probation_usec, 7 * USEC_PER_DAY);
        assert_complaint(HEAD "watch: {probation: 7d 1s}\n", "it can be from 1s to 7d");
        assert_complaint(HEAD "watch: {baseline: 999ms}\n", "it can be from 1s to 7d");
        assert_complaint(HEAD "watch: {baseline: 999999999999999d}\n", "it can be from 1s to 7d");
        assert_complaint(HEAD "watch: {limits: {io.full: 1% over 499ms}}\n", "500ms to 10s");
        assert_complaint(HEAD "watch: {limits: {io.full: 1% over 10001ms}}\n", "500ms to 10s");
}

static void test_swap_may_be_a_single_word(void **state) {
        _cleanup_(profile_freep) Profile *profile = parse(HEAD "when: {swap: disk}\n");

        assert_int_equal(profile->when.swap_kinds, SWAP_DISK);
}

static void test_names_are_plain_words(void **state) {
        static const char *const good[] = {"a", "0", "my-profile_2.1", "redis"};
        static const char *const bad[] = {
                "", "-a", ".a", "_a", "A", "a/b", "../a", "a..b", "a b", "a\n", "\u00e4"};
        char longest[PROFILE_NAME_MAX + 1];

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                assert_true(profile_name_is_valid(good[i]));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_false(profile_name_is_valid(bad[i]));
        memset(longest, 'a', sizeof(longest));
        longest[PROFILE_NAME_MAX] = '\0';
        assert_false(profile_name_is_valid(longest));
        longest[PROFILE_NAME_MAX - 1] = '\0';
        assert_true(profile_name_is_valid(longest));
}

/* Conditions */

static const Facts small = {.context = {.kernel = KERNEL_VERSION_OF(6, 1)},
                            .release = "6.1.0-28-amd64",
                            .ram_bytes = 2ull << 30,
                            .swap_kinds = SWAP_DISK | SWAP_FILE};

static void test_each_comparison_compares(void **state) {
        static const struct {
                const char *condition;
                bool holds;
        } cases[] = {
                {"{ram: '>= 2GiB'}", true},
                {"{ram: '> 2GiB'}", false},
                {"{ram: '<= 2GiB'}", true},
                {"{ram: '< 2GiB'}", false},
                {"{ram: '== 2GiB'}", true},
                {"{ram: '=2GiB'}", true},
                {"{ram: '> 1GiB'}", true},
                {"{ram: '< 2049MiB'}", true},
                {"{kernel: '>= 6.1'}", true},
                {"{kernel: '>= 6.10'}", false},
                {"{kernel: '< 6.2'}", true},
                {"{kernel: '= 6.1'}", true},
                {"{kernel: '> 5.99'}", true},
                {"{swap: [disk, file]}", true},
                {"{swap: [disk]}", false},
                {"{swap: [none]}", false},
                {"{swap: [disk, file, zram]}", true},
                {"{ram: '>= 2GiB', kernel: '>= 6.6'}", false},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(freep) char *text = text_format(HEAD "when: %s\n", cases[i].condition);
                _cleanup_(profile_freep) Profile *profile = parse(text);
                if (when_holds(&profile->when, &small) != cases[i].holds)
                        fail_msg("%s", cases[i].condition);
        }
}

static void test_a_condition_says_what_does_not_hold(void **state) {
        _cleanup_(profile_freep) Profile *profile =
                parse(HEAD "when: {ram: '>= 4.5GiB', kernel: '> 6.1', swap: [none, zram]}\n");
        _cleanup_(freep) char *why = when_explain(&profile->when, &small);
        _cleanup_(freep) char *all = when_format(&profile->when);

        assert_string_equal(why,
                            "needs ram >= 4608MiB, this machine has 2 GiB; needs kernel > 6.1, "
                            "this machine runs 6.1.0-28-amd64; needs swap none or zram, this "
                            "machine has disk and file");
        assert_string_equal(all, "ram >= 4608MiB, kernel > 6.1, swap none or zram");
}

static void test_no_condition_always_holds(void **state) {
        const When nothing = {0};
        _cleanup_(freep) char *all = when_format(&nothing);

        assert_true(when_holds(&nothing, &small));
        assert_null(when_explain(&nothing, &small));
        assert_string_equal(all, "");
}

static void test_a_kernel_that_is_not_known_is_given_the_benefit(void **state) {
        _cleanup_(profile_freep) Profile *profile = parse(HEAD "when: {kernel: '>= 9.0'}\n");
        Facts unknown = small;

        unknown.context.kernel = 0;
        assert_true(when_holds(&profile->when, &unknown));
}

static void test_limits_and_actions_are_written_as_they_are_read(void **state) {
        static const char *const limits[] = {
                "10% over 2s", "0.05% over 500ms", "100% over 10s", "12.5% over 1.5s"};
        char text[64];

        for (size_t i = 0; i < ELEMENTSOF(limits); i++) {
                _cleanup_(freep) char *source =
                        text_format(HEAD "watch: {limits: {io.full: %s}}\n", limits[i]);
                _cleanup_(profile_freep) Profile *profile = parse(source);
                watch_limit_format(&profile->watch.limits[0], text);
                assert_string_equal(text, limits[i]);
        }
        assert_string_equal(on_regression_to_string(ON_REGRESSION_REPORT), "report");
        assert_int_equal(on_regression_from_string("revert"), ON_REGRESSION_REVERT);
        assert_int_equal(on_regression_from_string("ignore"), _ON_REGRESSION_INVALID);
        assert_null(on_regression_to_string(_ON_REGRESSION_MAX));
}

/* What an operator copies from the reference must work. */
static void test_the_first_example_of_the_reference_is_a_profile(void **state) {
        static const char fence[] = "```yaml\n";
        const char *source = getenv("MEMCTL_SOURCE_ROOT");
        _cleanup_(freep) char *path = text_format("%s/docs/profile.md", source ? source : ".");
        _cleanup_(profile_freep) Profile *profile = NULL;
        _cleanup_(freep) char *text = NULL;
        Problems problems = PROBLEMS_INIT;

        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_int_equal(read_all(fd, 1 << 20, &text, NULL), 0);
        const char *example = strstr(text, fence);
        assert_non_null(example);
        example += strlen(fence);
        const char *end = strstr(example, "```");
        assert_non_null(end);
        int r = profile_parse(
                "redis.yaml", "redis", example, (size_t) (end - example), &problems, &profile);
        assert_int_equal(r, 0);
        assert_int_equal(problems.n, 0);
        assert_int_equal(profile->settings.n, 3);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_key_of_the_file_itself_is_read),
                cmocka_unit_test(test_values_are_kept_as_written_with_their_places),
                cmocka_unit_test(test_a_value_says_where_it_comes_from),
                cmocka_unit_test(test_huge_page_knobs_mirror_the_folders),
                cmocka_unit_test(test_overrides_keep_their_order_and_condition),
                cmocka_unit_test(test_watch_says_what_it_sets),
                cmocka_unit_test(test_kills_are_a_limit_beside_those_of_pressure),
                cmocka_unit_test(test_a_number_of_kills_is_one_that_can_be_reached),
                cmocka_unit_test(test_pressure_can_be_that_of_units_and_cgroups),
                cmocka_unit_test(test_all_mistakes_of_a_file_are_told_at_once),
                cmocka_unit_test(test_an_earlier_file_with_errors_does_not_spoil_the_next),
                cmocka_unit_test(test_a_summary_has_at_most_200_bytes),
                cmocka_unit_test(test_times_end_at_the_bounds),
                cmocka_unit_test(test_swap_may_be_a_single_word),
                cmocka_unit_test(test_names_are_plain_words),
                cmocka_unit_test(test_each_comparison_compares),
                cmocka_unit_test(test_a_condition_says_what_does_not_hold),
                cmocka_unit_test(test_no_condition_always_holds),
                cmocka_unit_test(test_a_kernel_that_is_not_known_is_given_the_benefit),
                cmocka_unit_test(test_limits_and_actions_are_written_as_they_are_read),
                cmocka_unit_test(test_the_first_example_of_the_reference_is_a_profile),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}
