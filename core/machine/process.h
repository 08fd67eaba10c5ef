/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who holds memory: proc/PID/status of every process (task_mem, fs/proc/task_mmu.c). Resident pages
 * that several share count for each of them; the proportional share (PSS) divides them, costs a
 * walk through the page tables and is asked for one process at a time.
 */

#include "core/machine/figures.h"

/* Bytes; FIGURE_NONE where the kernel does not say. */
typedef struct Process {
        int64_t pid;
        int64_t uid;
        char comm[64];
        int64_t rss; /* anon + file + shmem */
        int64_t anon;
        int64_t file;
        int64_t shmem;
        int64_t swap;
        int64_t locked;
        int64_t hugetlb; /* not part of rss */
        int64_t page_tables;
        int64_t pss; /* not read yet, or not allowed to */
} Process;

typedef struct Processes {
        Process *items; /* those with memory of their own: no kernel threads */
        size_t n;
        size_t n_kernel; /* kernel threads, and processes that were ending */
} Processes;

typedef enum ProcessOrder {
        PROCESS_BY_RSS,
        PROCESS_BY_SWAP,
} ProcessOrder;

/* False when it has no memory of its own. */
bool process_parse(const char *status, Process *ret);
/* In no order. -errno when there is no proc; -ENOMEM. */
int processes_read(const Root *root, Processes *ret);
void processes_done(Processes *processes);
/* Largest first. */
void processes_sort(Processes *processes, ProcessOrder order);
/* Fills in the proportional share from smaps_rollup (4.14), as far as it may be read. */
void process_read_pss(const Root *root, Process *process);
