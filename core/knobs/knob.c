/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/knobs/knob.h"

#include "core/knobs/knobs-table.h"

/* Where a recorded machine does not say: the smallest page, and the largest number of base pages
 * in a PMD (64 KiB pages), so that nothing is refused that the kernel would take. */
#define PAGE_BYTES_UNKNOWN 4096
#define PMD_PAGES_UNKNOWN 8192

static const char *const section_names[_KNOB_SECTION_MAX] = {
        [KNOB_SECTION_SYSCTL] = "sysctl",
        [KNOB_SECTION_THP] = "transparent_hugepage",
        [KNOB_SECTION_KSM] = "ksm",
        [KNOB_SECTION_LRU_GEN] = "lru_gen",
        [KNOB_SECTION_ZSWAP] = "zswap",
        [KNOB_SECTION_HUGEPAGES] = "hugepages",
};

static const char *const stage_names[_KNOB_STAGE_MAX] = {
        [KNOB_STAGE_THP] = "thp",
        [KNOB_STAGE_HUGETLB] = "hugetlb",
        [KNOB_STAGE_MIN_FREE] = "min-free",
        [KNOB_STAGE_WATERMARK] = "watermark",
        [KNOB_STAGE_LOWMEM] = "lowmem",
        [KNOB_STAGE_OTHER] = "other",
        [KNOB_STAGE_DIRTY] = "dirty",
        [KNOB_STAGE_OVERCOMMIT] = "overcommit",
};

const char *knob_section_to_string(KnobSection section) {
        return section >= 0 && section < _KNOB_SECTION_MAX ? section_names[section] : NULL;
}

const char *knob_stage_to_string(KnobStage stage) {
        return stage >= 0 && stage < _KNOB_STAGE_MAX ? stage_names[stage] : NULL;
}

/* The table */

size_t knob_count(void) {
        return knobs_table_n;
}

const Knob *knob_at(size_t i) {
        return i < knobs_table_n ? &knobs_table[i] : NULL;
}

static int compare_name(const void *name, const void *knob) {
        return strcmp(name, ((const Knob *) knob)->name);
}

const Knob *knob_find(const char *name) {
        return bsearch(name, knobs_table, knobs_table_n, sizeof(Knob), compare_name);
}

bool knob_is_settable(const Knob *knob) {
        return !(knob->flags & (KNOB_TRIGGER | KNOB_LEFT_OUT));
}

usec_t knob_settling_usec(const Knob *knob) {
        if (knob->flags & KNOB_SETTLES_FAST)
                return 10 * USEC_PER_SEC;
        return knob->flags & KNOB_SETTLES_SLOWLY ? USEC_PER_MINUTE : USEC_INFINITY;
}

const char *knob_settling_to_string(const Knob *knob) {
        if (knob->flags & KNOB_SETTLES_FAST)
                return "fast";
        return knob->flags & KNOB_SETTLES_SLOWLY ? "medium" : "sticky";
}

bool knob_is_family(const Knob *knob) {
        return strchr(knob->name, '*');
}

bool knob_has_node(const Knob *knob) {
        return strstr(knob->name, ".node*");
}

/* Groups */

size_t knob_group_count(void) {
        return groups_table_n;
}

const KnobGroup *knob_group_at(size_t i) {
        return i < groups_table_n ? &groups_table[i] : NULL;
}

const KnobGroup *knob_group_find(const char *name) {
        for (size_t i = 0; i < groups_table_n; i++)
                if (streq(groups_table[i].name, name))
                        return &groups_table[i];
        return NULL;
}

bool knob_is_in_group(const Knob *knob, const char *group) {
        for (const char *const *name = knob->groups; *name; name++)
                if (streq(*name, group))
                        return true;
        return false;
}

const char *knob_chapter(const Knob *knob) {
        for (const char *const *name = knob->groups; *name; name++) {
                const KnobGroup *group = knob_group_find(*name);
                if (group && group->chapter)
                        return group->chapter;
        }
        return NULL;
}

/* Pairs */

bool knob_is_ratio(const Knob *knob) {
        static const char suffix[] = "_ratio";
        size_t n = strlen(knob->name);

        return knob->pair && n >= sizeof(suffix) &&
               streq(knob->name + n - (sizeof(suffix) - 1), suffix);
}

/* Ranges */

/* Product of the factor and the base, as far as 64 bits go. */
static uint64_t bound_product(const KnobBound *bound, const KnobContext *context) {
        uint64_t base = 1, product = 0;

        switch (bound->base) {
        case KNOB_BASE_ONE:
                break;
        case KNOB_BASE_PAGE:
                base = context->page_bytes > 0 ? context->page_bytes : PAGE_BYTES_UNKNOWN;
                break;
        case KNOB_BASE_PMD_PAGES:
                base = context->pmd_pages > 0 ? context->pmd_pages : PMD_PAGES_UNKNOWN;
                break;
        }
        if (__builtin_mul_overflow(bound->number.magnitude, base, &product))
                return UINT64_MAX;
        return product;
}

/* The generator lets an offset only lower a positive bound. */
static Integer bound_evaluate(const KnobBound *bound, const KnobContext *context) {
        uint64_t product = bound_product(bound, context);
        uint64_t less = (uint64_t) - (int64_t) bound->offset;

        return (Integer){
                .magnitude = less <= product ? product - less : 0,
                .negative = bound->number.negative,
        };
}

static bool version_is_within(unsigned version, unsigned since, unsigned until) {
        return version == 0 || (version >= since && (until == 0 || version < until));
}

/* Without a version the newest range, which is the last. */
static const KnobRange *find_range(const Knob *knob, unsigned version) {
        for (size_t i = knob->n_ranges; i > 0; i--)
                if (version_is_within(
                            version, knob->ranges[i - 1].since, knob->ranges[i - 1].until))
                        return &knob->ranges[i - 1];
        return NULL;
}

int knob_value_type(const Knob *knob, const KnobContext *context, ValueType *ret) {
        ValueType type = {.kind = knob->kind, .unit = knob->unit, .choices = knob->choices};
        const KnobRange *range = find_range(knob, context->kernel);

        if (!version_is_within(context->kernel, knob->since, knob->until))
                return -EOPNOTSUPP;
        if (knob->kind == VALUE_BOOL)
                type.max = INTEGER_OF(1);
        if (range) {
                type.min = bound_evaluate(&range->min, context);
                type.max = bound_evaluate(&range->max, context);
                type.gap_first = range->gap_first;
                type.gap_last = range->gap_last;
        }
        *ret = type;
        return 0;
}

/* One of the words, or a number: 0 is one for vm.dirty_bytes too, which does not take it. */
static bool parse_default(const ValueType *type, const char *text, size_t n, Value *ret) {
        _cleanup_(freep) char *why = NULL, *copy = strndup(text, n);

        if (!copy)
                return false;
        return type->kind == VALUE_CHOICE ? value_parse(type, copy, ret, &why) >= 0
                                          : value_parse_kernel(type, copy, ret) >= 0;
}

/* The text is for people: "20", "0, or hugepages= at boot", "0 (off)", "1 (0 with PREEMPT_RT)". The
 * last one has an exception in brackets, and others are no value at all: "the build's choice". */
int knob_default(const Knob *knob, const KnobContext *context, Value *ret) {
        ValueType type;
        Value exception;

        if (!knob->default_text || knob_value_type(knob, context, &type) < 0)
                return -ENOENT;
        const char *text = knob->default_text, *note = strstr(text, " (");
        const char *end = note ? note : strstr(text, ", ");
        size_t n = end ? (size_t) (end - text) : strlen(text);
        if (note && parse_default(&type, note + 2, strcspn(note + 2, " )"), &exception))
                return -ENOENT;
        return parse_default(&type, text, n, ret) ? 0 : -ENOENT;
}
