/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What transparent huge pages make of vm.min_free_kbytes. */

#include "core/machine/facts.h"

/*
 * What set_recommended_min_free_kbytes() in mm/khugepaged.c raises min_free_kbytes to while huge
 * pages are on, in KiB: 11 pageblocks for each zone but the movable one, at most a twentieth of the
 * pages above the high watermarks, which follow from min_free_kbytes itself and from
 * watermark_scale_factor (in 1/10000). The zones are those of proc/zoneinfo, or for a machine that
 * is not at hand those that its memory and nodes make. 0 where the machine has no huge pages.
 */
uint64_t khugepaged_min_free_kib(const Root *root,
                                 const Facts *facts,
                                 uint64_t min_free_kib,
                                 uint64_t scale_permyriad);
