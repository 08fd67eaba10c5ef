/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/plan-coupling.h"

#include <stdarg.h>

#include "core/machine/live.h"

/* Each dirty limit has two knobs, of which one is in force and the other reads 0. */
static const char *const foreground_names[] = {"vm.dirty_bytes", "vm.dirty_ratio"};
static const char *const background_names[] = {"vm.dirty_background_bytes",
                                               "vm.dirty_background_ratio"};

typedef struct Limit {
        const char *knob;
        bool ratio;
        uint64_t number;    /* bytes or percent */
        const char *origin; /* NULL: no step concerns it, the live value */
} Limit;

int plan_refuse(Problems *problems, const char *origin, const char *hint, const char *format, ...) {
        _cleanup_(freep) char *message = NULL, *file = NULL;
        Location where = {0};
        uint64_t line = 0;
        va_list ap;

        va_start(ap, format);
        int r = vasprintf(&message, format, ap);
        va_end(ap);
        if (r < 0)
                return -ENOMEM;
        const char *colon = strrchr(origin, ':');
        if (colon && parse_uint64(colon + 1, &line) >= 0 && line <= UINT32_MAX) {
                file = strndup(origin, (size_t) (colon - origin));
                where = (Location){.file = file, .line = (unsigned) line};
        }
        return problem_add(problems, PROBLEM_ERROR, &where, hint, "%s", message);
}

static bool is_one_of(const Knob *knob, const char *const names[static 2]) {
        return streq(knob->name, names[0]) || streq(knob->name, names[1]);
}

static Limit limit_of(const Knob *knob, const Value *value, const char *origin) {
        return (Limit){
                .knob = knob->name,
                .ratio = knob_is_ratio(knob),
                .number = value->integers[0].magnitude,
                .origin = origin,
        };
}

/* The member in force on the machine; false when neither can be read. */
static bool limit_now(const Root *root, const char *const names[static 2], Limit *ret) {
        for (size_t i = 0; i < 2; i++) {
                KnobRef ref = {.knob = knob_find(names[i])};
                Value value = {0};
                if (!ref.knob || live_read(root, ref, &value) < 0)
                        continue;
                /* Both 0 is the ratio 0: the last name. */
                if (i == 1 || !value_is_zero(&value)) {
                        *ret = limit_of(ref.knob, &value, NULL);
                        return true;
                }
        }
        return false;
}

/* The member in force when the plan is done. */
static bool
limit_after(const Root *root, const Plan *plan, const char *const names[static 2], Limit *ret) {
        for (size_t i = 0; i < plan->n; i++)
                if (is_one_of(plan->steps[i].ref.knob, names)) {
                        const Step *step = &plan->steps[i];
                        *ret = limit_of(step->ref.knob, &step->new, step->origin);
                        return true;
                }
        for (size_t i = 0; i < plan->n_unchanged; i++)
                if (is_one_of(plan->unchanged[i].ref.knob, names)) {
                        const Unchanged *same = &plan->unchanged[i];
                        *ret = limit_of(same->ref.knob, &same->value, same->origin);
                        return true;
                }
        return limit_now(root, names, ret);
}

static bool asked_by_profile(const Limit *limit) {
        return limit->origin && !streq(limit->origin, ORIGIN_ORIGINAL);
}

int plan_check_dirty(const Root *root, const Plan *plan, Problems *problems) {
        Limit foreground = {0}, background = {0};

        if (!limit_after(root, plan, foreground_names, &foreground) ||
            !limit_after(root, plan, background_names, &background))
                return 0;
        if (!asked_by_profile(&foreground) && !asked_by_profile(&background))
                return 0;
        if (foreground.ratio != background.ratio || background.number < foreground.number)
                return 0;
        return plan_refuse(problems,
                           asked_by_profile(&background) ? background.origin : foreground.origin,
                           "the kernel would use half of the foreground limit instead: set both, "
                           "the background one lower",
                           "%s = %lu (%s) would not stay below %s = %lu (%s)",
                           background.knob,
                           (unsigned long) background.number,
                           background.origin ?: "as it is now",
                           foreground.knob,
                           (unsigned long) foreground.number,
                           foreground.origin ?: "as it is now");
}

/*
 * A percentage is one of the memory that may become dirty: free pages and the page cache less the
 * reserves. MemAvailable counts nearly the same and is near enough to say which of two limits is
 * the higher; without it every size counts as higher than every percentage.
 */
static uint64_t limit_bytes(const Root *root, const Limit *limit) {
        uint64_t available = 0;

        if (!limit->ratio)
                return limit->number;
        if (meminfo_read(root, "MemAvailable", &available) < 0)
                return 0;
        return available / 100 * MIN_OF(limit->number, 100u);
}

/* What decides the order among steps of one stage. */
typedef struct Order {
        bool foreground_rises;
} Order;

static bool foreground_rises(const Root *root, const Plan *plan) {
        Limit before = {0}, after = {0};

        if (!limit_now(root, foreground_names, &before) ||
            !limit_after(root, plan, foreground_names, &after))
                return false;
        if (before.ratio == after.ratio)
                return after.number > before.number;
        return limit_bytes(root, &after) > limit_bytes(root, &before);
}

static bool is_word(const Value *value, const char *word) {
        return value->kind == VALUE_CHOICE && streq(value->word, word);
}

static bool is_number(const Value *value, uint64_t number) {
        return value->n == 1 && !value->integers[0].negative &&
               value->integers[0].magnitude == number;
}

/* "force" is refused while a folio size but the PMD's inherits, and such a size while force is in
 * force: the sizes go first on the way there and last on the way back. */
static int rank_thp(const Step *step) {
        if (!streq(step->ref.knob->name, "transparent_hugepage.shmem_enabled"))
                return 1;
        if (is_word(&step->new, "force"))
                return 2;
        return is_word(&step->old, "force") ? 0 : 1;
}

/* The higher of the two limits must never be below the other in between. */
static int rank_dirty(const Step *step, const Order *order) {
        if (is_one_of(step->ref.knob, foreground_names))
                return order->foreground_rises ? 0 : 1;
        if (is_one_of(step->ref.knob, background_names))
                return order->foreground_rises ? 1 : 0;
        return 2;
}

/* In mode 2 the ratio, the size and the reserves decide whether a process can allocate at all:
 * they are right before it begins, and change after it ended. */
static int rank_overcommit(const Step *step) {
        if (!streq(step->ref.knob->name, "vm.overcommit_memory"))
                return 1;
        return is_number(&step->old, 2) ? 0 : 2;
}

static int rank(const Step *step, const Order *order) {
        switch (step->ref.knob->stage) {
        case KNOB_STAGE_THP:
                return rank_thp(step);
        case KNOB_STAGE_DIRTY:
                return rank_dirty(step, order);
        case KNOB_STAGE_OVERCOMMIT:
                return rank_overcommit(step);
        case KNOB_STAGE_HUGETLB:
        case KNOB_STAGE_MIN_FREE:
        case KNOB_STAGE_WATERMARK:
        case KNOB_STAGE_LOWMEM:
        case KNOB_STAGE_OTHER:
        case _KNOB_STAGE_MAX:
        case _KNOB_STAGE_INVALID:
                break;
        }
        return 0;
}

static int compare_steps(const void *first, const void *second, void *userdata) {
        const Step *a = first, *b = second;
        const Order *order = userdata;

        if (a->kind != b->kind)
                return a->kind == STEP_GUARD ? 1 : -1;
        if (a->ref.knob->stage != b->ref.knob->stage)
                return a->ref.knob->stage < b->ref.knob->stage ? -1 : 1;
        int difference = rank(a, order) - rank(b, order);
        return difference != 0 ? difference : knob_ref_compare(a->ref, b->ref);
}

void plan_sort(const Root *root, Plan *plan) {
        Order order = {.foreground_rises = foreground_rises(root, plan)};

        if (plan->n > 1)
                qsort_r(plan->steps, plan->n, sizeof(Step), compare_steps, &order);
}
