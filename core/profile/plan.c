/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/plan.h"

#include "core/machine/live.h"
#include "core/profile/plan-coupling.h"
#include "core/profile/plan-pool.h"

/* What is being built, and from what. */
typedef struct Builder {
        const Root *root;
        Problems *problems;
        Plan *plan;
} Builder;

/* A value that somebody wants: a setting of the profile, or an original to go back to. */
typedef struct Wish {
        KnobRef ref;
        const Value *value;
        const char *origin;
        bool optional;
        Only only;
        DriftPolicy drift;
        const Value *original; /* what it goes back to without the profile, or NULL: the live one */
} Wish;

Plan *plan_free(Plan *plan) {
        if (!plan)
                return NULL;
        for (size_t i = 0; i < plan->n; i++)
                free(plan->steps[i].origin);
        for (size_t i = 0; i < plan->n_unchanged; i++)
                free(plan->unchanged[i].origin);
        free(plan->steps);
        free(plan->unchanged);
        free(plan->profile);
        free(plan);
        return NULL;
}

static int add_step(Plan *plan, const Step *step, const char *origin) {
        if (array_grow(&plan->steps, plan->n, sizeof(Step)) < 0)
                return -ENOMEM;
        char *copy = strdup(origin);
        if (!copy)
                return -ENOMEM;
        plan->steps[plan->n] = *step;
        plan->steps[plan->n++].origin = copy;
        return 0;
}

int plan_add_unchanged(Plan *plan, const Step *step, const char *origin) {
        if (array_grow(&plan->unchanged, plan->n_unchanged, sizeof(Unchanged)) < 0)
                return -ENOMEM;
        char *copy = strdup(origin);
        if (!copy)
                return -ENOMEM;
        plan->unchanged[plan->n_unchanged++] = (Unchanged){
                .ref = step->ref,
                .value = step->new,
                .origin = copy,
                .drift = step->drift,
                .only = step->only,
        };
        return 0;
}

/* The live value. 0 with *ret_found false: it is missing and may be. */
static int
read_live(const Builder *builder, const Wish *wish, KnobRef ref, Value *ret, bool *ret_found) {
        char name[KNOB_NAME_MAX];

        int r = live_read(builder->root, ref, ret);
        *ret_found = r >= 0;
        if (r >= 0 || (r == -ENOENT && wish->optional))
                return 0;
        if (r == -ENOMEM)
                return r;
        knob_ref_name(ref, name);
        if (r == -ENOENT)
                return plan_refuse(builder->problems,
                                   wish->origin,
                                   "say {value: ..., optional: true} to skip it on such kernels",
                                   "%s: this kernel has no such knob",
                                   name);
        return plan_refuse(builder->problems,
                           wish->origin,
                           r == -EACCES ? "only root may read it" : NULL,
                           "%s cannot be read: %s",
                           name,
                           r == -EBADMSG ? "its value is not what this knob holds" : strerror(-r));
}

/* lowmem_reserve_ratio has a number a zone; the kernel takes a shorter list for the first ones and
 * drops what is too much. */
static int complete_vector(const Builder *builder, const Wish *wish, Step *step) {
        char name[KNOB_NAME_MAX];

        if (step->new.kind != VALUE_VECTOR)
                return 0;
        if (step->new.n > step->old.n) {
                knob_ref_name(step->ref, name);
                return plan_refuse(builder->problems,
                                   wish->origin,
                                   NULL,
                                   "%s has %zu numbers, this machine takes at most %zu",
                                   name,
                                   step->new.n,
                                   step->old.n);
        }
        for (size_t i = step->new.n; i < step->old.n; i++)
                step->new.integers[i] = step->old.integers[i];
        step->new.n = step->old.n;
        return 0;
}

/* A limit that somebody set higher for a reason stays: it is the same to the profile. */
static void apply_only(const Wish *wish, Step *step) {
        const Value *base = wish->original ? wish->original : &step->old;

        if (wish->only == ONLY_NONE || base->n == 0)
                return;
        int difference = integer_compare(base->integers[0], step->new.integers[0]);
        if (wish->only == ONLY_RAISE ? difference > 0 : difference < 0)
                step->new = *base;
}

static const Value *find_original(const Setting *restore, size_t n_restore, KnobRef ref) {
        for (size_t i = 0; i < n_restore; i++)
                if (knob_ref_equal(restore[i].ref, ref))
                        return &restore[i].value;
        return NULL;
}

static int add_wish(const Builder *builder, const Wish *wish) {
        Step step = {
                .kind = STEP_SET,
                .ref = wish->ref,
                .new = *wish->value,
                .drift = wish->drift,
                .only = wish->only,
        };
        bool found = false;

        int r = read_live(builder, wish, step.ref, &step.old, &found);
        if (r < 0 || !found)
                return r;
        apply_only(wish, &step);
        step.paired = knob_ref_partner(step.ref, &step.partner);
        if (step.paired) {
                r = read_live(builder, wish, step.partner, &step.partner_old, &found);
                if (r < 0 || !found)
                        return r;
        }
        r = complete_vector(builder, wish, &step);
        if (r < 0)
                return r;
        if (value_equal(&step.old, &step.new) && (!step.paired || value_is_zero(&step.partner_old)))
                return plan_add_unchanged(builder->plan, &step, wish->origin);
        return add_step(builder->plan, &step, wish->origin);
}

/* Two refs to the same knob, or to the two members of one pair. */
static bool is_same_thing(KnobRef a, KnobRef b) {
        KnobRef partner = {0};

        return knob_ref_equal(a, b) ||
               (knob_ref_partner(a, &partner) && knob_ref_equal(partner, b));
}

/* The profile says something about this knob or its pair, or an earlier original does. */
static bool is_concerned(const Plan *plan, const Settings *settings, KnobRef ref) {
        for (size_t i = 0; i < settings->n; i++)
                if (is_same_thing(settings->items[i].ref, ref))
                        return true;
        for (size_t i = 0; i < plan->n; i++)
                if (is_same_thing(plan->steps[i].ref, ref))
                        return true;
        for (size_t i = 0; i < plan->n_unchanged; i++)
                if (is_same_thing(plan->unchanged[i].ref, ref))
                        return true;
        return false;
}

static int add_wishes(const Builder *builder,
                      const Settings *settings,
                      const Setting *restore,
                      size_t n_restore) {
        bool refused = false;

        for (size_t i = 0; i < settings->n + n_restore; i++) {
                bool original = i >= settings->n;
                const Setting *from = original ? &restore[i - settings->n] : &settings->items[i];
                const Wish wish = {
                        .ref = from->ref,
                        .value = &from->value,
                        .origin = original ? ORIGIN_ORIGINAL : from->origin,
                        .optional = from->optional,
                        .only = from->only,
                        .drift = from->drift,
                        .original = find_original(restore, n_restore, from->ref),
                };
                if (original && is_concerned(builder->plan, settings, from->ref))
                        continue;
                int r = add_wish(builder, &wish);
                if (r == -ENOMEM)
                        return r;
                refused = refused || r < 0;
        }
        return refused ? -EINVAL : 0;
}

/* A write to a THP "enabled" file rebuilds min_free_kbytes, also when it changes nothing else. */
static int add_guard(const Builder *builder) {
        const Knob *min_free = knob_find("vm.min_free_kbytes");
        Step step = {.kind = STEP_GUARD, .ref = {.knob = min_free}};
        bool rewrites = false, found = false;

        for (size_t i = 0; i < builder->plan->n; i++) {
                if (builder->plan->steps[i].ref.knob == min_free)
                        return 0;
                rewrites = rewrites ||
                           (builder->plan->steps[i].ref.knob->flags & KNOB_REWRITES_MIN_FREE);
        }
        if (!rewrites || !min_free)
                return 0;
        const Wish wish = {.ref = step.ref, .origin = ORIGIN_GUARD, .optional = true};
        int r = read_live(builder, &wish, step.ref, &step.old, &found);
        if (r < 0 || !found)
                return r;
        step.new = step.old;
        return add_step(builder->plan, &step, ORIGIN_GUARD);
}

int plan_new(const Root *root,
             const Settings *settings,
             const Setting *restore,
             size_t n_restore,
             Problems *problems,
             Plan **ret) {
        _cleanup_(plan_freep) Plan *plan = calloc(1, sizeof(*plan));
        if (!plan)
                return -ENOMEM;
        const Builder builder = {.root = root, .problems = problems, .plan = plan};

        plan->profile = strdup(settings->profile);
        if (!plan->profile)
                return -ENOMEM;
        int r = add_wishes(&builder, settings, restore, n_restore);
        if (r >= 0)
                r = plan_check_dirty(root, plan, problems);
        if (r >= 0)
                r = plan_check_pools(root, plan, problems);
        if (r >= 0)
                r = add_guard(&builder);
        if (r < 0)
                return r;
        plan_sort(root, plan);
        *ret = TAKE_PTR(plan);
        return 0;
}

void step_undo_target(const Step *step, KnobRef *ret_ref, Value *ret_value) {
        bool partner = false;

        if (step->paired && value_is_zero(&step->old))
                partner = !value_is_zero(&step->partner_old) || !knob_is_ratio(step->ref.knob);
        *ret_ref = partner ? step->partner : step->ref;
        *ret_value = partner ? step->partner_old : step->old;
}
