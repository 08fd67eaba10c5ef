/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the rules in lint-*.c share. */

#include "core/profile/lint.h"

/* The order of the table in lint-rules.c. */
typedef enum RuleId {
        RULE_BACKGROUND_ABOVE_LIMIT,
        RULE_COMPACTION_ENDLESS,
        RULE_DIRTY_HUGE,
        RULE_DIRTY_TINY,
        RULE_DIRTYTIME_ZERO,
        RULE_EXPIRE_BELOW_WAKEUP,
        RULE_HUGEPAGES_SHARE,
        RULE_KNOB_NOT_EVERYWHERE,
        RULE_KSM_ADVISOR_IDLE,
        RULE_KSM_ADVISOR_RULES,
        RULE_KSM_SCANS_NOTHING,
        RULE_KSM_UNMERGE,
        RULE_LAPTOP_MODE,
        RULE_LRU_GEN_KILLS,
        RULE_MAP_COUNT_LOW,
        RULE_MEMORY_ERRORS_PANIC,
        RULE_MIN_FREE_SHARE,
        RULE_MIN_FREE_SHARE_HUGE,
        RULE_MIN_FREE_TINY,
        RULE_MIN_FREE_WITH_THP,
        RULE_NO_LIMITS,
        RULE_NO_SOURCE,
        RULE_NUMA_KNOB_IDLE,
        RULE_OOM_DUMP_OFF,
        RULE_OOM_INNOCENT,
        RULE_OOM_KILL_SYSTEM,
        RULE_OOM_PANIC_CONTAINERS,
        RULE_OVERCOMMIT_IDLE,
        RULE_OVERCOMMIT_NARROW,
        RULE_PAGE_CLUSTER_WIDE,
        RULE_PAGE_CLUSTER_ZRAM,
        RULE_PAIR_TWICE,
        RULE_PARENTS_DISAGREE,
        RULE_PERCPU_LISTS_WIDE,
        RULE_PROBATION_SHORT,
        RULE_SECURITY_WEAKENED,
        RULE_SHRINKER_DISARMED,
        RULE_SWAPPINESS_HIGH,
        RULE_SWAPPINESS_ZERO,
        RULE_TRIGGER_AS_SETTING,
        RULE_VFS_DENOM_ALONE,
        RULE_VFS_NEVER_FREED,
        RULE_WATERMARK_WIDE,
        RULE_WRITEBACK_OFF,
        RULE_ZONE_RECLAIM_ONE_NODE,
        RULE_ZSWAP_POOL_LARGE,
        RULE_ZSWAP_POINTLESS,
        _RULE_MAX,
} RuleId;

typedef struct Lint {
        const LintContext *context;
        const Ancestry *ancestry; /* of the profile */
        Problems *problems;
} Lint;

/* What the profile says of a knob, or NULL. */
const Setting *lint_setting(const Lint *lint, const char *knob);
/* The number that the profile gives a knob; false when it does not set it (or not to a number). */
bool lint_sets(const Lint *lint, const char *knob, uint64_t *ret, const Setting **ret_setting);
/* The number that it will have: the profile's, or else the machine's own, or the kernel's default
 * where the machine is not at hand. */
bool lint_number(const Lint *lint, const char *knob, uint64_t *ret);
/* The word that it will have; false when not known. */
bool lint_is_word(const Lint *lint, const char *knob, const char *word);

/* Tells of a rule at the line of the setting (NULL: of the profile). */
void lint_tell(const Lint *lint,
               RuleId rule,
               const Setting *setting,
               const char *hint,
               const char *format,
               ...) _printf_(5, 6);
/* The same for any place. */
void lint_tell_at(const Lint *lint,
                  RuleId rule,
                  const Location *where,
                  const char *hint,
                  const char *format,
                  ...) _printf_(5, 6);

void lint_values(const Lint *lint);
void lint_writeback(const Lint *lint);
void lint_reclaim(const Lint *lint);
void lint_overcommit(const Lint *lint);
void lint_huge_pages(const Lint *lint);
void lint_ksm(const Lint *lint);
/* -ENOMEM, or 0 */
int lint_parents(const Lint *lint);
int lint_kernels(const Lint *lint);
void lint_provenance(const Lint *lint);
