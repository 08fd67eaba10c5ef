/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/oom-json.h"

#include "core/base/instant.h"
#include "core/base/json.h"

/* Numbers that may be missing, and text that is not always UTF-8. */

static void set_number(json_object *object, const char *key, int64_t value) {
        json_set(object, key, value < 0 ? NULL : json_object_new_int64(value));
}

static void set_text(json_object *object, const char *key, const char *text) {
        json_set(object, key, text && *text ? json_text_of_bytes(text) : NULL);
}

static json_object *process_json(const OomProcess *process) {
        json_object *object = json_object_new_object();

        if (!object)
                return NULL;
        set_text(object, "comm", process->comm);
        set_number(object, "pid", process->pid);
        set_number(object, "anon_rss_kb", process->anon_rss_kb);
        set_number(object, "file_rss_kb", process->file_rss_kb);
        set_number(object, "shmem_rss_kb", process->shmem_rss_kb);
        return object;
}

static json_object *invoker_json(const OomProcess *process) {
        json_object *object = json_object_new_object();

        if (!object)
                return NULL;
        set_text(object, "comm", process->comm);
        set_number(object, "pid", process->pid);
        return object;
}

static json_object *flags_json(const char *flags) {
        json_object *array = flags ? json_object_new_array() : NULL;

        while (array && *flags) {
                size_t n = strcspn(flags, "|");
                _cleanup_(freep) char *flag = strndup(flags, n);
                (void) json_object_array_add(array, json_text_of_bytes(flag));
                flags += n + (flags[n] == '|');
        }
        return array;
}

/* Only the counters that this kernel printed; their names get the unit. */
static void set_counters(json_object *object, const OomCounters *counters) {
        char key[48];

        for (size_t i = 0; i < _OOM_COUNTER_MAX; i++) {
                if (counters->value[i] < 0)
                        continue;
                (void) snprintf(key, sizeof(key), "%s_kb", oom_counter_to_string((OomCounter) i));
                set_number(object, key, counters->value[i]);
        }
}

static json_object *nodes_json(const OomMemory *memory) {
        json_object *array = memory->n_nodes > 0 ? json_object_new_array() : NULL;

        for (size_t i = 0; array && i < memory->n_nodes; i++) {
                json_object *object = json_object_new_object();
                if (!object)
                        break;
                set_number(object, "node", memory->nodes[i].node);
                set_counters(object, &memory->nodes[i].kb);
                (void) json_object_array_add(array, object);
        }
        return array;
}

static json_object *blocks_json(const OomZone *zone) {
        json_object *array = zone->n_orders > 0 ? json_object_new_array() : NULL;

        for (size_t i = 0; array && i < zone->n_orders; i++)
                (void) json_object_array_add(array, json_object_new_int64(zone->blocks[i]));
        return array;
}

static json_object *reserve_json(const OomZone *zone) {
        json_object *array = zone->n_reserve > 0 ? json_object_new_array() : NULL;

        for (size_t i = 0; array && i < zone->n_reserve; i++)
                (void) json_object_array_add(array, json_object_new_int64(zone->reserve_pages[i]));
        return array;
}

static json_object *zones_json(const OomMemory *memory) {
        json_object *array = memory->n_zones > 0 ? json_object_new_array() : NULL;

        for (size_t i = 0; array && i < memory->n_zones; i++) {
                const OomZone *zone = &memory->zones[i];
                json_object *object = json_object_new_object();
                if (!object)
                        break;
                set_number(object, "node", zone->node);
                set_text(object, "zone", zone->name);
                set_counters(object, &zone->kb);
                json_set(object, "lowmem_reserve_pages", reserve_json(zone));
                json_set(object, "free_blocks", blocks_json(zone));
                (void) json_object_array_add(array, object);
        }
        return array;
}

static json_object *tasks_json(const OomEvent *event) {
        json_object *array = event->n_tasks > 0 ? json_object_new_array() : NULL;

        for (size_t i = 0; array && i < event->n_tasks; i++) {
                const OomTask *task = &event->tasks[i];
                json_object *object = json_object_new_object();
                if (!object)
                        break;
                set_number(object, "pid", task->pid);
                set_text(object, "comm", task->comm);
                set_number(object, "uid", task->uid);
                set_number(object, "tgid", task->tgid);
                set_number(object, "total_vm_pages", task->total_vm);
                set_number(object, "rss_pages", task->rss);
                set_number(object, "rss_anon_pages", task->rss_anon);
                set_number(object, "rss_file_pages", task->rss_file);
                set_number(object, "rss_shmem_pages", task->rss_shmem);
                set_number(object, "pgtables_bytes", task->pgtables_bytes);
                set_number(object, "swap_pages", task->swapents);
                json_set(object, "oom_score_adj", json_object_new_int64(task->oom_score_adj));
                (void) json_object_array_add(array, object);
        }
        return array;
}

static json_object *pair_json(const char *first, int64_t a, const char *second, int64_t b) {
        json_object *object = a >= 0 || b >= 0 ? json_object_new_object() : NULL;

        if (!object)
                return NULL;
        set_number(object, first, a);
        set_number(object, second, b);
        return object;
}

static json_object *group_json(const OomEvent *event) {
        json_object *array = event->group ? json_object_new_array() : NULL;

        for (size_t i = 0; array && i < event->n_group_victims; i++)
                (void) json_object_array_add(array, process_json(&event->group_victims[i]));
        return array;
}

static json_object *diagnosis_json(const OomDiagnosis *diagnosis) {
        json_object *object = json_object_new_object();

        if (!object)
                return NULL;
        set_text(object, "class", oom_class_to_string(diagnosis->class));
        set_text(object, "sentence", diagnosis->sentence);
        set_text(object, "confidence", oom_confidence_to_string(diagnosis->confidence));
        return object;
}

static json_object *time_json(const OomTime *time) {
        char text[64];

        if (time->realtime_usec == 0)
                return NULL;
        format_instant_utc(time->realtime_usec, text);
        return json_object_new_string(text);
}

json_object *oom_event_to_json(const OomEvent *event) {
        const OomMemory *memory = &event->memory;
        json_object *object = json_object_new_object();

        if (!object)
                return NULL;
        set_text(object, "kind", oom_kind_to_string(event->kind));
        json_set(object, "time", time_json(&event->time));
        set_text(object, "time_printed", *event->time.text ? event->time.text : NULL);
        set_text(object, "kernel", *event->release ? event->release : NULL);
        json_set(object, "invoker", *event->invoker.comm ? invoker_json(&event->invoker) : NULL);
        set_text(object, "gfp_mask", event->gfp_mask);
        json_set(object, "gfp_flags", flags_json(event->gfp_flags));
        json_set(object, "gfp_flags_implied", json_object_new_boolean(event->gfp_implied));
        json_set(object,
                 "order",
                 event->order == OOM_ORDER_NONE ? NULL : json_object_new_int64(event->order));
        set_text(object, "constraint", oom_constraint_to_string(event));
        json_set(object, "implied", json_object_new_boolean(event->implied));
        set_text(object, "oom_memcg", event->oom_memcg);
        json_set(object, "victim", event->victim.pid >= 0 ? process_json(&event->victim) : NULL);
        json_set(object, "group_victims", group_json(event));
        set_number(object, "pages_ram", memory->pages_ram);
        set_number(object, "page_size_kb", memory->page_kb);
        json_set(object,
                 "swap",
                 pair_json("total_kb", memory->swap_total_kb, "free_kb", memory->swap_free_kb));
        json_set(object,
                 "memcg",
                 pair_json("usage_kb", memory->memcg.usage_kb, "limit_kb", memory->memcg.limit_kb));
        json_set(object, "nodes", nodes_json(memory));
        json_set(object, "zones", zones_json(memory));
        json_set(object, "tasks", tasks_json(event));
        json_set(object, "complete", json_object_new_boolean(event->complete));
        json_set(object, "diagnosis", diagnosis_json(&event->diagnosis));
        return object;
}
