/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/finding.h"

#include <stdarg.h>

#include "core/machine/finding-rules.h"

/* Where to read on: what is found is not always what its knob is about. */
static const char *chapter_of(const char *id) {
        static const struct {
                const char *id;
                const char *chapter;
        } chapters[] = {
                {"available-low", "reclaim"},
                {"below-low", "physical-memory"},
                {"below-min", "physical-memory"},
                {"cgroup-oom-kill", "oom"},
                {"cgroup-oom-kill-now", "oom"},
                {"cgroup-thrashing", "reclaim"},
                {"commit-limit", "overcommit"},
                {"compaction-fails", "buddy"},
                {"direct-reclaim", "reclaim"},
                {"dirty-throttling", "page-cache"},
                {"fragmented", "buddy"},
                {"hugepages-unused", "huge-pages"},
                {"kswapd-inefficient", "reclaim"},
                {"memory-pressure", "pressure"},
                {"min-free-huge", "physical-memory"},
                {"min-free-tiny", "physical-memory"},
                {"node-below-min", "physical-memory"},
                {"oom-kill", "oom"},
                {"oom-kill-now", "oom"},
                {"reclaim-throttled", "reclaim"},
                {"shmem-large", "page-cache"},
                {"slab-reclaimable", "slab"},
                {"slab-unreclaimable", "slab"},
                {"swap-full", "swap"},
                {"swapping-in", "swap"},
                {"thp-fallback", "huge-pages"},
        };

        for (size_t i = 0; i < ELEMENTSOF(chapters); i++)
                if (streq(chapters[i].id, id))
                        return chapters[i].chapter;
        return NULL;
}

static int add(Findings *findings, Finding finding) {
        if (array_grow(&findings->items, findings->n, sizeof(finding)) < 0)
                return -ENOMEM;
        /* Behind those that are as bad. */
        size_t i = findings->n++;
        for (; i > 0 && findings->items[i - 1].severity < finding.severity; i--)
                findings->items[i] = findings->items[i - 1];
        findings->items[i] = finding;
        findings->n_bad += finding.severity == FINDING_BAD;
        findings->n_warnings += finding.severity == FINDING_WARNING;
        return 0;
}

void finding_add(const Case *c,
                 FindingSeverity severity,
                 const char *id,
                 const char *knob,
                 const char *next,
                 const char *format,
                 ...) {
        Finding finding = {.severity = severity, .id = id, .knob = knob, .chapter = chapter_of(id)};
        va_list ap;

        va_start(ap, format);
        int r = vasprintf(&finding.text, format, ap);
        va_end(ap);
        if (r < 0)
                finding.text = NULL;
        finding.next = next ? strdup(next) : NULL;
        if (finding.text && (finding.next || !next) && add(c->findings, finding) >= 0)
                return;
        free(finding.text);
        free(finding.next);
        c->findings->failed = true;
}

int64_t case_rate(const Case *c, Activity activity) {
        if (!c->before || !(c->before->parts & c->now->parts & INSPECTION_ACTIVITY))
                return -1;
        int64_t rate = activity_rate(&c->before->activity, &c->now->activity, activity);
        return rate < 0 ? -1 : rate / 1000;
}

void findings_judge(const Inspection *before, const Inspection *now, Findings *ret) {
        static void (*const rules[])(const Case *c) = {
                finding_rule_cgroups,
                finding_rule_oom,
                finding_rule_pressure,
                finding_rule_available,
                finding_rule_swap,
                finding_rule_watermarks,
                finding_rule_direct_reclaim,
                finding_rule_swapping,
                finding_rule_kswapd,
                finding_rule_dirty,
                finding_rule_commit,
                finding_rule_slab,
                finding_rule_shmem,
                finding_rule_hugepools,
                finding_rule_min_free,
                finding_rule_fragmentation,
                finding_rule_compaction,
                finding_rule_thp_fallback,
        };
        const Case c = {.before = before, .now = now, .findings = ret};

        *ret = (Findings){0};
        for (size_t i = 0; i < ELEMENTSOF(rules); i++)
                rules[i](&c);
}

void findings_done(Findings *findings) {
        for (size_t i = 0; i < findings->n; i++) {
                free(findings->items[i].text);
                free(findings->items[i].next);
        }
        free(findings->items);
        *findings = (Findings){0};
}

const char *finding_severity_to_string(FindingSeverity severity) {
        static const char *const names[_FINDING_SEVERITY_MAX] = {
                [FINDING_NOTE] = "note",
                [FINDING_WARNING] = "warning",
                [FINDING_BAD] = "bad",
        };

        return names[severity];
}
