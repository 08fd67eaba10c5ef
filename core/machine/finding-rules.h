/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the rules share; each is tried by findings_judge(), in the order of its table. */

#include "core/base/quantity.h"
#include "core/machine/finding.h"

/* Two readings; before may be NULL. */
typedef struct Case {
        const Inspection *before;
        const Inspection *now;
        Findings *findings;
} Case;

/* knob may be NULL; next too, and is copied. */
void finding_add(const Case *c,
                 FindingSeverity severity,
                 const char *id,
                 const char *knob,
                 const char *next,
                 const char *format,
                 ...) _printf_(6, 7);

static inline bool case_has(const Case *c, unsigned parts) {
        return (c->now->parts & parts) == parts;
}

/* Events a second now, rounded down; -1 when not known. */
int64_t case_rate(const Case *c, Activity activity);

void finding_rule_available(const Case *c);
void finding_rule_swap(const Case *c);
void finding_rule_commit(const Case *c);
void finding_rule_dirty(const Case *c);
void finding_rule_slab(const Case *c);
void finding_rule_hugepools(const Case *c);
void finding_rule_shmem(const Case *c);

void finding_rule_watermarks(const Case *c);
void finding_rule_min_free(const Case *c);
void finding_rule_fragmentation(const Case *c);
void finding_rule_thp_fallback(const Case *c);

void finding_rule_pressure(const Case *c);
void finding_rule_direct_reclaim(const Case *c);
void finding_rule_kswapd(const Case *c);
void finding_rule_swapping(const Case *c);
void finding_rule_compaction(const Case *c);
void finding_rule_oom(const Case *c);

void finding_rule_cgroups(const Case *c);
