/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Settings against the machine's live values: the steps that a transaction makes real, in the
 * order that is safe, each with all that is needed to take it back.
 *
 * A coupled pair (dirty_bytes with dirty_ratio) is one thing in two files: writing one member
 * zeroes the other, and writing the 0 that was read is refused or wipes the other. So a step of a
 * pair keeps both old values, and taking it back writes the member that was in force.
 *
 * A plan with a step that makes the kernel recompute vm.min_free_kbytes (any THP "enabled" write)
 * and no step for it gets a guard: nothing is written for it at its turn, but after all others its
 * value is brought back to what it was.
 */

#include <json-c/json.h>

#include "core/profile/resolve.h"

/* The origin of steps that no profile asks for. */
#define ORIGIN_GUARD "guard"
#define ORIGIN_ORIGINAL "original value"

typedef enum StepKind {
        STEP_SET,
        STEP_GUARD, /* keep the value: new equals old */
        _STEP_KIND_MAX,
        _STEP_KIND_INVALID = -EINVAL,
} StepKind;

typedef struct Step {
        StepKind kind;
        KnobRef ref;
        Value old;
        Value new;
        bool paired;
        KnobRef partner;   /* when paired */
        Value partner_old; /* when paired */
        char *origin;      /* which line asks for it; "guard", "original value" for our own */
        DriftPolicy drift; /* when something else changes it later */
        Only only;         /* a change that way is none */
} Step;

/* A setting that is in force already. */
typedef struct Unchanged {
        KnobRef ref;
        Value value;
        char *origin;
        DriftPolicy drift;
        Only only;
} Unchanged;

typedef struct Plan {
        char *profile;
        Step *steps; /* in the order of writing */
        size_t n;
        Unchanged *unchanged;
        size_t n_unchanged;
} Plan;

/*
 * Reads every knob concerned. restore lists settings that go back to an earlier value because the
 * profile that asked for them is being left (may be NULL, n_restore 0); a knob that settings sets
 * too is taken from settings. A setting that may only raise (or lower) keeps what the knob has
 * without the profile that is left, where that is higher (lower). -EINVAL with problems: a knob is
 * missing or unreadable and not optional; the background dirty limit would not stay below the
 * foreground one as they will stand together on this machine.
 */
int plan_new(const Root *root,
             const Settings *settings,
             const Setting *restore,
             size_t n_restore,
             Problems *problems,
             Plan **ret);
Plan *plan_free(Plan *plan);
DEFINE_CLEANUP(Plan *, plan_free)

/* Adds what the step sets as being in force already. -ENOMEM. */
int plan_add_unchanged(Plan *plan, const Step *step, const char *origin);

/* Which file gets which value to take the step back: the knob itself, or its partner when that was
 * the member in force. Both zero: the ratio. */
void step_undo_target(const Step *step, KnobRef *ret_ref, Value *ret_value);

/* For the journal, the bus and --json. A plan read back is complete; -EBADMSG when it is not a
 * plan or names a knob that the catalogue lacks. */
json_object *plan_to_json(const Plan *plan);
int plan_from_json(json_object *object, Plan **ret);
