/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Pools of reserved huge pages, one a size (sys/kernel/mm/hugepages, mm/hugetlb.c). Their memory is
 * taken from everything else at once; what programs may map of it is "free", of which "reserved" is
 * promised already.
 */

#include "core/machine/figures.h"

/* Pages of that size. */
typedef struct HugePool {
        int64_t size_kib;
        int64_t total;
        int64_t free;
        int64_t reserved;
        int64_t surplus;    /* above nr_hugepages, given back when free */
        int64_t overcommit; /* at most so many of those */
} HugePool;

typedef struct HugePools {
        HugePool *items; /* smallest first */
        size_t n;
} HugePools;

/* None when the kernel has no hugetlb; -ENOMEM. */
int hugepools_read(const Root *root, HugePools *ret);
void hugepools_done(HugePools *pools);

int64_t hugepool_bytes(const HugePool *pool);
/* Neither mapped nor promised. */
int64_t hugepool_unused(const HugePool *pool);
