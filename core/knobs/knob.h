/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The catalogue: every kernel setting memctl knows. The table is generated from knobs.ini by
 * gen-knobs.py; this file looks things up in it and answers for a given kernel.
 *
 * A knob may stand for several files: "transparent_hugepage.hugepages-*kB.enabled" has one a folio
 * size, "hugepages.node*.hugepages-*kB.nr_hugepages" one a NUMA node and page size. A KnobRef
 * names one of them.
 */

#include "core/base/util.h"
#include "core/base/value.h"

#define KERNEL_VERSION_OF(major, minor) (((unsigned) (major) << 16) | (unsigned) (minor))
#define KERNEL_VERSION_MAJOR(v) ((v) >> 16)
#define KERNEL_VERSION_MINOR(v) ((v) &0xffffu)

/* What the kernel's ranges depend on. core/machine/facts.h fills it in. */
typedef struct KnobContext {
        unsigned kernel;     /* KERNEL_VERSION_OF; 0 when not known: no version check */
        uint64_t page_bytes; /* 4096 on x86-64 */
        uint64_t pmd_pages;  /* base pages in a PMD-sized THP: 512 on x86-64; 0 without THP */
} KnobContext;

typedef enum KnobSection {
        KNOB_SECTION_SYSCTL,    /* /proc/sys/vm */
        KNOB_SECTION_THP,       /* /sys/kernel/mm/transparent_hugepage */
        KNOB_SECTION_KSM,       /* /sys/kernel/mm/ksm */
        KNOB_SECTION_LRU_GEN,   /* /sys/kernel/mm/lru_gen */
        KNOB_SECTION_ZSWAP,     /* /sys/module/zswap/parameters */
        KNOB_SECTION_HUGEPAGES, /* /sys/kernel/mm/hugepages and each node's own */
        _KNOB_SECTION_MAX,
        _KNOB_SECTION_INVALID = -EINVAL,
} KnobSection;

/*
 * The order in which a plan writes, earliest first, so that no write undoes an earlier one:
 * writing a THP knob rewrites min_free_kbytes, which moves the watermarks.
 */
typedef enum KnobStage {
        KNOB_STAGE_THP,
        KNOB_STAGE_HUGETLB,
        KNOB_STAGE_MIN_FREE,
        KNOB_STAGE_WATERMARK,
        KNOB_STAGE_LOWMEM,
        KNOB_STAGE_OTHER,
        KNOB_STAGE_DIRTY,
        KNOB_STAGE_OVERCOMMIT, /* ratio, kbytes, reserves, then overcommit_memory itself */
        _KNOB_STAGE_MAX,
        _KNOB_STAGE_INVALID = -EINVAL,
} KnobStage;

typedef enum KnobFlags {
        KNOB_TRIGGER = 1 << 0, /* writing does something once; no setting; refused in profiles */
        KNOB_REWRITES_MIN_FREE = 1 << 1, /* any write makes the kernel recompute min_free_kbytes */
        KNOB_DEPRECATED = 1 << 2,        /* accepted without effect by every supported kernel */
        /* How soon a new value shows all that it does, so that a trial may switch it; without
         * either it takes too long, or leaves behind what it made (huge pages). */
        KNOB_SETTLES_FAST = 1 << 4,   /* seconds */
        KNOB_SETTLES_SLOWLY = 1 << 5, /* a minute */
        KNOB_LEFT_OUT = 1 << 3, /* a file that is no setting: a counter, a vendor's; refused too */
} KnobFlags;

/* A bound: factor * base + offset, where the base depends on the machine. */
typedef enum KnobBase {
        KNOB_BASE_ONE,       /* a literal */
        KNOB_BASE_PAGE,      /* bytes in a base page */
        KNOB_BASE_PMD_PAGES, /* base pages in a PMD-sized huge page */
} KnobBase;

typedef struct KnobBound {
        KnobBase base;
        Integer number; /* the literal, or the factor */
        int offset;
} KnobBound;

/* The range on kernels since <= version < until; 0 is open. */
typedef struct KnobRange {
        unsigned since;
        unsigned until;
        KnobBound min;
        KnobBound max;
        Integer gap_first;
        Integer gap_last;
} KnobRange;

typedef struct Knob {
        const char *name; /* as sysctl(8) and the profile spell it; may hold one "*" */
        const char *path; /* relative to the root: "proc/sys/vm/swappiness"; may hold one "*" */
        KnobSection section;
        KnobStage stage;
        KnobFlags flags;
        ValueKind kind;
        ValueUnit unit;
        const char *const *groups; /* names of groups, the main one first; NULL-terminated */
        const char *const *choices;
        const KnobRange *ranges; /* oldest first */
        size_t n_ranges;
        const char *pair;     /* name of the other member: writing one zeroes the other; or NULL */
        unsigned since;       /* KERNEL_VERSION_OF; 0 when older than any supported kernel */
        unsigned until;       /* first kernel without it; 0 when still there */
        const char *summary;  /* one line */
        const char *hazard;   /* one sentence, or NULL */
        const char *coupling; /* one sentence, or NULL */
        const char *config;   /* kernel build options it needs, or NULL */
        const char *default_text; /* the default or its formula, for people; or NULL */
        const char *refusal;    /* why a profile cannot set it: for triggers and what is left out */
        const char *intuition;  /* two lines for someone who never met it, or NULL */
        const char *detail;     /* what the kernel does with it, or NULL */
        const char *advice;     /* when which value helps, and what it trades, or NULL */
        const char *counter;    /* which counters show its effect, or NULL */
        const char *myths;      /* usual wrong beliefs, or NULL */
        const char *published;  /* lines "WHO: WHAT; SOURCE", or NULL */
        const char *readback;   /* what reads back differently from what was written, or NULL */
        const char *cost;       /* what a write costs, or NULL where it is cheap */
        const char *capability; /* which a write needs: "CAP_SYS_ADMIN"; NULL: uid 0 is enough */
        const char *source;     /* the kernel's function that checks a write, or NULL */
} Knob;

/* What several knobs have in common, for people. */
typedef struct KnobGroup {
        const char *name;
        const char *title;
        const char *text;
        const char *chapter; /* of the guide, or NULL */
} KnobGroup;

#define KNOB_NAME_MAX 96
#define KNOB_PATH_MAX 128

/* One file of a knob. instance_kb is the size for "hugepages-*kB", node the number for "node*";
 * both 0 where the name has none. */
typedef struct KnobRef {
        const Knob *knob;
        unsigned instance_kb;
        unsigned node;
} KnobRef;

/* The table, sorted by name. */
size_t knob_count(void);
const Knob *knob_at(size_t i);
/* By the catalogue's own name, "*" included; NULL when there is none. */
const Knob *knob_find(const char *name);

/* No trigger, and not left out. */
bool knob_is_settable(const Knob *knob);
/* How long a new value needs to show all that it does; USEC_INFINITY: too long for a trial, or it
 * leaves behind what it made. */
usec_t knob_settling_usec(const Knob *knob);
/* "fast", "medium", "sticky". */
const char *knob_settling_to_string(const Knob *knob);
/* Stands for several files. */
bool knob_is_family(const Knob *knob);
bool knob_has_node(const Knob *knob);

size_t knob_group_count(void);
const KnobGroup *knob_group_at(size_t i);
const KnobGroup *knob_group_find(const char *name);
bool knob_is_in_group(const Knob *knob, const char *group);
/* The chapter of the guide that explains what it is about, or NULL. */
const char *knob_chapter(const Knob *knob);

/* "vm.swappiness", "transparent_hugepage.hugepages-64kB.enabled". -ENOENT; -EINVAL for a bad size
 * or node. */
int knob_ref_parse(const char *name, KnobRef *ret);
void knob_ref_name(KnobRef ref, char buffer[static KNOB_NAME_MAX]);
void knob_ref_path(KnobRef ref, char buffer[static KNOB_PATH_MAX]);
/* From "proc/sys/vm/swappiness", relative to the root. -ENOENT, -EINVAL as knob_ref_parse. */
int knob_ref_from_path(const char *path, KnobRef *ret);
/* By name, then size, then node. */
int knob_ref_compare(KnobRef a, KnobRef b);
bool knob_ref_equal(KnobRef a, KnobRef b);
/* The nearest known name as 'did you mean "X"?', or NULL; the caller frees. */
char *knob_hint(const char *name);

/* The other member of a coupled pair; false when the knob has none. */
bool knob_ref_partner(KnobRef ref, KnobRef *ret);
/* Of a pair: true for dirty_ratio, dirty_background_ratio, overcommit_ratio, which may be
 * written 0; the others of a pair may not. */
bool knob_is_ratio(const Knob *knob);

/*
 * What it takes on this kernel. -EOPNOTSUPP when this kernel version has no such knob (too old or
 * too new), with *ret untouched.
 */
int knob_value_type(const Knob *knob, const KnobContext *context, ValueType *ret);

/* What it has when nobody set it, where that is the same on every machine with this kernel. -ENOENT
 * where it depends on the machine or the build, and where the kernel has no such knob. */
int knob_default(const Knob *knob, const KnobContext *context, Value *ret);

const char *knob_section_to_string(KnobSection section);
const char *knob_stage_to_string(KnobStage stage);
