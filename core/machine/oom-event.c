/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/oom-event.h"

#include "core/machine/oom-gfp.h"
#include "core/machine/oom-tasks.h"

void oom_event_init(OomEvent *event) {
        *event = (OomEvent){
                .order = OOM_ORDER_NONE, .invoker = OOM_PROCESS_INIT, .victim = OOM_PROCESS_INIT};
        oom_memory_init(&event->memory);
}

void oom_event_done(OomEvent *event) {
        free(event->gfp_mask);
        free(event->gfp_flags);
        free(event->constraint_text);
        free(event->nodemask);
        free(event->mems_allowed);
        free(event->oom_memcg);
        free(event->task_memcg);
        free(event->group_victims);
        free(event->tasks);
        oom_memory_done(&event->memory);
        oom_event_init(event);
}

static bool has_memcg(const OomEvent *event) {
        return event->is_memcg || event->memory.memcg.usage_kb >= 0;
}

static bool has_memory(const OomMemory *memory) {
        return memory->pages_ram >= 0 || memory->n_zones > 0 || memory->swap_total_kb >= 0 ||
               memory->n_nodes > 0;
}

bool oom_event_is_one(const OomEvent *event) {
        if (event->head || event->told || event->killed || event->panicked || event->no_victim)
                return true;
        if (has_memcg(event) || event->kind == OOM_KIND_ALLOCATION_FAILURE)
                return true;
        /* A whole block without a head is the answer to SysRq-m and the like. */
        return has_memory(&event->memory) && (!event->memory.opened || event->listed);
}

static void conclude_kind(OomEvent *event) {
        if (event->kind == OOM_KIND_ALLOCATION_FAILURE || event->kind == OOM_KIND_SYSRQ)
                return;
        if (event->panicked || (!event->killed && event->trace & OOM_TRACE_PANIC))
                event->kind = OOM_KIND_PANIC;
        else if (event->no_victim && !event->killed)
                event->kind = OOM_KIND_NO_VICTIM;
        else if (event->head || event->told || event->killed || event->listed ||
                 event->n_tasks > 0 || has_memcg(event))
                event->kind = OOM_KIND_KILL;
}

static void conclude_constraint(OomEvent *event) {
        if (event->told || event->kind == OOM_KIND_ALLOCATION_FAILURE)
                return;
        if (has_memcg(event) || event->trace & OOM_TRACE_MEMCG)
                event->constraint = OOM_CONSTRAINT_MEMCG;
        else if (event->old_style && event->killed)
                event->constraint = OOM_CONSTRAINT_NONE;
        event->implied = event->constraint != OOM_CONSTRAINT_UNKNOWN;
}

static bool is_page_size(int64_t kb) {
        return kb >= 4 && kb <= 256 && (kb & (kb - 1)) == 0;
}

/* The same counter is printed in pages for all and in kB for each node. */
static void conclude_page_size(OomEvent *event) {
        OomMemory *memory = &event->memory;

        for (size_t i = 0; i < _OOM_COUNTER_MAX && memory->page_kb < 0; i++) {
                int64_t kb = 0, pages = memory->pages.value[i];
                for (size_t k = 0; k < memory->n_nodes; k++)
                        kb += MAX_OF(MIN_OF(memory->nodes[k].kb.value[i], INT64_MAX / 2048), 0);
                if (pages > 0 && kb % pages == 0 && is_page_size(kb / pages))
                        memory->page_kb = kb / pages;
        }
        const OomTask *task = memory->page_kb < 0 ? oom_tasks_find(event, event->victim.pid) : NULL;
        if (!task || event->victim.anon_rss_kb < 0)
                return;
        int64_t pages = task->rss_anon > 0 ? task->rss_anon : task->rss;
        int64_t kb = event->victim.anon_rss_kb;
        if (task->rss_anon <= 0)
                kb += MAX_OF(event->victim.file_rss_kb, 0) + MAX_OF(event->victim.shmem_rss_kb, 0);
        if (pages > 0 && kb % pages == 0 && is_page_size(kb / pages))
                memory->page_kb = kb / pages;
}

void oom_event_conclude(OomEvent *event) {
        const OomMemory *memory = &event->memory;

        conclude_kind(event);
        conclude_constraint(event);
        conclude_page_size(event);
        if (event->gfp_mask && !event->gfp_flags) {
                (void) oom_gfp_names(event->gfp_mask, event->release, &event->gfp_flags);
                event->gfp_implied = event->gfp_flags;
        }
        bool ended = event->kind == OOM_KIND_ALLOCATION_FAILURE || event->killed ||
                     event->panicked || event->no_victim;
        event->complete =
                event->head && ended && (memory->pages_ram >= 0 || memory->memcg.usage_kb >= 0);
}

static const char *const kinds[_OOM_KIND_MAX] = {
        [OOM_KIND_UNKNOWN] = NULL,
        [OOM_KIND_KILL] = "oom-kill",
        [OOM_KIND_PANIC] = "oom-panic",
        [OOM_KIND_NO_VICTIM] = "oom-no-victim",
        [OOM_KIND_SYSRQ] = "sysrq",
        [OOM_KIND_ALLOCATION_FAILURE] = "allocation-failure",
};

static const char *const constraints[_OOM_CONSTRAINT_MAX] = {
        [OOM_CONSTRAINT_UNKNOWN] = NULL,
        [OOM_CONSTRAINT_NONE] = "none",
        [OOM_CONSTRAINT_MEMCG] = "memcg",
        [OOM_CONSTRAINT_CPUSET] = "cpuset",
        [OOM_CONSTRAINT_MEMPOLICY] = "mempolicy",
};

const char *oom_kind_to_string(OomKind kind) {
        return kinds[kind];
}

const char *oom_constraint_to_string(const OomEvent *event) {
        const char *known = constraints[event->constraint];
        return known ? known : event->constraint_text;
}
