/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/plan-pool.h"

#include "core/profile/plan-coupling.h"

/* What a file of a pool shows. */
typedef enum PoolCount {
        POOL_COUNT_NONE,     /* the knob is no file of a pool */
        POOL_COUNT_RESERVED, /* nr_hugepages */
        POOL_COUNT_BEYOND,   /* nr_overcommit_hugepages */
} PoolCount;

typedef struct Pool {
        PoolCount count;
        uint64_t size_kb; /* of a page; 0 where the machine does not say its default */
        bool one_node;    /* else all nodes together */
        unsigned node;
        KnobRef ref;
        const char *origin;
} Pool;

static PoolCount pool_count(const char *path) {
        const char *file = strrchr(path, '/');

        if (streq(file, "/nr_hugepages") || streq(file, "/nr_hugepages_mempolicy"))
                return POOL_COUNT_RESERVED;
        return streq(file, "/nr_overcommit_hugepages") ? POOL_COUNT_BEYOND : POOL_COUNT_NONE;
}

/* The sysctls are those of the default size, which meminfo calls Hugepagesize. */
static Pool pool_of(const Root *root, KnobRef ref, const char *origin) {
        Pool pool = {
                .count = pool_count(ref.knob->path),
                .size_kb = ref.instance_kb,
                .one_node = knob_has_node(ref.knob),
                .node = ref.node,
                .ref = ref,
                .origin = origin,
        };
        uint64_t bytes = 0;

        if (pool.count != POOL_COUNT_NONE && !knob_is_family(ref.knob) &&
            meminfo_read(root, "Hugepagesize", &bytes) >= 0)
                pool.size_kb = bytes / 1024;
        return pool;
}

static bool is_same_pool(const Pool *a, const Pool *b) {
        return a->count != POOL_COUNT_NONE && a->count == b->count && a->size_kb == b->size_kb &&
               !(a->one_node && b->one_node && a->node != b->node);
}

static int refuse(Problems *problems, const Pool *earlier, const Pool *later) {
        char first[KNOB_NAME_MAX], second[KNOB_NAME_MAX];
        bool original = streq(earlier->origin, ORIGIN_ORIGINAL);
        const Pool *asked = original ? later : earlier, *other = original ? earlier : later;
        bool leaves = original || streq(later->origin, ORIGIN_ORIGINAL);

        knob_ref_name(asked->ref, first);
        knob_ref_name(other->ref, second);
        return plan_refuse(problems,
                           asked->origin,
                           leaves ? "revert the profile in force first" : "keep one of the two",
                           "%s and %s (%s) are the same pool of huge pages",
                           first,
                           second,
                           leaves ? "set by the profile in force" : other->origin);
}

/* The i-th of the steps and, after them, of what is as wanted already. */
static Pool pool_at(const Root *root, const Plan *plan, size_t i) {
        if (i < plan->n)
                return pool_of(root, plan->steps[i].ref, plan->steps[i].origin);
        const Unchanged *unchanged = &plan->unchanged[i - plan->n];
        return pool_of(root, unchanged->ref, unchanged->origin);
}

int plan_check_pools(const Root *root, const Plan *plan, Problems *problems) {
        for (size_t i = 1; i < plan->n + plan->n_unchanged; i++) {
                const Pool later = pool_at(root, plan, i);
                for (size_t j = 0; later.count != POOL_COUNT_NONE && j < i; j++) {
                        const Pool earlier = pool_at(root, plan, j);
                        if (is_same_pool(&earlier, &later))
                                return refuse(problems, &earlier, &later);
                }
        }
        return 0;
}
