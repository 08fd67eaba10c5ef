/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the kernel printed when memory was short: an OOM kill, a panic instead of one, or an
 * allocation that failed. A parser takes a log of any length line by line and hands over each
 * event once it is over; it needs no more memory than the largest event of the log.
 */

#include "core/machine/oom-memory.h"
#include "core/machine/oom-time.h"

#define OOM_RELEASE_MAX 65 /* utsname's */
#define OOM_COMM_MAX 64    /* TASK_COMM_LEN is 16, a worker's name in a dump is longer */
/* More tasks than that stay unread, so that a hostile log cannot fill the memory. */
#define OOM_TASKS_MAX ((size_t) 100000)
#define OOM_GROUP_MAX ((size_t) 4096)

typedef enum OomKind {
        OOM_KIND_UNKNOWN, /* memory counters without what they were printed for */
        OOM_KIND_KILL,
        OOM_KIND_PANIC,
        OOM_KIND_NO_VICTIM,
        OOM_KIND_SYSRQ,
        OOM_KIND_ALLOCATION_FAILURE,
        _OOM_KIND_MAX,
        _OOM_KIND_INVALID = -EINVAL,
} OomKind;

typedef enum OomConstraint {
        OOM_CONSTRAINT_UNKNOWN,
        OOM_CONSTRAINT_NONE,
        OOM_CONSTRAINT_MEMCG,
        OOM_CONSTRAINT_CPUSET,
        OOM_CONSTRAINT_MEMPOLICY,
        _OOM_CONSTRAINT_MAX,
        _OOM_CONSTRAINT_INVALID = -EINVAL,
} OomConstraint;

/* What the stack trace tells. */
typedef enum OomTrace {
        OOM_TRACE_MEMCG = 1 << 0,
        OOM_TRACE_PANIC = 1 << 1,
        OOM_TRACE_SHMEM = 1 << 2,
} OomTrace;

/* Numbers that may be missing are negative then. */
typedef struct OomProcess {
        char comm[OOM_COMM_MAX]; /* "" when not printed */
        int64_t pid;
        int64_t anon_rss_kb;
        int64_t file_rss_kb;
        int64_t shmem_rss_kb;
        int64_t total_vm_kb;
} OomProcess;

#define OOM_PROCESS_INIT                  \
        ((OomProcess){.pid = -1,          \
                      .anon_rss_kb = -1,  \
                      .file_rss_kb = -1,  \
                      .shmem_rss_kb = -1, \
                      .total_vm_kb = -1})

/* A row of the table of tasks; pages but for the page tables, as printed. */
typedef struct OomTask {
        char comm[24];
        int64_t pid, uid, tgid;
        int64_t total_vm, rss, rss_anon, rss_file, rss_shmem;
        int64_t pgtables_bytes, swapents, oom_score_adj;
} OomTask;

typedef enum OomClass {
        OOM_CLASS_UNKNOWN,
        OOM_CLASS_MEMCG_LIMIT,
        OOM_CLASS_RAM_AND_SWAP,
        OOM_CLASS_SWAP_FULL,
        OOM_CLASS_SLAB_LEAK,
        OOM_CLASS_SHMEM,
        OOM_CLASS_HUGEPAGES,
        OOM_CLASS_FRAGMENTATION,
        OOM_CLASS_LOWMEM,
        OOM_CLASS_NUMA,
        OOM_CLASS_MLOCK,
        OOM_CLASS_KERNEL_LEAK,
        OOM_CLASS_SYSRQ,
        OOM_CLASS_WATERMARK,
        OOM_CLASS_VMALLOC,
        OOM_CLASS_NO_SHORTAGE,
        _OOM_CLASS_MAX,
        _OOM_CLASS_INVALID = -EINVAL,
} OomClass;

typedef enum OomConfidence {
        OOM_CONFIDENCE_LOW,
        OOM_CONFIDENCE_MEDIUM,
        OOM_CONFIDENCE_HIGH,
        _OOM_CONFIDENCE_MAX,
} OomConfidence;

typedef struct OomDiagnosis {
        OomClass class;
        OomConfidence confidence;
        char sentence[512];
        char next[256]; /* what to look at, "" when nothing comes to mind */
} OomDiagnosis;

typedef struct OomEvent {
        OomKind kind;
        bool head;      /* "invoked oom-killer" or "allocation failure" was there */
        bool told;      /* the kernel's summary "oom-kill:" was there */
        bool old_style; /* a kernel before 5.0, which printed no constraint */
        bool killed;    /* the final line was there */
        bool group;     /* memory.oom.group: all of the cgroup's tasks follow */
        bool listed;    /* the table of tasks begins: only an OOM prints it */
        bool panicked;
        bool no_victim; /* "no killable processes" */
        bool is_memcg;  /* its own words say so, whatever the constraint */
        bool is_global;
        unsigned trace; /* OomTrace */

        OomTime time;                  /* of its first line */
        char release[OOM_RELEASE_MAX]; /* of the kernel, "6.12.3-amd64"; "" when not printed */

        OomProcess invoker;
        char *gfp_mask;      /* as printed, "0xcc0"; NULL when not */
        char *gfp_flags;     /* "GFP_KERNEL|__GFP_COMP"; NULL when not known */
        bool gfp_implied;    /* the number alone was printed, and the names are that kernel's */
        int64_t order;       /* OOM_ORDER_NONE when not printed; -1 is sysrq */
        uint64_t size_bytes; /* of a failed vmalloc */

        OomConstraint constraint;
        bool implied;          /* the kernel did not print the constraint */
        char *constraint_text; /* a constraint that we have no word for */
        char *nodemask;
        char *mems_allowed;
        char *oom_memcg;
        char *task_memcg;

        OomProcess victim; /* comm "" and pid -1: none */
        OomProcess *group_victims;
        size_t n_group_victims;

        OomMemory memory;
        OomTask *tasks;
        size_t n_tasks;
        int8_t columns[16]; /* of the table's header: what each is; 0 ends them */

        bool complete;
        OomDiagnosis diagnosis;
} OomEvent;

#define OOM_ORDER_NONE INT64_MIN

typedef int (*OomEventFunc)(const OomEvent *event, void *userdata);

typedef struct OomParser OomParser;

/* The function sees every event, and stops all by a negative number. */
int oom_parser_new(OomEventFunc func, void *userdata, OomParser **ret);
OomParser *oom_parser_free(OomParser *parser);
DEFINE_CLEANUP(OomParser *, oom_parser_free)
/* A line of the log without its newline; text[n] is overwritten. */
int oom_parser_push(OomParser *parser, char *text, size_t n);
/* A message of the kernel as it was said, without prefix, and when; text[n] is overwritten. Not to
 * be mixed with lines of a log. */
int oom_parser_push_message(OomParser *parser, usec_t realtime_usec, char *text, size_t n);
/* The end of the log. */
int oom_parser_finish(OomParser *parser);
/* All of a file. */
int oom_parser_read(OomParser *parser, int fd);

const char *oom_kind_to_string(OomKind kind);
/* "none", "memcg"...; what the kernel printed where we have no word; NULL when unknown. */
const char *oom_constraint_to_string(const OomEvent *event);
const char *oom_class_to_string(OomClass class);
const char *oom_confidence_to_string(OomConfidence confidence);
