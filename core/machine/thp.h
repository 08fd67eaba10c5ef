/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Transparent huge pages: what is allowed, and how much of the memory that could be huge is. Sizes
 * between a page and a huge page have counters of their own since 6.10
 * (sys/kernel/mm/transparent_hugepage/hugepages-*kB/stats, mm/huge_memory.c).
 */

#include "core/machine/figures.h"

/* One size of folio; counts from boot, FIGURE_NONE where this kernel has none. */
typedef struct ThpSize {
        int64_t size_kib;
        char enabled[16]; /* the choice in force; "" when it cannot be read */
        int64_t fault_alloc;
        int64_t fault_fallback;
        int64_t swpout;
        int64_t anon; /* folios in use (nr_anon) */
} ThpSize;

/* Bytes; FIGURE_NONE where the kernel does not say. */
typedef struct Thp {
        bool present;
        char enabled[16];
        char defrag[16];
        char shmem[16];
        int64_t anon;      /* AnonPages, huge ones among them */
        int64_t anon_huge; /* AnonHugePages */
        int64_t shmem_all;
        int64_t shmem_huge;
        int64_t file_huge; /* of the page cache, with CONFIG_READ_ONLY_THP_FOR_FS or large folios */
        ThpSize *sizes;    /* smallest first */
        size_t n_sizes;
} Thp;

/* -ENOMEM; a kernel without it is not present. */
int thp_read(const Root *root, const Figures *meminfo, Thp *ret);
void thp_done(Thp *thp);
/* The word in brackets: "madvise" of "always [madvise] never"; "" when there is none. */
void thp_choice_parse(const char *text, char ret[static 16]);
