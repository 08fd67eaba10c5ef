/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/oom-print.h"

#include <inttypes.h>
#include <stdarg.h>
#include <time.h>

#include "cli/print.h"
#include "core/base/instant.h"
#include "core/machine/oom-account.h"
#include "core/machine/oom-tasks.h"

#define LARGEST_N ((size_t) 5)

/* What a log holds may be anything: nothing of it reaches the terminal as it is. */
static void put(Style style, const char *label, const char *format, ...) _printf_(3, 4);

static void put(Style style, const char *label, const char *format, ...) {
        char text[1024];
        va_list arguments;

        va_start(arguments, format);
        (void) vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        _cleanup_(freep) char *harmless = text_harmless(text, false);
        (void) printf("  %-11s", label);
        print_styled(style, "%s\n", harmless ? harmless : "");
}

static const char *kind_words(OomKind kind) {
        switch (kind) {
        case OOM_KIND_KILL:
                return "OOM kill";
        case OOM_KIND_PANIC:
                return "OOM, and the kernel panicked";
        case OOM_KIND_NO_VICTIM:
                return "OOM without anyone to kill";
        case OOM_KIND_SYSRQ:
                return "kill asked for by SysRq-f";
        case OOM_KIND_ALLOCATION_FAILURE:
                return "allocation failure";
        case OOM_KIND_UNKNOWN:
        case _OOM_KIND_MAX:
        case _OOM_KIND_INVALID:
                break;
        }
        return "memory counters without what they were printed for";
}

static void put_kb(char *ret, size_t size, int64_t kb) {
        if (kb < 0)
                (void) snprintf(ret, size, "?");
        else if (kb < 10 * 1024)
                (void) snprintf(ret, size, "%" PRId64 " kB", kb);
        else
                (void) snprintf(ret, size, "%" PRId64 " MiB", kb / 1024);
}

static void print_time(const OomEvent *event) {
        const OomTime *time = &event->time;
        char when[64];

        format_instant(time->realtime_usec, when);
        if (time->realtime_usec > 0)
                put(STYLE_PLAIN, "at", "%s", when);
        else if (*time->text == '[')
                put(STYLE_PLAIN, "at", "%s seconds after boot", time->text);
        else if (*time->text)
                put(STYLE_PLAIN, "at", "%s, as the log has it", time->text);
}

/* An old kernel printed a number, whose meaning is another in each version. */
static const char *flag_words(const OomEvent *event) {
        if (event->gfp_flags && *event->gfp_flags)
                return event->gfp_flags;
        return event->gfp_mask ? event->gfp_mask : "flags not printed";
}

static const char *flag_excuse(const OomEvent *event) {
        if (!event->gfp_mask || event->gfp_flags)
                return "";
        return *event->release ? " (its names are not in the text)"
                               : " (its names depend on the kernel, which the text does not name)";
}

static void print_asked(const OomEvent *event) {
        char order[64] = "";

        if (!*event->invoker.comm && !event->gfp_mask)
                return;
        if (event->size_bytes > 0)
                (void) snprintf(order, sizeof(order), ", %" PRIu64 " bytes", event->size_bytes);
        else if (event->order >= 0)
                (void) snprintf(order, sizeof(order), ", order %" PRId64, event->order);
        char pid[32] = "";
        if (event->invoker.pid >= 0)
                (void) snprintf(pid, sizeof(pid), " (%" PRId64 ")", event->invoker.pid);
        put(STYLE_PLAIN,
            "asked by",
            "%s%s%s, %s%s",
            *event->invoker.comm ? event->invoker.comm : "?",
            pid,
            order,
            flag_words(event),
            flag_excuse(event));
}

static void print_constraint(const OomEvent *event) {
        const char *constraint = oom_constraint_to_string(event);
        const OomMemcg *memcg = &event->memory.memcg;
        char usage[32], limit[32];

        if (constraint)
                put(STYLE_PLAIN,
                    "constraint",
                    "%s%s%s",
                    constraint,
                    event->implied ? " (implied)" : "",
                    event->is_memcg && event->constraint == OOM_CONSTRAINT_NONE
                            ? " as printed, but it is a cgroup's"
                            : "");
        if (!event->is_memcg && memcg->usage_kb < 0)
                return;
        put_kb(usage, sizeof(usage), memcg->usage_kb);
        put_kb(limit, sizeof(limit), memcg->limit_kb);
        put(STYLE_PLAIN,
            "cgroup",
            "%s, %s of %s",
            event->oom_memcg ? event->oom_memcg : "(name not printed)",
            usage,
            limit);
        if (event->task_memcg && event->oom_memcg && !streq(event->task_memcg, event->oom_memcg))
                put(STYLE_PLAIN, "", "the killed task was in %s, below it", event->task_memcg);
}

static void print_zones(const OomEvent *event) {
        for (size_t i = 0; i < event->memory.n_zones; i++) {
                const OomZone *zone = &event->memory.zones[i];
                int64_t unused = zone->kb.value[OOM_FREE], min = zone->kb.value[OOM_MIN];
                if (unused < 0 || min < 0)
                        continue;
                char node[32] = "";
                if (zone->node >= 0)
                        (void) snprintf(node, sizeof(node), "node %" PRId64 " ", zone->node);
                put(unused < min ? STYLE_BAD : STYLE_PLAIN,
                    i == 0 ? "zones" : "",
                    "%s%s: %" PRId64 " kB free, min %" PRId64 " low %" PRId64 " high %" PRId64 "%s",
                    node,
                    zone->name,
                    unused,
                    min,
                    zone->kb.value[OOM_LOW],
                    zone->kb.value[OOM_HIGH],
                    unused < min ? ", below min" : "");
        }
}

static void print_account(const OomEvent *event) {
        OomAccount account;
        oom_account(event, &account);
        const struct {
                const char *name;
                int64_t kb;
        } parts[] = {
                {"anon", account.anon_kb},
                {"file", account.file_kb},
                {"shmem", account.shmem_kb},
                {"slab", account.slab_reclaimable_kb},
                {"unreclaimable slab", account.slab_unreclaimable_kb},
                {"page tables", account.pagetables_kb},
                {"huge pages", account.hugepages_kb},
                {"free", account.free_kb},
                {"in no counter", account.gap_kb},
        };
        char text[512], size[32];
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
                if (parts[i].kb < 1024)
                        continue;
                put_kb(size, sizeof(size), parts[i].kb);
                n += (size_t) snprintf(text + n,
                                       sizeof(text) - n,
                                       "%s%s %s",
                                       n > 0 ? ", " : "",
                                       parts[i].name,
                                       size);
        }
        if (n == 0)
                return;
        put_kb(size, sizeof(size), account.total_kb);
        put(STYLE_PLAIN, "memory", "%s; of %s", text, size);
        if (event->memory.swap_total_kb >= 0)
                put(STYLE_PLAIN,
                    "swap",
                    "%" PRId64 " of %" PRId64 " kB free",
                    event->memory.swap_free_kb,
                    event->memory.swap_total_kb);
}

static void print_largest(const OomEvent *event) {
        const OomTask *largest[LARGEST_N + 1];
        int64_t page = event->memory.page_kb > 0 ? event->memory.page_kb : 4;
        size_t n = oom_tasks_largest(event, largest, LARGEST_N);
        char rss[32], swap[32];

        for (size_t i = 0; i < n; i++) {
                put_kb(rss, sizeof(rss), MIN_OF(largest[i]->rss, INT32_MAX) * page);
                put_kb(swap, sizeof(swap), MIN_OF(largest[i]->swapents, INT32_MAX) * page);
                put(STYLE_PLAIN,
                    i == 0 ? "largest" : "",
                    "%s (%" PRId64 "), %s, swap %s",
                    largest[i]->comm,
                    largest[i]->pid,
                    rss,
                    swap);
        }
}

static void print_victim(const OomEvent *event) {
        const OomProcess *victim = &event->victim;
        char anon[32], file[32], shmem[32];

        if (victim->pid < 0)
                return;
        put_kb(anon, sizeof(anon), victim->anon_rss_kb);
        put_kb(file, sizeof(file), victim->file_rss_kb);
        put_kb(shmem, sizeof(shmem), victim->shmem_rss_kb);
        put(STYLE_BOLD,
            event->killed ? "killed" : "chosen",
            "%s (%" PRId64 "), anon %s, file %s, shmem %s",
            victim->comm,
            victim->pid,
            anon,
            file,
            shmem);
        if (event->n_group_victims > 0)
                put(STYLE_PLAIN,
                    "",
                    "and %zu more of its group (memory.oom.group)",
                    event->n_group_victims);
}

void oom_print_event(const OomEvent *event, size_t number) {
        const OomDiagnosis *diagnosis = &event->diagnosis;

        print_styled(STYLE_BOLD, "%zu. %s", number, kind_words(event->kind));
        (void) printf("%s\n", event->complete ? "" : " (cut: not all of it is in the text)");
        print_time(event);
        print_asked(event);
        print_constraint(event);
        print_victim(event);
        put(STYLE_WARN,
            "why",
            "%s (%s, %s confidence)",
            diagnosis->sentence,
            oom_class_to_string(diagnosis->class),
            oom_confidence_to_string(diagnosis->confidence));
        if (*diagnosis->next)
                put(STYLE_PLAIN, "look at", "%s", diagnosis->next);
        print_zones(event);
        print_account(event);
        print_largest(event);
}

/* " 2026-11-27 20:00:00", local, or as printed; "" when not known. */
static void format_list_time(const OomTime *time, char buffer[static 64]) {
        time_t seconds = (time_t) (time->realtime_usec / USEC_PER_SEC);
        struct tm local;

        if (time->realtime_usec == 0 || !localtime_r(&seconds, &local) ||
            strftime(buffer, 64, " %Y-%m-%d %H:%M:%S", &local) == 0)
                (void) snprintf(buffer, 64, "%s%s", *time->text ? " " : "", time->text);
}

void oom_print_line(const OomEvent *event, size_t number) {
        char text[256];

        if (event->victim.pid >= 0)
                (void) snprintf(text,
                                sizeof(text),
                                "killed %s (%" PRId64 ")",
                                event->victim.comm,
                                event->victim.pid);
        else
                (void) snprintf(text,
                                sizeof(text),
                                "asked by %s",
                                *event->invoker.comm ? event->invoker.comm : "?");
        _cleanup_(freep) char *harmless = text_harmless(text, false);
        const char *kind = oom_kind_to_string(event->kind);
        char when[64];
        format_list_time(&event->time, when);
        (void) printf("%zu%s %s %s, %s%s\n",
                      number,
                      when,
                      kind ? kind : "unknown",
                      harmless ? harmless : "",
                      oom_class_to_string(event->diagnosis.class),
                      event->complete ? "" : ", cut");
}
