/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the flags of an allocation allow: which zones may serve it. */

#include "core/machine/oom.h"

/* May the allocation come from the zone of that name? True when nothing is known. */
bool oom_gfp_allows_zone(const OomEvent *event, const char *zone);
