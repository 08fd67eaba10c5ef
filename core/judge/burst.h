/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where stalls come in bursts, the blocks of one burst say together what one of them says: counting
 * each would make one long burst look like a change. So there bursts are counted, not blocks: the
 * size of each, from its first block above a level to the second quiet one in a row.
 */

#include "core/base/util.h"

typedef struct Burst {
        double above; /* a block above this share is part of a burst */
        double size;  /* sum of the shares of the burst under way; 0: none */
        unsigned n_quiet;
} Burst;

/* True when a burst has ended: its size. */
bool burst_add(Burst *burst, double share, double *ret_size);
