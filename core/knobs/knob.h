/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The catalogue: every kernel setting memctl knows. The table is generated from knobs.ini by
 * gen-knobs.py; this file looks things up in it and answers for a given kernel.
 *
 * A knob may stand for several files: "transparent_hugepage.hugepages-*kB.enabled" has one a folio
 * size. A KnobRef names one of them.
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
        KNOB_SECTION_SYSCTL, /* /proc/sys/vm */
        KNOB_SECTION_THP,    /* /sys/kernel/mm/transparent_hugepage */
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
        const char *refusal;      /* for triggers: why a profile cannot set it */
} Knob;

#define KNOB_NAME_MAX 96
#define KNOB_PATH_MAX 128

/* One file of a knob. instance_kb is the folio size for "hugepages-*kB", else 0. */
typedef struct KnobRef {
        const Knob *knob;
        unsigned instance_kb;
} KnobRef;

/* The table, sorted by name. */
size_t knob_count(void);
const Knob *knob_at(size_t i);
/* By the catalogue's own name, "*" included; NULL when there is none. */
const Knob *knob_find(const char *name);

/* "vm.swappiness", "transparent_hugepage.hugepages-64kB.enabled". -ENOENT; -EINVAL for a bad size.
 */
int knob_ref_parse(const char *name, KnobRef *ret);
void knob_ref_name(KnobRef ref, char buffer[static KNOB_NAME_MAX]);
void knob_ref_path(KnobRef ref, char buffer[static KNOB_PATH_MAX]);
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

const char *knob_section_to_string(KnobSection section);
const char *knob_stage_to_string(KnobStage stage);
