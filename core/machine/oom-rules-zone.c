/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/oom-rules.h"

#include <inttypes.h>

/* The zones have room, and still it failed: the order, the zone, or no shortage at all. */
bool oom_rule_order(OomCase *c) {
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
        oom_conclude(c,
                     OOM_CLASS_FRAGMENTATION,
                     usable == 0 && room ? OOM_CONFIDENCE_HIGH : OOM_CONFIDENCE_MEDIUM,
                     "compaction: memctl explain vm.compaction_proactiveness, vm.min_free_kbytes",
                     "%s asked for %" PRId64 " kB in one piece (order %" PRId64 "): %" PRId64
                     " kB are free in the zones that it may use, but %s of that size.",
                     oom_who(c),
                     kb,
                     event->order,
                     s->free_kb,
                     usable > 0          ? "hardly a block above the watermarks is"
                     : s->cma_blocks > 0 ? "only blocks kept for CMA or atomic use are"
                                         : "no block is");
        return true;
}

bool oom_rule_absurd(OomCase *c) {
        if (!c->standing.absurd)
                return false;
        oom_conclude(
                c,
                OOM_CLASS_NO_SHORTAGE,
                OOM_CONFIDENCE_HIGH,
                "a newer kernel; drivers that return memory, such as balloons",
                "The kernel's own count is wrong: a watermark is larger than all memory, so that "
                "every allocation fails although %" PRId64 " MiB are free.",
                MIB(c->account.free_kb));
        return true;
}

bool oom_rule_lowmem(OomCase *c) {
        const OomStanding *s = &c->standing;

        if (!s->forbidden || !s->worst || s->n_below_min == 0 || s->n_above_high > 0 ||
            s->forbidden_free_kb < 2 * s->free_kb)
                return false;
        oom_conclude(
                c,
                OOM_CLASS_LOWMEM,
                OOM_CONFIDENCE_HIGH,
                "a 64-bit kernel, or less movable memory; memctl explain vm.lowmem_reserve_ratio",
                "%s may not use zone %s, where %" PRId64 " kB are free; zone %s has %" PRId64
                " kB, below its minimum of %" PRId64 " kB.",
                oom_who(c),
                s->forbidden->name,
                s->forbidden->kb.value[OOM_FREE],
                s->worst->name,
                s->worst->kb.value[OOM_FREE],
                s->worst->kb.value[OOM_MIN]);
        return true;
}

bool oom_rule_no_shortage(OomCase *c) {
        const OomStanding *s = &c->standing;

        if (s->n_allowed == 0 || s->n_below_min > 0 || s->n_above_high == 0 ||
            c->event->order > 0 || s->free_kb < 4 * s->min_kb)
                return false;
        oom_conclude(c,
                     OOM_CLASS_NO_SHORTAGE,
                     OOM_CONFIDENCE_MEDIUM,
                     c->event->nodemask && !streq(c->event->nodemask, "(null)")
                             ? "the nodes that it was limited to (nodemask)"
                             : "the function in the stack that gave up; a known bug of this kernel",
                     "Memory was not short: %" PRId64
                     " MiB are free in the zones that %s may use, above "
                     "their watermarks.",
                     MIB(s->free_kb),
                     oom_who(c));
        return true;
}

bool oom_rule_watermark(OomCase *c) {
        const OomStanding *s = &c->standing;

        if (!s->worst || s->n_below_min == 0)
                return false;
        oom_conclude(c,
                     OOM_CLASS_WATERMARK,
                     OOM_CONFIDENCE_MEDIUM,
                     "memctl explain vm.min_free_kbytes",
                     "Zone %s has %" PRId64 " kB free, below its minimum of %" PRId64
                     " kB, and %s may not use the reserve or wait.",
                     s->worst->name,
                     s->worst->kb.value[OOM_FREE],
                     s->worst->kb.value[OOM_MIN],
                     oom_who(c));
        return true;
}

/* A single allocation failed: only the zones' state counts, not who holds the memory. */
bool oom_rule_failure(OomCase *c) {
        const OomMemory *memory = &c->event->memory;

        if (c->event->kind != OOM_KIND_ALLOCATION_FAILURE || c->event->order > 0)
                return false;
        if (memory->pages_ram < 0 || memory->n_zones > 0 ||
            !oom_above(c->account.free_kb, c->account.total_kb, 5))
                return oom_rule_watermark(c);
        oom_conclude(
                c,
                OOM_CLASS_NO_SHORTAGE,
                OOM_CONFIDENCE_MEDIUM,
                "the stack: who allocates before the page allocator is up",
                "%" PRId64
                " MiB are free, but no zone is listed: none was set up yet that could give them.",
                MIB(c->account.free_kb));
        return true;
}
