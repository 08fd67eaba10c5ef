/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The memory's state within a dump: the block after "Mem-Info:", or the lines of a cgroup. */

#include "core/base/util.h"

/* Every counter of the block; the kernel's names. X(member, name) */
#define OOM_COUNTERS(X)                               \
        X(ACTIVE_ANON, "active_anon")                 \
        X(INACTIVE_ANON, "inactive_anon")             \
        X(ISOLATED_ANON, "isolated_anon")             \
        X(ACTIVE_FILE, "active_file")                 \
        X(INACTIVE_FILE, "inactive_file")             \
        X(ISOLATED_FILE, "isolated_file")             \
        X(UNEVICTABLE, "unevictable")                 \
        X(MLOCKED, "mlocked")                         \
        X(DIRTY, "dirty")                             \
        X(WRITEBACK, "writeback")                     \
        X(WRITEPENDING, "writepending")               \
        X(UNSTABLE, "unstable")                       \
        X(SLAB_RECLAIMABLE, "slab_reclaimable")       \
        X(SLAB_UNRECLAIMABLE, "slab_unreclaimable")   \
        X(KERNEL_MISC, "kernel_misc_reclaimable")     \
        X(MAPPED, "mapped")                           \
        X(SHMEM, "shmem")                             \
        X(SHMEM_THP, "shmem_thp")                     \
        X(ANON_THP, "anon_thp")                       \
        X(KERNEL_STACK, "kernel_stack")               \
        X(PAGETABLES, "pagetables")                   \
        X(SEC_PAGETABLES, "sec_pagetables")           \
        X(BOUNCE, "bounce")                           \
        X(FREE, "free")                               \
        X(FREE_PCP, "free_pcp")                       \
        X(FREE_CMA, "free_cma")                       \
        X(BOOST, "boost")                             \
        X(MIN, "min")                                 \
        X(LOW, "low")                                 \
        X(HIGH, "high")                               \
        X(RESERVED_HIGHATOMIC, "reserved_highatomic") \
        X(FREE_HIGHATOMIC, "free_highatomic")         \
        X(PRESENT, "present")                         \
        X(MANAGED, "managed")                         \
        X(ZSPAGES, "zspages")                         \
        X(BALLOON, "balloon")

typedef enum OomCounter {
#define X(member, name) OOM_##member,
        OOM_COUNTERS(X)
#undef X
        _OOM_COUNTER_MAX,
        _OOM_COUNTER_INVALID = -EINVAL,
} OomCounter;

/* Pages in the block's first lines, kB of a node and a zone; negative when not printed. */
typedef struct OomCounters {
        int64_t value[_OOM_COUNTER_MAX];
} OomCounters;

#define OOM_ORDERS_MAX 16
#define OOM_ZONES_OF_NODE_MAX 8
/* A kernel has at most 1024 nodes of 5 zones. */
#define OOM_ZONES_MAX ((size_t) 4096)
#define OOM_NODES_MAX ((size_t) 1024)

typedef struct OomZone {
        int64_t node; /* negative when the kernel does not number them */
        char name[16];
        OomCounters kb;
        int64_t reserve_pages[OOM_ZONES_OF_NODE_MAX]; /* lowmem_reserve[] */
        size_t n_reserve;
        int64_t blocks[OOM_ORDERS_MAX];
        char types[OOM_ORDERS_MAX][8]; /* "UME"; "" when not printed */
        size_t n_orders;
        int64_t block_kb; /* of order 0: the page size */
} OomZone;

typedef struct OomNode {
        int64_t node;
        OomCounters kb;
} OomNode;

/* The cgroup at its limit; kB, negative when not printed. */
typedef struct OomMemcg {
        int64_t usage_kb, limit_kb;
        int64_t swap_usage_kb, swap_limit_kb;
        int64_t kmem_usage_kb, kmem_limit_kb;
        int64_t anon_kb, file_kb, shmem_kb, kernel_kb, slab_unreclaimable_kb, dirty_kb;
} OomMemcg;

typedef struct OomMemory {
        bool opened; /* "Mem-Info:" was there */
        OomCounters pages;
        OomNode *nodes;
        size_t n_nodes;
        OomZone *zones;
        size_t n_zones;
        int64_t pages_ram, pages_reserved;
        int64_t swap_total_kb, swap_free_kb;
        int64_t huge_total_kb, huge_free_kb;
        int64_t page_kb;
        char slab_name[48]; /* the largest unreclaimable cache that was listed */
        int64_t slab_kb;
        bool in_slab; /* rows of the list of slab caches follow */
        OomMemcg memcg;
} OomMemory;

void oom_memory_init(OomMemory *memory);
void oom_memory_done(OomMemory *memory);
/* Forgets all but the cgroup: "Mem-Info:" came again. */
void oom_memory_restart(OomMemory *memory);

/* Takes a message; 1 when it was one of the memory's state, 0 when not, -ENOMEM. */
int oom_memory_take(OomMemory *memory, const char *message);
/* The same for the lines of a cgroup that is at its limit. */
bool oom_memcg_take(OomMemcg *memcg, const char *message);
/* Does such a message begin a block, when there was no beginning? */
bool oom_memory_is_dump(const char *message);

/* The kernel's name of it. */
const char *oom_counter_to_string(OomCounter counter);
/* Sum over the zones, or the nodes where these have it, in kB; negative when nothing has. */
int64_t oom_memory_sum_kb(const OomMemory *memory, OomCounter counter);
