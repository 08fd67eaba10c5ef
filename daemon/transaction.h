/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A plan made real, and taken back. Nothing here decides or remembers: the journal
 * (daemon/journal.h) has been written before the first step, so that whatever happens in
 * between, what to put back is on disk.
 *
 * Undoing never trusts a note of which steps were done; it looks. A knob that reads its old value
 * needs nothing; one that still reads what we wrote gets its old value. One that reads anything
 * else was changed from outside, is left alone and named, if the transaction had been finished; in
 * an unfinished one it is the kernel that made something else of our write, and the old value comes
 * back.
 *
 * vm.min_free_kbytes is the exception, since the kernel itself rewrites it at every THP write
 * (set_recommended_min_free_kbytes, mm/khugepaged.c): it is written last, to a value fixed before
 * undoing begins, whatever it reads by then.
 */

#include "core/base/root.h"
#include "core/profile/plan.h"

typedef enum StepOutcome {
        STEP_UNTOUCHED,  /* reads its old value: nothing to do */
        STEP_RESTORED,   /* its old value is back */
        STEP_LEFT_ALONE, /* changed from outside */
        STEP_STUCK,      /* the old value could not be put back, see error */
} StepOutcome;

typedef struct StepResult {
        StepOutcome outcome;
        int error;  /* when stuck: negative errno, 0 when it reads something else than written */
        Value live; /* when left alone or stuck: what it reads */
        bool has_live;
} StepResult;

/* What became of each step of a plan when it was undone; as many as the plan has. */
typedef struct Undoing {
        StepResult *results;
        size_t n;
        size_t n_room;
} Undoing;

/* Room for the results of a plan's steps: made before it is applied, so that taking it back asks
 * for no memory, of which there may be none by then. */
int undoing_reserve(Undoing *undoing, size_t n_steps);
void undoing_done(Undoing *undoing);
size_t undoing_count(const Undoing *undoing, StepOutcome outcome);
/* "vm.swappiness to 60, vm.dirty_ratio to 20": the steps with that outcome and their old value (for
 * those left alone or stuck: the live one, with the reason); "" when there are none; the caller
 * frees. */
char *undoing_format(const Undoing *undoing, const Plan *plan, StepOutcome outcome);

/* Why a plan could not be made real. */
typedef struct Failure {
        KnobRef ref;
        Value wanted;
        int error; /* negative errno of the write; 0: it was taken, but the knob reads live */
        Value live;
        bool has_live;
} Failure;

/* "the kernel refused vm.mmap_rnd_bits = 33: Invalid argument"; the caller frees. */
char *failure_format(const Failure *failure);

/*
 * Writes every step in order and reads each back. 0 when all are in force. -ECANCELED when one was
 * not: *ret_failure says which, and nothing has been undone yet. */
int transaction_apply(const Root *root, const Plan *plan, Failure *ret_failure);

/* One step once more, after something else changed the knob. 0, or -ECANCELED as above. What the
 * kernel rewrites along with it is left to the caller. */
int transaction_repair(const Root *root, const Step *step, Failure *ret_failure);
int transaction_set_min_free(const Root *root, const Value *value, Failure *ret_failure);

/* What vm.min_free_kbytes is to be once the plan is undone. */
typedef struct MinFree {
        bool fixed; /* false: the plan has no THP step, it is a knob like any other */
        Value value;
} MinFree;

/*
 * Fixes it, before the first write of the undoing. applied: the transaction had been finished, so
 * a value that is not ours came from outside and stays; otherwise it is the kernel's own doing, in
 * the middle of our writes, and the old value comes back.
 */
void transaction_min_free(const Root *root, const Plan *plan, bool applied, MinFree *ret);

/*
 * Takes the steps back in reverse order. applied and min_free as above. undoing is empty, or was
 * used before, or has room reserved, and then nothing is allocated. -ENOMEM before anything was
 * written; else 0, also when steps are stuck: *undoing tells.
 */
int transaction_undo(const Root *root,
                     const Plan *plan,
                     bool applied,
                     const MinFree *min_free,
                     Undoing *undoing);

/* Every knob that the plan sets has its old value. */
bool transaction_is_undone(const Root *root, const Plan *plan);
