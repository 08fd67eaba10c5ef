/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/knobs/knob.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define THP "transparent_hugepage."

static const KnobContext linux_6_18 = {
        .kernel = KERNEL_VERSION_OF(6, 18),
        .page_bytes = 4096,
        .pmd_pages = 512,
};

/* What is wrong with a text for a knob; -errno of value_parse. */
static int check_text(const char *name, const KnobContext *context, const char *text) {
        _cleanup_(freep) char *why = NULL;
        ValueType type;
        KnobRef ref;
        Value value;

        assert_int_equal(knob_ref_parse(name, &ref), 0);
        int r = knob_value_type(ref.knob, context, &type);
        return r < 0 ? r : value_parse(&type, text, &value, &why);
}

static void test_the_table_is_sorted_and_every_knob_is_found(void **state) {
        assert_true(knob_count() > 60);
        for (size_t i = 0; i < knob_count(); i++) {
                const Knob *knob = knob_at(i);
                assert_ptr_equal(knob_find(knob->name), knob);
                assert_true(knob->summary[0] != '\0');
                if (i > 0)
                        assert_true(strcmp(knob_at(i - 1)->name, knob->name) < 0);
        }
        assert_null(knob_at(knob_count()));
        assert_null(knob_find("vm.swapiness"));
        assert_null(knob_find(""));
}

static void test_every_knob_is_in_a_group_that_exists(void **state) {
        for (size_t i = 0; i < knob_count(); i++) {
                const char *const *group = knob_at(i)->groups;
                assert_non_null(group[0]);
                for (; *group; group++) {
                        assert_non_null(knob_group_find(*group));
                        assert_true(knob_is_in_group(knob_at(i), *group));
                }
                assert_false(knob_is_in_group(knob_at(i), "none"));
        }
        assert_string_equal(knob_chapter(knob_find("vm.extfrag_threshold")), "buddy");
        assert_null(knob_group_find("none"));
        assert_null(knob_group_at(knob_group_count()));
}

static void test_pairs_are_symmetrical_and_have_one_ratio(void **state) {
        size_t n_paired = 0;

        for (size_t i = 0; i < knob_count(); i++) {
                KnobRef ref = {.knob = knob_at(i)}, partner = {0}, back = {0};
                if (!knob_ref_partner(ref, &partner)) {
                        assert_null(ref.knob->pair);
                        assert_null(partner.knob);
                        assert_false(knob_is_ratio(ref.knob));
                        continue;
                }
                n_paired++;
                assert_true(knob_ref_partner(partner, &back));
                assert_true(knob_ref_equal(ref, back));
                assert_int_not_equal(knob_is_ratio(ref.knob), knob_is_ratio(partner.knob));
        }
        assert_int_equal(n_paired, 6);
        assert_true(knob_is_ratio(knob_find("vm.overcommit_ratio")));
        assert_false(knob_is_ratio(knob_find("vm.overcommit_kbytes")));
        /* Named alike, and no member of a pair. */
        assert_false(knob_is_ratio(knob_find("vm.min_slab_ratio")));
}

typedef struct TextCase {
        const char *name;
        unsigned kernel;
        const char *text;
        int expected;
} TextCase;

static void test_ranges_follow_the_kernel_version(void **state) {
        /* clang-format off */
        static const TextCase cases[] = {
                {"vm.page-cluster",            KERNEL_VERSION_OF(6, 1),  "32",         0},
                {"vm.page-cluster",            KERNEL_VERSION_OF(6, 5),  "2147483647", 0},
                {"vm.page-cluster",            KERNEL_VERSION_OF(6, 6),  "31",         0},
                {"vm.page-cluster",            KERNEL_VERSION_OF(6, 6),  "32",         -ERANGE},
                {"vm.page-cluster",            0,                        "32",         -ERANGE},
                {"vm.swappiness",              KERNEL_VERSION_OF(5, 4),  "101",        -ERANGE},
                {"vm.swappiness",              KERNEL_VERSION_OF(5, 8),  "200",        0},
                {"vm.swappiness",              KERNEL_VERSION_OF(6, 18), "201",        -ERANGE},
                {"vm.watermark_scale_factor",  KERNEL_VERSION_OF(5, 10), "1001",       -ERANGE},
                {"vm.watermark_scale_factor",  KERNEL_VERSION_OF(6, 1),  "3000",       0},
                {"vm.watermark_scale_factor",  KERNEL_VERSION_OF(6, 1),  "0",          -ERANGE},
                {"vm.defrag_mode",             KERNEL_VERSION_OF(6, 1),  "1",          -EOPNOTSUPP},
                {"vm.defrag_mode",             KERNEL_VERSION_OF(6, 14), "1",          -EOPNOTSUPP},
                {"vm.defrag_mode",             KERNEL_VERSION_OF(6, 15), "1",          0},
                {"vm.defrag_mode",             0,                        "1",          0},
                {"vm.laptop_mode",             KERNEL_VERSION_OF(6, 18), "5",          0},
                {"vm.laptop_mode",             KERNEL_VERSION_OF(7, 0),  "5",          -EOPNOTSUPP},
                {"vm.block_dump",              KERNEL_VERSION_OF(6, 1),  "1",          -EOPNOTSUPP},
                {THP "hugepages-64kB.enabled", KERNEL_VERSION_OF(6, 1),  "always",     -EOPNOTSUPP},
                {THP "hugepages-64kB.enabled", KERNEL_VERSION_OF(6, 12), "inherit",    0},
                {THP "enabled",                KERNEL_VERSION_OF(6, 12), "inherit",    -EINVAL},
                {THP "shrink_underused",       KERNEL_VERSION_OF(6, 11), "1",          -EOPNOTSUPP},
        };
        /* clang-format on */

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                KnobContext context = {
                        .kernel = cases[i].kernel, .page_bytes = 4096, .pmd_pages = 512};
                assert_int_equal(check_text(cases[i].name, &context, cases[i].text),
                                 cases[i].expected);
        }
}

static void test_bounds_follow_the_page_size(void **state) {
        static const struct {
                uint64_t page_bytes;
                uint64_t pmd_pages;
                const char *name;
                const char *min;
                const char *max;
        } cases[] = {
                {4096, 512, "vm.dirty_bytes", "8192", "17592186040320"},
                {65536, 8192, "vm.dirty_bytes", "131072", "281474976645120"},
                {4096, 512, "vm.dirty_background_bytes", "1", "17592186040320"},
                {65536, 8192, "vm.dirty_background_bytes", "1", "281474976645120"},
                {4096, 512, THP "khugepaged.max_ptes_none", "0", "511"},
                {65536, 8192, THP "khugepaged.max_ptes_none", "0", "8191"},
                /* Not known: nothing is refused that some machine takes. */
                {0, 0, THP "khugepaged.max_ptes_swap", "0", "8191"},
                {0, 0, "vm.dirty_bytes", "8192", "17592186040320"},
                {4096, 512, THP "khugepaged.pages_to_scan", "1", "4294967295"},
                {4096, 512, "vm.admin_reserve_kbytes", "0", "18446744073709551615"},
                {4096, 512, "vm.dirty_writeback_centisecs", "-2147483648", "2147483647"},
        };
        char text[22];

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                KnobContext context = {.kernel = KERNEL_VERSION_OF(6, 18),
                                       .page_bytes = cases[i].page_bytes,
                                       .pmd_pages = cases[i].pmd_pages};
                ValueType type;
                assert_int_equal(knob_value_type(knob_find(cases[i].name), &context, &type), 0);
                integer_format(type.min, text);
                assert_string_equal(text, cases[i].min);
                integer_format(type.max, text);
                assert_string_equal(text, cases[i].max);
        }
}

static void test_what_the_kernel_takes_by_overflow_is_out_of_range(void **state) {
        assert_int_equal(check_text("vm.dirty_bytes", &linux_6_18, "18446744073709551615"),
                         -ERANGE);
        assert_int_equal(check_text("vm.dirty_bytes", &linux_6_18, "8191"), -ERANGE);
        assert_int_equal(check_text("vm.dirty_background_bytes", &linux_6_18, "0"), -ERANGE);
}

static void test_a_gap_inside_the_range_is_refused(void **state) {
        static const char name[] = "vm.percpu_pagelist_high_fraction";

        assert_int_equal(check_text(name, &linux_6_18, "0"), 0);
        assert_int_equal(check_text(name, &linux_6_18, "1"), -ERANGE);
        assert_int_equal(check_text(name, &linux_6_18, "7"), -ERANGE);
        assert_int_equal(check_text(name, &linux_6_18, "8"), 0);
}

/* The number one further out than a bound; false when there is none in 64 bits. */
static bool step_out(Integer bound, bool upwards, Integer *ret) {
        if (bound.magnitude == 0) {
                *ret = upwards ? INTEGER_OF(1) : INTEGER_MINUS(1);
                return true;
        }
        if (bound.magnitude == UINT64_MAX)
                return false;
        *ret = bound;
        ret->magnitude += bound.negative == upwards ? (uint64_t) -1 : 1;
        return true;
}

static void assert_bounds_are_exact(const ValueType *type) {
        const struct {
                Integer bound;
                bool upwards;
        } ends[] = {{type->min, false}, {type->max, true}};
        Integer outside;
        Value value;

        for (size_t i = 0; i < ELEMENTSOF(ends); i++) {
                _cleanup_(freep) char *why = NULL, *why_outside = NULL;
                char text[22];
                integer_format(ends[i].bound, text);
                assert_int_equal(value_parse(type, text, &value, &why), 0);
                if (!step_out(ends[i].bound, ends[i].upwards, &outside))
                        continue;
                integer_format(outside, text);
                assert_int_equal(value_parse(type, text, &value, &why_outside), -ERANGE);
                assert_non_null(why_outside);
        }
}

static void assert_choices_are_exact(const Knob *knob, const ValueType *type) {
        assert_non_null(type->choices);
        for (size_t i = 0; type->choices[i]; i++) {
                _cleanup_(freep) char *why = NULL;
                Value value;
                assert_int_equal(value_parse(type, type->choices[i], &value, &why), 0);
                assert_string_equal(value.word, type->choices[i]);
        }
        assert_ptr_equal(type->choices, knob->choices);
}

static void test_every_knob_takes_its_bounds_and_nothing_beyond(void **state) {
        static const unsigned kernels[] = {
                0, KERNEL_VERSION_OF(6, 1), KERNEL_VERSION_OF(6, 12), KERNEL_VERSION_OF(6, 18)};

        for (size_t i = 0; i < knob_count() * ELEMENTSOF(kernels); i++) {
                const Knob *knob = knob_at(i / ELEMENTSOF(kernels));
                KnobContext context = {.kernel = kernels[i % ELEMENTSOF(kernels)],
                                       .page_bytes = 4096,
                                       .pmd_pages = 512};
                ValueType type;
                int r = knob_value_type(knob, &context, &type);
                if (r < 0) {
                        assert_int_equal(r, -EOPNOTSUPP);
                        assert_true(knob->since > context.kernel ||
                                    (knob->until != 0 && knob->until <= context.kernel));
                        continue;
                }
                if (knob->kind == VALUE_CHOICE)
                        assert_choices_are_exact(knob, &type);
                else if (knob->kind != VALUE_BOOL)
                        assert_bounds_are_exact(&type);
        }
}

static void test_what_no_profile_sets_has_a_refusal(void **state) {
        static const char *const triggers[] = {
                "vm.cmm_timed_pages", "vm.compact_memory", "vm.drop_caches", "vm.stat_refresh"};

        for (size_t i = 0; i < knob_count(); i++) {
                const Knob *knob = knob_at(i);
                assert_int_equal(knob->refusal != NULL, !knob_is_settable(knob));
        }
        for (size_t i = 0; i < ELEMENTSOF(triggers); i++)
                assert_true(knob_find(triggers[i])->flags & KNOB_TRIGGER);
        assert_true(knob_is_settable(knob_find("vm.swappiness")));
}

static void test_what_rewrites_min_free_is_written_before_it(void **state) {
        size_t n = 0;

        for (size_t i = 0; i < knob_count(); i++) {
                const Knob *knob = knob_at(i);
                const char *last = strrchr(knob->path, '/') + 1;
                bool is_enabled = knob->section == KNOB_SECTION_THP &&
                                  (streq(last, "enabled") || streq(last, "shmem_enabled"));
                assert_int_equal(is_enabled, (knob->flags & KNOB_REWRITES_MIN_FREE) != 0);
                if (knob->section == KNOB_SECTION_THP)
                        assert_int_equal(knob->stage, KNOB_STAGE_THP);
                n += is_enabled;
        }
        assert_int_equal(n, 4);
        assert_int_equal(knob_find("vm.min_free_kbytes")->stage, KNOB_STAGE_MIN_FREE);
        assert_int_equal(knob_find("vm.watermark_scale_factor")->stage, KNOB_STAGE_WATERMARK);
        assert_int_equal(knob_find("vm.lowmem_reserve_ratio")->stage, KNOB_STAGE_LOWMEM);
        assert_int_equal(knob_find("vm.dirty_bytes")->stage, KNOB_STAGE_DIRTY);
        assert_int_equal(knob_find("vm.overcommit_memory")->stage, KNOB_STAGE_OVERCOMMIT);
}

static void test_sections_and_stages_have_names(void **state) {
        assert_string_equal(knob_section_to_string(KNOB_SECTION_SYSCTL), "sysctl");
        assert_string_equal(knob_section_to_string(KNOB_SECTION_THP), "transparent_hugepage");
        assert_null(knob_section_to_string(_KNOB_SECTION_MAX));
        for (int stage = 0; stage < _KNOB_STAGE_MAX; stage++)
                assert_non_null(knob_stage_to_string(stage));
        assert_null(knob_stage_to_string(_KNOB_STAGE_INVALID));
}

/* ec33687c6749 and d0f048ac39f6 came with 6.10, the counts of failed swap-in with 6.14. */
static void test_counts_came_with_their_kernels_and_are_as_wide_as_there(void **state) {
        static const struct {
                const char *name;
                unsigned since;
                uint64_t max;
        } cases[] = {
                {THP "hugepages-64kB.stats.anon_fault_alloc", KERNEL_VERSION_OF(6, 10), UINT64_MAX},
                {THP "hugepages-64kB.stats.swpout_fallback", KERNEL_VERSION_OF(6, 10), UINT64_MAX},
                {THP "hugepages-64kB.stats.swpin", KERNEL_VERSION_OF(6, 13), UINT64_MAX},
                {THP "hugepages-64kB.stats.swpin_fallback", KERNEL_VERSION_OF(6, 14), UINT64_MAX},
                {THP "khugepaged.full_scans", 0, UINT32_MAX},
                {THP "khugepaged.pages_collapsed", 0, UINT32_MAX},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                ValueType type;
                KnobRef ref;
                assert_int_equal(knob_ref_parse(cases[i].name, &ref), 0);
                assert_int_equal(ref.knob->since, cases[i].since);
                assert_int_equal(knob_value_type(ref.knob, &linux_6_18, &type), 0);
                assert_true(type.max.magnitude == cases[i].max);
        }
}

static void test_a_default_is_known_where_it_is_one_on_every_machine(void **state) {
        static const struct {
                const char *name, *text; /* NULL: it depends */
        } cases[] = {
                {"vm.dirty_ratio", "20"},
                {"vm.dirty_bytes", "0"},                       /* (the ratio is in force) */
                {"vm.nr_hugepages", "0"},                      /* , or hugepages= at boot */
                {"lru_gen.min_ttl_ms", "0"},                   /* (off) */
                {"ksm.advisor_mode", "none"},                  /* a word */
                {"vm.lowmem_reserve_ratio", "256 256 32 0 0"}, /* (one number a zone) */
                {"vm.compact_unevictable_allowed", NULL},      /* 1 (0 with PREEMPT_RT) */
                {THP "defrag", NULL},              /* (never on machines below 512 MiB) */
                {"vm.admin_reserve_kbytes", NULL}, /* 3 % of free memory at boot */
                {"vm.min_free_kbytes", NULL},      /* sqrt(16 * … */
                {"zswap.enabled", NULL},           /* the build's choice */
                {"lru_gen.enabled", NULL},         /* 7 with CONFIG_… */
                {"vm.drop_caches", NULL},          /* none */
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[VALUE_TEXT_MAX] = "";
                Value value;
                int r = knob_default(knob_find(cases[i].name), &linux_6_18, &value);
                if (r >= 0)
                        value_format(&value, text);
                if ((r < 0) != !cases[i].text)
                        print_error("%s: %d \"%s\"\n", cases[i].name, r, text);
                assert_int_equal(r, cases[i].text ? 0 : -ENOENT);
                if (r >= 0)
                        assert_string_equal(text, cases[i].text);
        }
}

static void test_a_default_is_not_known_of_a_kernel_without_the_knob(void **state) {
        const KnobContext old = {.kernel = KERNEL_VERSION_OF(5, 10), .page_bytes = 4096};
        Value value;

        assert_int_equal(knob_default(knob_find("vm.defrag_mode"), &linux_6_18, &value), 0);
        assert_int_equal(knob_default(knob_find("vm.defrag_mode"), &old, &value), -ENOENT);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_table_is_sorted_and_every_knob_is_found),
                cmocka_unit_test(test_every_knob_is_in_a_group_that_exists),
                cmocka_unit_test(test_pairs_are_symmetrical_and_have_one_ratio),
                cmocka_unit_test(test_ranges_follow_the_kernel_version),
                cmocka_unit_test(test_bounds_follow_the_page_size),
                cmocka_unit_test(test_what_the_kernel_takes_by_overflow_is_out_of_range),
                cmocka_unit_test(test_a_gap_inside_the_range_is_refused),
                cmocka_unit_test(test_every_knob_takes_its_bounds_and_nothing_beyond),
                cmocka_unit_test(test_what_no_profile_sets_has_a_refusal),
                cmocka_unit_test(test_what_rewrites_min_free_is_written_before_it),
                cmocka_unit_test(test_sections_and_stages_have_names),
                cmocka_unit_test(test_counts_came_with_their_kernels_and_are_as_wide_as_there),
                cmocka_unit_test(test_a_default_is_known_where_it_is_one_on_every_machine),
                cmocka_unit_test(test_a_default_is_not_known_of_a_kernel_without_the_knob),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
