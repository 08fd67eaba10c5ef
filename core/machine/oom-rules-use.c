/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/oom-rules.h"

#include <inttypes.h>

bool oom_rule_slab(OomCase *c) {
        const OomMemory *memory = &c->event->memory;
        const OomAccount *a = &c->account;
        int64_t slab = MAX_OF(a->slab_unreclaimable_kb, 0) + MAX_OF(a->slab_reclaimable_kb, 0);
        bool listed = memory->slab_kb > 0 && oom_above(memory->slab_kb, a->total_kb, 30);

        if (a->total_kb <= 0 && memory->slab_kb > 512 * 1024)
                listed = true; /* the table is printed when slab is more than all user memory */
        if (!listed && !oom_above(slab, a->total_kb, 45))
                return false;
        char largest[96] = "";
        if (memory->slab_kb > 0)
                (void) snprintf(largest,
                                sizeof(largest),
                                ", %" PRId64 " MiB of it %s",
                                MIB(memory->slab_kb),
                                memory->slab_name);
        oom_conclude(c,
                     OOM_CLASS_SLAB_LEAK,
                     a->total_kb > 0 ? OOM_CONFIDENCE_HIGH : OOM_CONFIDENCE_MEDIUM,
                     "slabtop, or slabinfo over time: the cache that grows names the subsystem",
                     "The kernel's own objects ate the memory: %" PRId64 " MiB of slab%s; killing "
                     "processes hardly frees them.",
                     MIB(MAX_OF(slab, memory->slab_kb)),
                     largest);
        return true;
}

bool oom_rule_eater(OomCase *c) {
        const OomAccount *a = &c->account;
        int64_t idle = c->event->memory.huge_free_kb;

        if (oom_above(a->hugepages_kb, a->total_kb, 50)) {
                oom_conclude(c,
                             OOM_CLASS_HUGEPAGES,
                             OOM_CONFIDENCE_HIGH,
                             "vm.nr_hugepages: a pool smaller by what nobody uses",
                             "%" PRId64 " of %" PRId64 " MiB are reserved as huge pages, %" PRId64
                             " MiB of them unused; nothing else may have them.",
                             MIB(a->hugepages_kb),
                             MIB(a->total_kb),
                             MIB(idle));
                return true;
        }
        if (oom_above(a->shmem_kb, a->total_kb, 45)) {
                oom_conclude(c,
                             OOM_CLASS_SHMEM,
                             OOM_CONFIDENCE_HIGH,
                             "df -t tmpfs, ipcs -m; the size= of the tmpfs",
                             "Shared memory and tmpfs files hold %" PRId64 " of %" PRId64
                             " MiB; killing a process does not free a file on tmpfs.",
                             MIB(a->shmem_kb),
                             MIB(a->total_kb));
                return true;
        }
        if (oom_above(a->locked_kb, a->total_kb, 50)) {
                oom_conclude(c,
                             OOM_CLASS_MLOCK,
                             OOM_CONFIDENCE_HIGH,
                             "the limit memlock, and which process locks its memory (VmLck)",
                             "%" PRId64 " of %" PRId64 " MiB are locked and cannot be reclaimed.",
                             MIB(a->locked_kb),
                             MIB(a->total_kb));
                return true;
        }
        if (oom_above(a->gap_kb, a->total_kb, 40)) {
                oom_conclude(c,
                             OOM_CLASS_KERNEL_LEAK,
                             OOM_CONFIDENCE_MEDIUM,
                             "balloon drivers, and drivers that take pages directly; page_owner",
                             "%" PRId64 " of %" PRId64
                             " MiB are in no counter of the dump: pages that the "
                             "kernel, a driver or a balloon took.",
                             MIB(a->gap_kb),
                             MIB(a->total_kb));
                return true;
        }
        return false;
}

bool oom_rule_anon(OomCase *c) {
        const OomMemory *memory = &c->event->memory;
        const OomAccount *a = &c->account;
        int64_t total = memory->swap_total_kb, left = memory->swap_free_kb;

        if (total > 0 && left >= 0 && left / 2 <= total / 100) {
                oom_conclude(c,
                             OOM_CLASS_SWAP_FULL,
                             OOM_CONFIDENCE_HIGH,
                             "the largest tasks below; more swap, or a limit for whoever grows",
                             "RAM and swap are full: %" PRId64 " of %" PRId64
                             " kB of swap are free, and %" PRId64 " MiB of %" PRId64
                             " MiB RAM are anonymous memory.",
                             left,
                             total,
                             MIB(a->anon_kb),
                             MIB(a->total_kb));
                return true;
        }
        if (a->anon_kb < 0 || (a->total_kb > 0 && !oom_above(a->anon_kb, a->total_kb, 40)))
                return false;
        if (a->total_kb <= 0 && a->anon_kb < 4 * MAX_OF(a->free_kb, 0))
                return false;
        if (c->event->trace & OOM_TRACE_SHMEM && a->shmem_kb < 0) {
                oom_conclude(c,
                             OOM_CLASS_SHMEM,
                             OOM_CONFIDENCE_LOW,
                             "df -t tmpfs, ipcs -m; the size= of the tmpfs",
                             "RAM is full of %" PRId64
                             " MiB of anonymous and shared memory, and it was "
                             "shared memory or a file on tmpfs that %s wrote.",
                             MIB(a->anon_kb),
                             oom_who(c));
                return true;
        }
        oom_conclude(c,
                     OOM_CLASS_RAM_AND_SWAP,
                     total == 0 ? OOM_CONFIDENCE_HIGH : OOM_CONFIDENCE_MEDIUM,
                     "the largest tasks below; swap, or a limit for whoever grows",
                     "RAM is full: %" PRId64 " MiB are anonymous memory, and %s.",
                     MIB(a->anon_kb),
                     total == 0  ? "there is no swap"
                     : total < 0 ? "the dump does not tell of swap"
                                 : "swap could not take more");
        return true;
}
