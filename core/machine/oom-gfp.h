/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the flags of an allocation are called, and what they allow: which zones may serve it. */

#include "core/machine/oom.h"

/* May the allocation come from the zone of that name? True when nothing is known. */
bool oom_gfp_allows_zone(const OomEvent *event, const char *zone);

/*
 * The names that a kernel before 4.6 left out, "GFP_HIGHUSER_MOVABLE|__GFP_COLD", by its own table:
 * the bits have changed their places. *ret NULL where the kernel is not known, or printed them
 * itself and the text was cut. -ENOMEM. The caller frees.
 */
int oom_gfp_names(const char *mask, const char *release, char **ret);
