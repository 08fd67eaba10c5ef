/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Plans without a profile's text, and what the knobs of a tree read before and after them. */

#include "core/base/root.h"
#include "core/profile/plan.h"

/*
 * The plan that leads from what the tree reads to values, "vm.swappiness=10 vm.page-cluster=0";
 * what stands between is blank. NULL, with the reason on stderr, when there is none.
 */
Plan *plan_of(const Root *root, const char *profile, const char *values);

/* Every knob of the tree, one line "path: text" each, bytes as they are; the caller frees. */
char *knobs_snapshot(const Root *root);
