/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/oom-diagnose.h"

#include <inttypes.h>
#include <stdarg.h>

#include "core/machine/oom-account.h"
#include "core/machine/oom-gfp.h"

static const char *const classes[_OOM_CLASS_MAX] = {
        [OOM_CLASS_UNKNOWN] = "unknown",
        [OOM_CLASS_MEMCG_LIMIT] = "memcg-limit",
        [OOM_CLASS_RAM_AND_SWAP] = "out-of-ram-and-swap",
        [OOM_CLASS_SWAP_FULL] = "swap-full",
        [OOM_CLASS_SLAB_LEAK] = "slab-leak",
        [OOM_CLASS_SHMEM] = "shmem",
        [OOM_CLASS_HUGEPAGES] = "hugepages",
        [OOM_CLASS_FRAGMENTATION] = "fragmentation",
        [OOM_CLASS_LOWMEM] = "lowmem",
        [OOM_CLASS_NUMA] = "numa",
        [OOM_CLASS_MLOCK] = "mlock",
        [OOM_CLASS_KERNEL_LEAK] = "kernel-memory",
        [OOM_CLASS_SYSRQ] = "sysrq",
        [OOM_CLASS_WATERMARK] = "watermark",
        [OOM_CLASS_VMALLOC] = "vmalloc",
        [OOM_CLASS_NO_SHORTAGE] = "no-shortage",
};

static const char *const confidences[_OOM_CONFIDENCE_MAX] = {
        [OOM_CONFIDENCE_LOW] = "low",
        [OOM_CONFIDENCE_MEDIUM] = "medium",
        [OOM_CONFIDENCE_HIGH] = "high",
};

const char *oom_class_to_string(OomClass class) {
        return classes[class];
}

const char *oom_confidence_to_string(OomConfidence confidence) {
        return confidences[confidence];
}

/* All that the rules look at. */
typedef struct Case {
        OomEvent *event;
        OomAccount account;
        OomStanding standing;
} Case;

static void conclude(Case *c,
                     OomClass class,
                     OomConfidence confidence,
                     const char *next,
                     const char *format,
                     ...) _printf_(5, 6);

static void conclude(Case *c,
                     OomClass class,
                     OomConfidence confidence,
                     const char *next,
                     const char *format,
                     ...) {
        OomDiagnosis *diagnosis = &c->event->diagnosis;
        va_list arguments;

        diagnosis->class = class;
        diagnosis->confidence = confidence;
        (void) snprintf(diagnosis->next, sizeof(diagnosis->next), "%s", next);
        va_start(arguments, format);
        (void) vsnprintf(diagnosis->sentence, sizeof(diagnosis->sentence), format, arguments);
        va_end(arguments);
}

#define MIB(kb) (MAX_OF((kb), (int64_t) 0) / 1024)

/* More than so many percent of it; false when either is not known. */
static bool above(int64_t part, int64_t whole, int64_t percent) {
        return part >= 0 && whole > 0 && part / percent > whole / 100;
}

static const char *who(const Case *c) {
        return *c->event->invoker.comm ? c->event->invoker.comm : "an allocation";
}

static bool diagnose_memcg(Case *c) {
        const OomMemcg *memcg = &c->event->memory.memcg;
        const char *name = c->event->oom_memcg, *of = "its tasks";
        int64_t limit = memcg->limit_kb;
        int64_t slab = memcg->slab_unreclaimable_kb;
        int64_t kernel = MAX_OF(memcg->kernel_kb, memcg->kmem_usage_kb);

        if (!c->event->is_memcg && c->event->constraint != OOM_CONSTRAINT_MEMCG)
                return false;
        if (above(slab, limit, 50))
                of = "the kernel's slab objects charged to it, which a kill hardly frees";
        else if (above(kernel, limit, 50))
                of = "kernel memory charged to it, which a kill hardly frees";
        else if (above(memcg->dirty_kb, limit, 50))
                of = "page cache that waits to be written";
        else if (above(memcg->shmem_kb, limit, 50))
                of = "shared memory or tmpfs files, which a kill does not free";
        else if (above(memcg->anon_kb, limit, 50))
                of = "anonymous memory of its tasks";
        else if (above(memcg->file_kb, limit, 50))
                of = "page cache";
        char size[64] = "its limit";
        if (limit >= 0)
                (void) snprintf(size, sizeof(size), "its limit of %" PRId64 " kB", limit);
        conclude(c,
                 OOM_CLASS_MEMCG_LIMIT,
                 memcg->usage_kb >= 0 || c->event->oom_memcg ? OOM_CONFIDENCE_HIGH
                                                             : OOM_CONFIDENCE_MEDIUM,
                 "memory.max and memory.stat of the cgroup; the machine as a whole was not short",
                 memcg->usage_kb >= 0 ? "The cgroup %s reached %s, filled by %s."
                                      : "The cgroup %s reached %s.",
                 name ? name : "(name not printed)",
                 size,
                 of);
        return true;
}

static bool diagnose_constraint(Case *c) {
        const OomEvent *event = c->event;

        if (event->constraint != OOM_CONSTRAINT_CPUSET &&
            event->constraint != OOM_CONSTRAINT_MEMPOLICY)
                return false;
        conclude(c,
                 OOM_CLASS_NUMA,
                 OOM_CONFIDENCE_HIGH,
                 "cpuset.mems of the cgroup, or the memory policy of the process",
                 "Only the nodes %s were allowed by %s, and these were full; other nodes do not "
                 "count.",
                 event->mems_allowed ? event->mems_allowed : "(not printed)",
                 event->constraint == OOM_CONSTRAINT_CPUSET ? "the cpuset" : "the memory policy");
        return true;
}

/* The zones have room, and still it failed: the order, the zone, or no shortage at all. */
static bool diagnose_order(Case *c) {
        const OomEvent *event = c->event;
        const OomStanding *s = &c->standing;
        int64_t usable = s->blocks - s->cma_blocks;

        if (event->order <= 0 || !s->worst || s->free_kb <= 0)
                return false;
        int64_t kb = (event->memory.page_kb > 0 ? event->memory.page_kb : 4)
                     << MIN_OF(event->order, 20);
        bool room = s->free_kb > s->min_kb;
        if (!s->has_blocks || (!room && event->order <= 1))
                return false;
        if (!room && usable > 0 && c->event->kind != OOM_KIND_ALLOCATION_FAILURE)
                return false;
        conclude(c,
                 OOM_CLASS_FRAGMENTATION,
                 usable == 0 && room ? OOM_CONFIDENCE_HIGH : OOM_CONFIDENCE_MEDIUM,
                 "compaction: memctl explain vm.compaction_proactiveness, vm.min_free_kbytes",
                 "%s asked for %" PRId64 " kB in one piece (order %" PRId64 "): %" PRId64
                 " kB are free in the zones that it may use, but %s of that size.",
                 who(c),
                 kb,
                 event->order,
                 s->free_kb,
                 usable > 0          ? "hardly a block above the watermarks is"
                 : s->cma_blocks > 0 ? "only blocks kept for CMA or atomic use are"
                                     : "no block is");
        return true;
}

static bool diagnose_absurd(Case *c) {
        if (!c->standing.absurd)
                return false;
        conclude(c,
                 OOM_CLASS_NO_SHORTAGE,
                 OOM_CONFIDENCE_HIGH,
                 "a newer kernel; drivers that return memory, such as balloons",
                 "The kernel's own count is wrong: a watermark is larger than all memory, so that "
                 "every allocation fails although %" PRId64 " MiB are free.",
                 MIB(c->account.free_kb));
        return true;
}

static bool diagnose_lowmem(Case *c) {
        const OomStanding *s = &c->standing;

        if (!s->forbidden || !s->worst || s->n_below_min == 0 || s->n_above_high > 0 ||
            s->forbidden_free_kb < 2 * s->free_kb)
                return false;
        conclude(c,
                 OOM_CLASS_LOWMEM,
                 OOM_CONFIDENCE_HIGH,
                 "a 64-bit kernel, or less movable memory; memctl explain vm.lowmem_reserve_ratio",
                 "%s may not use zone %s, where %" PRId64 " kB are free; zone %s has %" PRId64
                 " kB, below its minimum of %" PRId64 " kB.",
                 who(c),
                 s->forbidden->name,
                 s->forbidden->kb.value[OOM_FREE],
                 s->worst->name,
                 s->worst->kb.value[OOM_FREE],
                 s->worst->kb.value[OOM_MIN]);
        return true;
}

static bool diagnose_no_shortage(Case *c) {
        const OomStanding *s = &c->standing;

        if (s->n_allowed == 0 || s->n_below_min > 0 || s->n_above_high == 0 ||
            c->event->order > 0 || s->free_kb < 4 * s->min_kb)
                return false;
        conclude(c,
                 OOM_CLASS_NO_SHORTAGE,
                 OOM_CONFIDENCE_MEDIUM,
                 c->event->nodemask && !streq(c->event->nodemask, "(null)")
                         ? "the nodes that it was limited to (nodemask)"
                         : "the function in the stack that gave up; a known bug of this kernel",
                 "Memory was not short: %" PRId64
                 " MiB are free in the zones that %s may use, above "
                 "their watermarks.",
                 MIB(s->free_kb),
                 who(c));
        return true;
}

static bool diagnose_slab(Case *c) {
        const OomMemory *memory = &c->event->memory;
        const OomAccount *a = &c->account;
        int64_t slab = MAX_OF(a->slab_unreclaimable_kb, 0) + MAX_OF(a->slab_reclaimable_kb, 0);
        bool listed = memory->slab_kb > 0 && above(memory->slab_kb, a->total_kb, 30);

        if (a->total_kb <= 0 && memory->slab_kb > 512 * 1024)
                listed = true; /* the table is printed when slab is more than all user memory */
        if (!listed && !above(slab, a->total_kb, 45))
                return false;
        char largest[96] = "";
        if (memory->slab_kb > 0)
                (void) snprintf(largest,
                                sizeof(largest),
                                ", %" PRId64 " MiB of it %s",
                                MIB(memory->slab_kb),
                                memory->slab_name);
        conclude(c,
                 OOM_CLASS_SLAB_LEAK,
                 a->total_kb > 0 ? OOM_CONFIDENCE_HIGH : OOM_CONFIDENCE_MEDIUM,
                 "/proc/slabinfo over time: the cache that grows names the subsystem",
                 "The kernel's own objects ate the memory: %" PRId64 " MiB of slab%s; killing "
                 "processes hardly frees them.",
                 MIB(MAX_OF(slab, memory->slab_kb)),
                 largest);
        return true;
}

static bool diagnose_eater(Case *c) {
        const OomAccount *a = &c->account;
        int64_t idle = c->event->memory.huge_free_kb;

        if (above(a->hugepages_kb, a->total_kb, 50)) {
                conclude(c,
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
        if (above(a->shmem_kb, a->total_kb, 45)) {
                conclude(c,
                         OOM_CLASS_SHMEM,
                         OOM_CONFIDENCE_HIGH,
                         "df -t tmpfs, ipcs -m; the size= of the tmpfs",
                         "Shared memory and tmpfs files hold %" PRId64 " of %" PRId64
                         " MiB; killing a process does not free a file on tmpfs.",
                         MIB(a->shmem_kb),
                         MIB(a->total_kb));
                return true;
        }
        if (above(a->locked_kb, a->total_kb, 50)) {
                conclude(c,
                         OOM_CLASS_MLOCK,
                         OOM_CONFIDENCE_HIGH,
                         "the limit memlock, and which process locks its memory (VmLck)",
                         "%" PRId64 " of %" PRId64 " MiB are locked and cannot be reclaimed.",
                         MIB(a->locked_kb),
                         MIB(a->total_kb));
                return true;
        }
        if (above(a->gap_kb, a->total_kb, 40)) {
                conclude(c,
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

static bool diagnose_anon(Case *c) {
        const OomMemory *memory = &c->event->memory;
        const OomAccount *a = &c->account;
        int64_t total = memory->swap_total_kb, left = memory->swap_free_kb;

        if (total > 0 && left >= 0 && left / 2 <= total / 100) {
                conclude(c,
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
        if (a->anon_kb < 0 || (a->total_kb > 0 && !above(a->anon_kb, a->total_kb, 40)))
                return false;
        if (a->total_kb <= 0 && a->anon_kb < 4 * MAX_OF(a->free_kb, 0))
                return false;
        if (c->event->trace & OOM_TRACE_SHMEM && a->shmem_kb < 0) {
                conclude(c,
                         OOM_CLASS_SHMEM,
                         OOM_CONFIDENCE_LOW,
                         "df -t tmpfs, ipcs -m; the size= of the tmpfs",
                         "RAM is full of %" PRId64
                         " MiB of anonymous and shared memory, and it was "
                         "shared memory or a file on tmpfs that %s wrote.",
                         MIB(a->anon_kb),
                         who(c));
                return true;
        }
        conclude(c,
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

static bool diagnose_watermark(Case *c) {
        const OomStanding *s = &c->standing;

        if (!s->worst || s->n_below_min == 0)
                return false;
        conclude(c,
                 OOM_CLASS_WATERMARK,
                 OOM_CONFIDENCE_MEDIUM,
                 "memctl explain vm.min_free_kbytes",
                 "Zone %s has %" PRId64 " kB free, below its minimum of %" PRId64
                 " kB, and %s may not use the reserve or wait.",
                 s->worst->name,
                 s->worst->kb.value[OOM_FREE],
                 s->worst->kb.value[OOM_MIN],
                 who(c));
        return true;
}

/* A single allocation failed: only the zones' state counts, not who holds the memory. */
static bool diagnose_failure(Case *c) {
        const OomMemory *memory = &c->event->memory;

        if (c->event->kind != OOM_KIND_ALLOCATION_FAILURE || c->event->order > 0)
                return false;
        if (memory->pages_ram < 0 || memory->n_zones > 0 ||
            !above(c->account.free_kb, c->account.total_kb, 5))
                return diagnose_watermark(c);
        conclude(c,
                 OOM_CLASS_NO_SHORTAGE,
                 OOM_CONFIDENCE_MEDIUM,
                 "the stack: who allocates before the page allocator is up",
                 "%" PRId64
                 " MiB are free, but no zone is listed: none was set up yet that could give them.",
                 MIB(c->account.free_kb));
        return true;
}

static bool diagnose_special(Case *c) {
        if (c->event->kind == OOM_KIND_SYSRQ) {
                conclude(c,
                         OOM_CLASS_SYSRQ,
                         OOM_CONFIDENCE_HIGH,
                         "who wrote f to the SysRq trigger",
                         "Somebody asked for the kill by hand (SysRq-f); memory need not have been "
                         "short.");
                return true;
        }
        if (c->event->size_bytes > 0) {
                conclude(c,
                         OOM_CLASS_VMALLOC,
                         OOM_CONFIDENCE_HIGH,
                         "/proc/vmallocinfo",
                         "No room in the kernel's address space for %" PRIu64
                         " bytes of vmalloc; free pages do not help.",
                         c->event->size_bytes);
                return true;
        }
        return false;
}

void oom_diagnose(OomEvent *event) {
        static bool (*const rules[])(Case *) = {
                diagnose_special,
                diagnose_memcg,
                diagnose_constraint,
                diagnose_absurd,
                diagnose_failure,
                diagnose_slab,
                diagnose_order,
                diagnose_no_shortage,
                diagnose_lowmem,
                diagnose_eater,
                diagnose_anon,
                diagnose_watermark,
        };
        Case c = {.event = event};

        oom_account(event, &c.account);
        oom_standing(event, &c.standing);
        for (size_t i = 0; i < ELEMENTSOF(rules); i++)
                if (rules[i](&c))
                        return;
        conclude(&c,
                 OOM_CLASS_UNKNOWN,
                 OOM_CONFIDENCE_LOW,
                 "",
                 "The text does not say enough to tell why.");
}
