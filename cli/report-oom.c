/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/report-oom.h"

#include "core/base/json.h"
#include "core/base/member.h"
#include "core/base/quantity.h"

char *report_oom_killed(const Report *report) {
        const ReportOom *oom = &report->oom;

        if (oom->killed == 0)
                return NULL;
        if (oom->limit == 0)
                return text_format("%lu %s since the change, no limit was asked for",
                                   (unsigned long) oom->killed,
                                   oom->killed == 1 ? "process" : "processes");
        return text_format("%lu %s since the change, the limit is %lu",
                           (unsigned long) oom->killed,
                           oom->killed == 1 ? "process" : "processes",
                           (unsigned long) oom->limit);
}

size_t report_oom_count(const Report *report) {
        return report->oom.events ? json_object_array_length(report->oom.events) : 0;
}

json_object *report_oom_at(const Report *report, size_t i) {
        return json_object_array_get_idx(report->oom.events, i);
}

static json_object *object_in(json_object *event, const char *key) {
        json_object *member = member_find(event, key);

        return json_object_is_type(member, json_type_object) ? member : NULL;
}

/* What the process held: all that freed memory when it died. */
static uint64_t held_kb(json_object *victim) {
        static const char *const keys[] = {"anon_rss_kb", "file_rss_kb", "shmem_rss_kb"};
        uint64_t sum = 0;

        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                sum += MIN_OF(json_get_uint64(victim, keys[i]), UINT64_MAX / 4096);
        return sum;
}

/* The others of a cgroup that dies as a whole. */
static size_t count_group(json_object *event) {
        json_object *group = member_find(event, "group_victims");

        return json_object_is_type(group, json_type_array) ? json_object_array_length(group) : 0;
}

char *report_oom_victim(json_object *event) {
        json_object *victim = object_in(event, "victim");
        json_object *process = victim ? victim : object_in(event, "invoker");
        const char *name = process ? json_get_string(process, "comm") : NULL;
        char held[32] = "", group[64] = "";

        if (!process)
                return strdup("not known");
        if (victim && held_kb(victim) > 0)
                format_size(held_kb(victim) * 1024, held);
        if (count_group(event) > 0)
                (void) snprintf(
                        group, sizeof(group), " and %zu more of its group", count_group(event));
        return text_format("%s%s (%lu)%s%s%s",
                           victim ? "" : "asked by ",
                           name ? name : "?",
                           (unsigned long) json_get_uint64(process, "pid"),
                           held[0] ? ", " : "",
                           held,
                           group);
}

const char *report_oom_cgroup(json_object *event) {
        return json_get_string(event, "oom_memcg");
}

const char *report_oom_why(json_object *event) {
        json_object *diagnosis = object_in(event, "diagnosis");
        const char *sentence = diagnosis ? json_get_string(diagnosis, "sentence") : NULL;

        return sentence ? sentence : "";
}
