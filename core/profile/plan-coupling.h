/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the steps of one plan owe to each other: which combination is refused, which step goes
 * first. Part of plan.c, apart for its size. */

#include "core/profile/plan.h"

/*
 * Problem and -EINVAL when the dirty limits as they will stand together make no sense: the
 * background one not below the foreground one (the kernel then takes half of the latter without
 * a word). Only limits in the same unit are compared, and only when a profile sets one of them.
 */
int plan_check_dirty(const Root *root, const Plan *plan, Problems *problems);

/* Puts the steps in the order of writing. */
void plan_sort(const Root *root, Plan *plan);

/* Adds a problem at the line that the origin names: "x.yaml:12". */
int plan_refuse(Problems *problems, const char *origin, const char *hint, const char *format, ...)
        _printf_(4, 5);
