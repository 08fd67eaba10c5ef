/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the offline verbs work on: the tree of --root with its facts, and profiles worked out on
 * it. Failures have been printed when they return. */

#include "cli/print.h"
#include "core/profile/resolve.h"

typedef struct Machine {
        Root *root;
        Facts facts;
} Machine;

int machine_open(Machine *ret);
void machine_done(Machine *machine);

/* -ENOENT, -EPERM, -EINVAL as resolve_name. A profile's warnings are left to "validate". */
int machine_resolve(const Machine *machine, const char *name, Settings **ret);

/* A knob's value as the kernel has it, for people; NULL when it cannot be read. */
char *machine_live_text(const Machine *machine, KnobRef ref);
/* "3000 (30 s)"; works also for a knob this kernel lacks. The caller frees. */
char *knob_value_text(const Knob *knob, const KnobContext *context, const Value *value);
/* The same for a table's cell: "64 MiB" where that is all of it, "3000 (30s)" otherwise. */
char *knob_value_brief(const Knob *knob, const KnobContext *context, const Value *value);

/* "redis.yaml:12" from "/etc/memctl/profiles/redis.yaml:12": a file's name is unique among the
 * profiles in use. */
const char *origin_short(const char *origin);
