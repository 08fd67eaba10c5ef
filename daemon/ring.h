/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The samples of the last hours, in a file that the next process finds. The file lies in the
 * runtime folder, which is memory: on a disk, the page fault of a write may be throttled with all
 * other writers (balance_dirty_pages, mm/page-writeback.c), just when the machine needs the daemon.
 * Samples are of no use after a reboot, when another kernel counts from zero.
 *
 * Adding allocates nothing, asks the kernel for nothing, and may be interrupted anywhere: an entry
 * that a killed process left half written is not there for the next.
 */

#include "core/machine/facts.h"
#include "core/machine/sample.h"

#define RING_ENTRIES 1081 /* three hours of 10 s and both their ends */
#define RING_SCOPE_MAX 256

typedef struct RingEntry {
        Sample sample;
        uint64_t setting;  /* the transaction in force; 0: none */
        uint32_t settling; /* set a minute ago or less */
        uint32_t check;
} RingEntry;

typedef struct Ring Ring;

/*
 * The samples of a scope. dir_fd is the runtime folder, -1: memory alone. What is found there
 * counts when it is of this boot, scope and version, entry by entry; otherwise the ring is empty.
 * No room or no access makes a ring in memory alone, with the reason in *ret_error (0: none).
 * -ENOMEM.
 */
int ring_open(int dir_fd,
              const char *file,
              const char *scope,
              const char boot_id[static BOOT_ID_MAX],
              Ring **ret,
              int *ret_error);
Ring *ring_close(Ring *ring);
DEFINE_CLEANUP(Ring *, ring_close)

void ring_add(Ring *ring, const Sample *sample, uint64_t setting, bool settling);
size_t ring_count(const Ring *ring);
/* 0 is the newest. */
const RingEntry *ring_at(const Ring *ring, size_t i);
