/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/judge/burst.h"

/* One quiet block may be a breath. */
#define QUIET_BLOCKS 2

bool burst_add(Burst *burst, double share, double *ret_size) {
        if (share > burst->above) {
                burst->size += share;
                burst->n_quiet = 0;
                return false;
        }
        if (burst->size <= 0 || ++burst->n_quiet < QUIET_BLOCKS)
                return false;
        *ret_size = burst->size;
        burst->size = 0;
        burst->n_quiet = 0;
        return true;
}
