/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/knobs/knob.h"

#include "core/base/problem.h"
#include "core/knobs/knobs-table.h"

/* Folio sizes: order 1 of the smallest page, up to more than any architecture has. */
#define INSTANCE_KB_MIN 8u
#define INSTANCE_KB_MAX (16u * 1024 * 1024)

/* Where a recorded machine does not say: the smallest page, and the largest number of base pages
 * in a PMD (64 KiB pages), so that nothing is refused that the kernel would take. */
#define PAGE_BYTES_UNKNOWN 4096
#define PMD_PAGES_UNKNOWN 8192

static const char *const section_names[_KNOB_SECTION_MAX] = {
        [KNOB_SECTION_SYSCTL] = "sysctl",
        [KNOB_SECTION_THP] = "transparent_hugepage",
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

/* References */

/* Writes template with the size in the place of its "*". */
static void fill_in(const char *template, unsigned instance_kb, char *buffer, size_t size) {
        const char *star = strchr(template, '*');

        if (star)
                (void) snprintf(buffer,
                                size,
                                "%.*s%u%s",
                                (int) (star - template),
                                template,
                                instance_kb,
                                star + 1);
        else
                (void) snprintf(buffer, size, "%s", template);
}

/* Where the number of "hugepages-64kB" begins in a name, and its length; NULL without one. */
static const char *find_size(const char *name, size_t *ret_n) {
        static const char before[] = ".hugepages-";
        const char *found = strstr(name, before);

        if (!found)
                return NULL;
        found += sizeof(before) - 1;
        *ret_n = strspn(found, "0123456789");
        return *ret_n > 0 ? found : NULL;
}

/* The name with "*" for its size, as the catalogue has it. False when there is none or too long. */
static bool make_generic(const char *name, char buffer[static KNOB_NAME_MAX]) {
        size_t n = 0;
        const char *size = find_size(name, &n);

        if (!size)
                return false;
        int length =
                snprintf(buffer, KNOB_NAME_MAX, "%.*s*%s", (int) (size - name), name, size + n);
        return length > 0 && length < KNOB_NAME_MAX;
}

static int parse_size_kb(const char *digits, size_t n, unsigned *ret) {
        char text[16];
        uint64_t kb = 0;

        if (n >= sizeof(text))
                return -EINVAL;
        memcpy(text, digits, n);
        text[n] = '\0';
        if (parse_uint64(text, &kb) < 0 || kb < INSTANCE_KB_MIN || kb > INSTANCE_KB_MAX ||
            (kb & (kb - 1)) != 0)
                return -EINVAL;
        *ret = (unsigned) kb;
        return 0;
}

int knob_ref_parse(const char *name, KnobRef *ret) {
        char generic[KNOB_NAME_MAX];
        unsigned instance_kb = 0;
        size_t n = 0;

        const Knob *knob = strchr(name, '*') ? NULL : knob_find(name);
        if (!knob && make_generic(name, generic)) {
                knob = knob_find(generic);
                if (knob) {
                        const char *size = find_size(name, &n);
                        int r = parse_size_kb(size, n, &instance_kb);
                        if (r < 0)
                                return r;
                }
        }
        if (!knob)
                return -ENOENT;
        *ret = (KnobRef){.knob = knob, .instance_kb = instance_kb};
        return 0;
}

void knob_ref_name(KnobRef ref, char buffer[static KNOB_NAME_MAX]) {
        fill_in(ref.knob->name, ref.instance_kb, buffer, KNOB_NAME_MAX);
}

void knob_ref_path(KnobRef ref, char buffer[static KNOB_PATH_MAX]) {
        fill_in(ref.knob->path, ref.instance_kb, buffer, KNOB_PATH_MAX);
}

bool knob_ref_equal(KnobRef a, KnobRef b) {
        return a.knob == b.knob && a.instance_kb == b.instance_kb;
}

char *knob_hint(const char *name) {
        char generic[KNOB_NAME_MAX];
        size_t n = 0;
        const char *size = make_generic(name, generic) ? find_size(name, &n) : NULL;
        Nearest nearest = NEAREST_INIT(size ? generic : name);

        for (size_t i = 0; i < knobs_table_n; i++)
                nearest_offer(&nearest, knobs_table[i].name);
        const char *best = nearest_get(&nearest);
        const char *star = best && size ? strchr(best, '*') : NULL;
        if (!star)
                return nearest_hint(&nearest);
        return text_format(
                "did you mean \"%.*s%.*s%s\"?", (int) (star - best), best, (int) n, size, star + 1);
}

/* Pairs */

bool knob_ref_partner(KnobRef ref, KnobRef *ret) {
        const Knob *partner = ref.knob->pair ? knob_find(ref.knob->pair) : NULL;

        if (!partner)
                return false;
        *ret = (KnobRef){.knob = partner, .instance_kb = ref.instance_kb};
        return true;
}

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
