/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/transaction.h"

#include "core/machine/live.h"
#include "daemon/write.h"

#define MIN_FREE_NAME "vm.min_free_kbytes"

int undoing_reserve(Undoing *undoing, size_t n_steps) {
        if (n_steps <= undoing->n_room)
                return 0;
        StepResult *results = calloc(n_steps, sizeof(*results));
        if (!results)
                return -ENOMEM;
        free(undoing->results);
        *undoing = (Undoing){.results = results, .n_room = n_steps};
        return 0;
}

void undoing_done(Undoing *undoing) {
        free(undoing->results);
        *undoing = (Undoing){0};
}

size_t undoing_count(const Undoing *undoing, StepOutcome outcome) {
        size_t count = 0;

        for (size_t i = 0; i < undoing->n; i++)
                count += undoing->results[i].outcome == outcome;
        return count;
}

static void print_result(FILE *out, const Step *step, const StepResult *result) {
        char name[KNOB_NAME_MAX], text[VALUE_TEXT_MAX];
        KnobRef target;
        Value value;

        if (result->outcome == STEP_LEFT_ALONE || result->outcome == STEP_STUCK) {
                knob_ref_name(step->ref, name);
                (void) fputs(name, out);
                if (result->has_live) {
                        value_format(&result->live, text);
                        (void) fprintf(out, " (now %s)", text);
                }
                if (result->error < 0)
                        (void) fprintf(out, " (%s)", strerror(-result->error));
                return;
        }
        step_undo_target(step, &target, &value);
        knob_ref_name(target, name);
        value_format(&value, text);
        (void) fprintf(out, "%s to %s", name, text);
}

char *undoing_format(const Undoing *undoing, const Plan *plan, StepOutcome outcome) {
        char *text = NULL;
        size_t size = 0, n = 0;
        FILE *out = open_memstream(&text, &size);

        if (!out)
                return NULL;
        for (size_t i = 0; i < undoing->n; i++)
                if (undoing->results[i].outcome == outcome) {
                        if (n++ > 0)
                                (void) fputs(", ", out);
                        print_result(out, &plan->steps[i], &undoing->results[i]);
                }
        (void) stream_close(out, &text);
        return text;
}

char *failure_format(const Failure *failure) {
        char name[KNOB_NAME_MAX], wanted[VALUE_TEXT_MAX], live[VALUE_TEXT_MAX];

        knob_ref_name(failure->ref, name);
        value_format(&failure->wanted, wanted);
        if (failure->error == -EPERM && failure->ref.knob->capability)
                return text_format("the kernel refused %s = %s: %s; it asks for %s, which the "
                                   "service has only with a drop-in, see memctld(8)",
                                   name,
                                   wanted,
                                   strerror(-failure->error),
                                   failure->ref.knob->capability);
        if (failure->error < 0)
                return text_format(
                        "the kernel refused %s = %s: %s", name, wanted, strerror(-failure->error));
        if (!failure->has_live)
                return text_format("%s = %s could not be read back", name, wanted);
        value_format(&failure->live, live);
        return text_format(
                "%s was set to %s and the kernel took it, but it reads %s", name, wanted, live);
}

/*
 * The kernel looks at vm.dirty_ratio only when it changes (dirty_ratio_handler,
 * mm/page-writeback.c): writing the 0 that it reads while the bytes rule leaves them in force. So
 * it goes by way of 1.
 */
static int write_member(const Root *root, KnobRef ref, const Value *value) {
        static const Value one = {.kind = VALUE_INTEGER, .n = 1, .integers = {{.magnitude = 1}}};
        Value live;

        if (knob_is_ratio(ref.knob) && value_is_zero(value) && live_read(root, ref, &live) >= 0 &&
            value_is_zero(&live)) {
                int r = write_knob(root, ref, &one);
                if (r < 0)
                        return r;
        }
        return write_knob(root, ref, value);
}

/* Written, and it reads so, with the partner out of force. 0, or -ECANCELED and *ret_failure. */
static int set_knob(
        const Root *root, KnobRef ref, const Value *value, const Step *pair, Failure *ret_failure) {
        Failure failure = {.ref = ref, .wanted = *value};

        failure.error = pair ? write_member(root, ref, value) : write_knob(root, ref, value);
        if (failure.error >= 0) {
                failure.has_live = live_read(root, ref, &failure.live) >= 0;
                if (failure.has_live && value_equal(&failure.live, value)) {
                        if (!pair)
                                return 0;
                        failure.ref = pair->partner;
                        failure.wanted =
                                (Value){.kind = VALUE_INTEGER, .n = 1, .integers = {INTEGER_OF(0)}};
                        failure.has_live = live_read(root, pair->partner, &failure.live) >= 0;
                        if (failure.has_live && value_is_zero(&failure.live))
                                return 0;
                }
        }
        *ret_failure = failure;
        return -ECANCELED;
}

/* A guard keeps a value that other steps make the kernel rewrite. */
static int guard_knob(const Root *root, const Step *step, Failure *ret_failure) {
        Value live;

        if (live_read(root, step->ref, &live) >= 0 && value_equal(&live, &step->new))
                return 0;
        return set_knob(root, step->ref, &step->new, NULL, ret_failure);
}

int transaction_apply(const Root *root, const Plan *plan, Failure *ret_failure) {
        for (size_t i = 0; i < plan->n; i++) {
                const Step *step = &plan->steps[i];
                int r = step->kind == STEP_GUARD ? guard_knob(root, step, ret_failure)
                                                 : set_knob(root,
                                                            step->ref,
                                                            &step->new,
                                                            step->paired ? step : NULL,
                                                            ret_failure);
                if (r < 0)
                        return r;
        }
        return 0;
}

int transaction_set_min_free(const Root *root, const Value *value, Failure *ret_failure) {
        Step step = {.ref = {.knob = knob_find(MIN_FREE_NAME)}, .new = *value};

        return step.ref.knob ? guard_knob(root, &step, ret_failure) : 0;
}

int transaction_repair(const Root *root, const Step *step, Failure *ret_failure) {
        return set_knob(root, step->ref, &step->new, step->paired ? step : NULL, ret_failure);
}

static bool rewrites_min_free(const Plan *plan) {
        for (size_t i = 0; i < plan->n; i++)
                if (plan->steps[i].ref.knob->flags & KNOB_REWRITES_MIN_FREE)
                        return true;
        return false;
}

static const Step *find_min_free(const Plan *plan) {
        for (size_t i = 0; i < plan->n; i++)
                if (streq(plan->steps[i].ref.knob->name, MIN_FREE_NAME))
                        return &plan->steps[i];
        return NULL;
}

void transaction_min_free(const Root *root, const Plan *plan, bool applied, MinFree *ret) {
        const Step *step = find_min_free(plan);
        KnobRef ref = {.knob = knob_find(MIN_FREE_NAME)};
        MinFree min_free = {0};
        Value live;

        *ret = min_free;
        if (!rewrites_min_free(plan) || !ref.knob || live_read(root, ref, &live) < 0)
                return;
        min_free.fixed = true;
        if (!step)
                min_free.value = live;
        else if (applied && !value_equal(&live, &step->new))
                min_free.value = live;
        else
                min_free.value = step->old;
        *ret = min_free;
}

typedef enum StepLive {
        LIVE_OLD,
        LIVE_NEW,
        LIVE_OTHER,
} StepLive;

/* Compares the knob, and its partner, with what they were and what we made of them. */
static StepLive step_compare(const Root *root, const Step *step, StepResult *result) {
        Value partner = {0};

        /* What cannot be read is written all the same: then the error of that is reported. */
        result->has_live = live_read(root, step->ref, &result->live) >= 0;
        if (!result->has_live)
                return LIVE_NEW;
        if (step->paired && live_read(root, step->partner, &partner) < 0)
                return LIVE_NEW;
        if (value_equal(&result->live, &step->old) &&
            (!step->paired || value_equal(&partner, &step->partner_old)))
                return LIVE_OLD;
        if (value_equal(&result->live, &step->new) && (!step->paired || value_is_zero(&partner)))
                return LIVE_NEW;
        return LIVE_OTHER;
}

bool transaction_is_undone(const Root *root, const Plan *plan) {
        size_t n = 0;

        for (size_t i = 0; i < plan->n; i++) {
                StepResult result;
                if (plan->steps[i].kind != STEP_SET)
                        continue;
                if (step_compare(root, &plan->steps[i], &result) != LIVE_OLD)
                        return false;
                n++;
        }
        return n > 0;
}

static void restore_knob(
        const Root *root, KnobRef ref, const Value *value, const Step *pair, StepResult *result) {
        Failure failure;

        if (set_knob(root, ref, value, pair, &failure) >= 0) {
                result->outcome = STEP_RESTORED;
                return;
        }
        result->outcome = STEP_STUCK;
        result->error = failure.error < 0 ? failure.error : 0;
}

static void undo_step(const Root *root, const Step *step, bool applied, StepResult *result) {
        KnobRef target;
        Value value;

        switch (step_compare(root, step, result)) {
        case LIVE_OLD:
                result->outcome = STEP_UNTOUCHED;
                return;
        case LIVE_OTHER:
                if (applied) {
                        result->outcome = STEP_LEFT_ALONE;
                        return;
                }
                break;
        case LIVE_NEW:
                break;
        }
        step_undo_target(step, &target, &value);
        /* The verification of a pair looks at the member that goes out of force. */
        Step pair = {.partner = target.knob == step->ref.knob ? step->partner : step->ref};
        restore_knob(root, target, &value, step->paired ? &pair : NULL, result);
        if (result->outcome == STEP_STUCK)
                result->has_live = live_read(root, step->ref, &result->live) >= 0;
}

/* After all THP writes. Reported with the plan's own step for it, if there is one. */
static void
undo_min_free(const Root *root, const Step *step, const Value *value, StepResult *result) {
        KnobRef ref = {.knob = knob_find(MIN_FREE_NAME)};

        result->has_live = live_read(root, ref, &result->live) >= 0;
        if (step && !value_equal(value, &step->old)) {
                /* Changed from outside before we began: brought back to that. */
                if (!result->has_live || !value_equal(&result->live, value))
                        restore_knob(root, ref, value, NULL, result);
                if (result->outcome != STEP_STUCK)
                        result->outcome =
                                step->kind == STEP_GUARD ? STEP_UNTOUCHED : STEP_LEFT_ALONE;
        } else if (result->has_live && value_equal(&result->live, value))
                result->outcome = STEP_UNTOUCHED;
        else
                restore_knob(root, ref, value, NULL, result);
        result->has_live = live_read(root, ref, &result->live) >= 0;
}

/* What was found out about another undoing is forgotten. */
static int make_room(Undoing *undoing, const Plan *plan) {
        undoing->n = 0;
        int r = undoing_reserve(undoing, plan->n);
        if (r < 0)
                return r;
        undoing->n = plan->n;
        for (size_t i = 0; i < undoing->n; i++)
                undoing->results[i] = (StepResult){0};
        return 0;
}

int transaction_undo(const Root *root,
                     const Plan *plan,
                     bool applied,
                     const MinFree *min_free,
                     Undoing *undoing) {
        const Step *min_free_step = min_free->fixed ? find_min_free(plan) : NULL;
        StepResult unreported = {0};

        int r = make_room(undoing, plan);
        if (r < 0)
                return r;
        for (size_t i = plan->n; i-- > 0;)
                if (&plan->steps[i] != min_free_step)
                        undo_step(root, &plan->steps[i], applied, &undoing->results[i]);
        if (min_free->fixed)
                undo_min_free(root,
                              min_free_step,
                              &min_free->value,
                              min_free_step ? &undoing->results[min_free_step - plan->steps]
                                            : &unreported);
        return 0;
}
