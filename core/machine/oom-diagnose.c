/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/oom-diagnose.h"

#include <inttypes.h>
#include <stdarg.h>

#include "core/machine/oom-rules.h"

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

void oom_conclude(OomCase *c,
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

static bool diagnose_memcg(OomCase *c) {
        const OomMemcg *memcg = &c->event->memory.memcg;
        const char *name = c->event->oom_memcg, *of = "its tasks";
        int64_t limit = memcg->limit_kb;
        int64_t slab = memcg->slab_unreclaimable_kb;
        int64_t kernel = MAX_OF(memcg->kernel_kb, memcg->kmem_usage_kb);

        if (!c->event->is_memcg && c->event->constraint != OOM_CONSTRAINT_MEMCG)
                return false;
        if (oom_above(slab, limit, 50))
                of = "the kernel's slab objects charged to it, which a kill hardly frees";
        else if (oom_above(kernel, limit, 50))
                of = "kernel memory charged to it, which a kill hardly frees";
        else if (oom_above(memcg->dirty_kb, limit, 50))
                of = "page cache that waits to be written";
        else if (oom_above(memcg->shmem_kb, limit, 50))
                of = "shared memory or tmpfs files, which a kill does not free";
        else if (oom_above(memcg->anon_kb, limit, 50))
                of = "anonymous memory of its tasks";
        else if (oom_above(memcg->file_kb, limit, 50))
                of = "page cache";
        char size[64] = "its limit";
        if (limit >= 0)
                (void) snprintf(size, sizeof(size), "its limit of %" PRId64 " kB", limit);
        oom_conclude(
                c,
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

static bool diagnose_constraint(OomCase *c) {
        const OomEvent *event = c->event;

        if (event->constraint != OOM_CONSTRAINT_CPUSET &&
            event->constraint != OOM_CONSTRAINT_MEMPOLICY)
                return false;
        oom_conclude(
                c,
                OOM_CLASS_NUMA,
                OOM_CONFIDENCE_HIGH,
                "cpuset.mems of the cgroup, or the memory policy of the process",
                "Only the nodes %s were allowed by %s, and these were full; other nodes do not "
                "count.",
                event->mems_allowed ? event->mems_allowed : "(not printed)",
                event->constraint == OOM_CONSTRAINT_CPUSET ? "the cpuset" : "the memory policy");
        return true;
}

static bool diagnose_special(OomCase *c) {
        if (c->event->kind == OOM_KIND_SYSRQ) {
                oom_conclude(
                        c,
                        OOM_CLASS_SYSRQ,
                        OOM_CONFIDENCE_HIGH,
                        "who wrote f to the SysRq trigger",
                        "Somebody asked for the kill by hand (SysRq-f); memory need not have been "
                        "short.");
                return true;
        }
        if (c->event->size_bytes > 0) {
                oom_conclude(c,
                             OOM_CLASS_VMALLOC,
                             OOM_CONFIDENCE_HIGH,
                             "vmallocinfo in proc: who holds the address space",
                             "No room in the kernel's address space for %" PRIu64
                             " bytes of vmalloc; free pages do not help.",
                             c->event->size_bytes);
                return true;
        }
        return false;
}

void oom_diagnose(OomEvent *event) {
        static bool (*const rules[])(OomCase *) = {
                diagnose_special,
                diagnose_memcg,
                diagnose_constraint,
                oom_rule_absurd,
                oom_rule_failure,
                oom_rule_slab,
                oom_rule_order,
                oom_rule_no_shortage,
                oom_rule_lowmem,
                oom_rule_eater,
                oom_rule_anon,
                oom_rule_watermark,
        };
        OomCase c = {.event = event};

        oom_account(event, &c.account);
        oom_standing(event, &c.standing);
        for (size_t i = 0; i < ELEMENTSOF(rules); i++)
                if (rules[i](&c))
                        return;
        oom_conclude(&c,
                     OOM_CLASS_UNKNOWN,
                     OOM_CONFIDENCE_LOW,
                     "",
                     "The text does not say enough to tell why.");
}
