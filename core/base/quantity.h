/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Times, sizes and shares as people write and read them. */

#include "core/base/util.h"

/* "500ms", "10s", "30min", "2h", "1d", or sums "1h 30min"; a bare number is refused. -EINVAL,
 * -ERANGE. */
int parse_duration(const char *text, usec_t *ret);
/* "4096", "64MiB", "1GiB", "2T" (binary multiples; K, KB and KiB alike). -EINVAL, -ERANGE. */
int parse_size(const char *text, uint64_t *ret_bytes);
/* "1%", "0.25%", "150%" in 1/10000; the sign is needed. -EINVAL, -ERANGE. */
int parse_ratio(const char *text, uint64_t *ret_permyriad);
/* The same, at most 100 %. */
int parse_share(const char *text, unsigned *ret_permyriad);

/* How much of the whole a part is, in 1/10000, at most UINT32_MAX; 0 of nothing. */
unsigned share_of(uint64_t part, uint64_t whole);

/* Rounded down to what a person reads: "30min", "1h 5min", "2.5s", "40ms"; USEC_INFINITY is
 * "forever". */
void format_duration(usec_t usec, char buffer[static 64]);
/* "66 MiB", "1.5 GiB". */
void format_size(uint64_t bytes, char buffer[static 32]);
/* "0.1 %", "43 %" from 1/10000; "0.05 %" where a tenth would say nothing. */
void format_share(unsigned permyriad, char buffer[static 16]);
