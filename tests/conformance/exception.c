/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/conformance/exception.h"

#include <fnmatch.h>
#include <limits.h>
#include <time.h>

#include "core/machine/live.h"

#define V KERNEL_VERSION_OF

/* When an exception holds */

static bool machine_is_used(const Machine *machine, KnobRef ref) {
        return !machine->spare;
}

static uint64_t kept_number(const Machine *machine, const char *name) {
        KnobRef ref;
        const KeptKnob *knob =
                knob_ref_parse(name, &ref) >= 0 ? kept_find(&machine->kept, ref) : NULL;

        return knob && knob->error >= 0 ? knob->value.integers[0].magnitude : 0;
}

static bool pool_is_not_empty(const Machine *machine, KnobRef ref) {
        const KeptKnob *knob = kept_find(&machine->kept, ref);

        return knob && !value_is_zero(&knob->value);
}

/* Before it was first switched on it has no pool, and does not look at what it is given. */
static bool zswap_is_fresh(const Machine *machine, KnobRef ref) {
        return !machine->spare && kept_number(machine, "zswap.enabled") == 0;
}

static bool pages_are_merged(const Machine *machine, KnobRef ref) {
        char text[32];

        return root_read_into(machine->root, "sys/kernel/mm/ksm/pages_shared", text, sizeof(text)) <
                       0 ||
               !streq(text_strip(text), "0");
}

static bool advisor_is_on(const Machine *machine, KnobRef ref) {
        KnobRef mode;
        const KeptKnob *knob = knob_ref_parse("ksm.advisor_mode", &mode) >= 0
                                       ? kept_find(&machine->kept, mode)
                                       : NULL;

        return knob && !streq(knob->value.word, "none");
}

static bool is_gigantic(const Machine *machine, KnobRef ref) {
        /* Above the buddy allocator's largest block, 4 MiB with 4 KiB pages. */
        return ref.instance_kb > machine->facts.context.page_bytes;
}

static bool gigantic_is_dear(const Machine *machine, KnobRef ref) {
        return !machine->spare && is_gigantic(machine, ref);
}

/* Twice what is promised must fit: others go on asking meanwhile. */
static bool too_much_is_promised(const Machine *machine, KnobRef ref) {
        uint64_t limit = 0, promised = 0;

        return meminfo_read(machine->root, "CommitLimit", &limit) < 0 ||
               meminfo_read(machine->root, "Committed_AS", &promised) < 0 || promised > limit / 2;
}

static bool overcommit_is_forbidden(const Machine *machine, KnobRef ref) {
        return kept_number(machine, "vm.overcommit_memory") == 2;
}

/* The tables */

/* clang-format off */
#define POOL(name)                                                                                 \
        {name, PROBE_MAXIMUM, 0, 0, OUTCOME_UNWRITTEN, NULL, NULL,                                 \
         "the pool would take all memory, and the OOM killer come"},                               \
        {name, PROBE_MINIMUM, 0, 0, OUTCOME_UNWRITTEN, NULL, pool_is_not_empty,                    \
         "the pool is in use, and its pages might not come back"},                                 \
        {name, PROBE_NEXT, 0, 0, OUTCOME_UNWRITTEN, NULL, gigantic_is_dear,                        \
         "would move up to a gigantic page of other people's memory"},                             \
        {name, PROBE_NEXT, 0, 0, OUTCOME_AT_MOST, NULL, NULL,                                      \
         "reads back how many pages there were to get"}

#define FORBIDDEN(name)                                                                            \
        {name, PROBE_INSIDE, 0, 0, OUTCOME_UNWRITTEN, NULL, overcommit_is_forbidden,               \
         "vm.overcommit_memory is 2 here: programs would fail for want of memory"}

static const Exception exceptions[] = {
        /* Too dangerous, everywhere */
        {"vm.min_free_kbytes", PROBE_MAXIMUM, 0, 0, OUTCOME_UNWRITTEN, NULL, NULL,
         "no allocation would succeed any more, and the OOM killer end everything"},
        POOL("vm.nr_hugepages"),
        POOL("vm.nr_hugepages_mempolicy"),
        POOL("hugepages.hugepages-*kB.nr_hugepages"),
        POOL("hugepages.hugepages-*kB.nr_hugepages_mempolicy"),
        POOL("hugepages.node*.hugepages-*kB.nr_hugepages"),
        {"vm.overcommit_memory", PROBE_MAXIMUM, 0, 0, OUTCOME_UNWRITTEN, NULL,
         too_much_is_promised, "too much memory is promised here: programs would fail"},
        FORBIDDEN("vm.overcommit_ratio"),
        FORBIDDEN("vm.overcommit_kbytes"),
        FORBIDDEN("vm.admin_reserve_kbytes"),
        FORBIDDEN("vm.user_reserve_kbytes"),
        {"vm.memfd_noexec", PROBE_MAXIMUM | PROBE_NEXT, V(6, 3), V(6, 6), OUTCOME_UNWRITTEN, NULL,
         NULL, "these kernels only let it grow: it could not be put back"},
        {"vm.compact_memory", PROBE_ANY, 0, V(6, 6), OUTCOME_UNWRITTEN, NULL, machine_is_used,
         "these kernels compact all memory whatever is written"},

        /* Too dangerous where others work */
        {"vm.min_free_kbytes", PROBE_MINIMUM, 0, 0, OUTCOME_UNWRITTEN, NULL, machine_is_used,
         "a machine short of memory in that moment can deadlock"},
        {"vm.max_map_count", PROBE_MINIMUM, 0, 0, OUTCOME_UNWRITTEN, NULL, machine_is_used,
         "every program started in that moment dies"},
        {"vm.mmap_min_addr", PROBE_MINIMUM, 0, 0, OUTCOME_UNWRITTEN, NULL, machine_is_used,
         "opens the kernel's NULL pointer bugs to everybody in that moment"},
        {"vm.mmap_min_addr", PROBE_MAXIMUM, 0, 0, OUTCOME_UNWRITTEN, NULL, machine_is_used,
         "no ordinary process can map memory in that moment"},
        {"vm.panic_on_oom", PROBE_MAXIMUM, 0, 0, OUTCOME_UNWRITTEN, NULL, machine_is_used,
         "a container out of memory in that moment panics the machine"},
        {"vm.memfd_noexec", PROBE_MAXIMUM, 0, 0, OUTCOME_UNWRITTEN, NULL, machine_is_used,
         "a container started in that moment may fail"},
        {"vm.stat_interval", PROBE_MAXIMUM, 0, 0, OUTCOME_UNWRITTEN, NULL, machine_is_used,
         "the kernel's timer, if due in that moment, would next run in months"},
        {"vm.numa_stat", PROBE_MINIMUM, 0, 0, OUTCOME_UNWRITTEN, NULL, machine_is_used,
         "clears the numa_* counters for good"},
        {"vm.drop_caches", PROBE_OUTSIDE, 0, 0, OUTCOME_UNWRITTEN, NULL, machine_is_used,
         "some vendors' kernels have more bits, and would drop caches"},
        {"vm.page-cluster", PROBE_MAXIMUM, 0, V(6, 6), OUTCOME_UNWRITTEN, NULL, machine_is_used,
         "these kernels shift by it without a check when they swap in"},

        {"ksm.run", PROBE_MAXIMUM, 0, 0, OUTCOME_UNWRITTEN, NULL, pages_are_merged,
         "every merged page would be copied, for which memory may not suffice"},
        {"ksm.merge_across_nodes", PROBE_INSIDE, 0, 0, OUTCOME_UNWRITTEN, NULL, pages_are_merged,
         "refused while pages are merged"},
        {"ksm.max_page_sharing", PROBE_INSIDE, 0, 0, OUTCOME_UNWRITTEN, NULL, pages_are_merged,
         "refused while pages are merged"},
        {"ksm.pages_to_scan", PROBE_INSIDE, 0, 0, OUTCOME_UNWRITTEN, NULL, advisor_is_on,
         "refused while ksm.advisor_mode sets it"},
        {"lru_gen.enabled", PROBE_INSIDE, 0, 0, OUTCOME_UNWRITTEN, NULL, machine_is_used,
         "moves every page of the machine to other lists, and back"},
        {"lru_gen.min_ttl_ms", PROBE_MAXIMUM, 0, 0, OUTCOME_UNWRITTEN, NULL, machine_is_used,
         "reclaim in that moment calls the OOM killer"},
        {"zswap.enabled", PROBE_ANY, 0, 0, OUTCOME_UNWRITTEN, NULL, zswap_is_fresh,
         "the first write, even of 0, sets up a pool that stays until the machine is booted again"},
        {"zswap.compressor", PROBE_BLANK, 0, 0, OUTCOME_UNWRITTEN, NULL, zswap_is_fresh,
         "taken before zswap was first enabled"},
        {"zswap.zpool", PROBE_BLANK, 0, 0, OUTCOME_UNWRITTEN, NULL, zswap_is_fresh,
         "taken before zswap was first enabled"},

        /* Other answers than the range gives */
        {"vm.oom_dump_tasks", PROBE_OUTSIDE, 0, 0, OUTCOME_TAKEN, NULL, NULL,
         "the kernel has no bounds here, and any number but 0 means 1"},
        {"vm.oom_kill_allocating_task", PROBE_OUTSIDE, 0, 0, OUTCOME_TAKEN, NULL, NULL,
         "the kernel has no bounds here, and any number but 0 means 1"},
        {"vm.legacy_va_layout", PROBE_ABOVE, 0, 0, OUTCOME_TAKEN, NULL, NULL,
         "the kernel has no upper bound here, and any number but 0 means 1"},
        {"vm.hugetlb_optimize_vmemmap", PROBE_OUTSIDE, 0, 0, OUTCOME_TAKEN, "1", NULL,
         "any number but 0 reads back 1"},
        {"vm.lowmem_reserve_ratio", PROBE_BELOW, 0, 0, OUTCOME_TAKEN, "0", NULL,
         "the kernel refuses nothing here and stores 0 for less than 1"},
        {"vm.lowmem_reserve_ratio", PROBE_ABOVE | PROBE_NONSENSE, 0, 0, OUTCOME_IGNORED, NULL,
         NULL, "the kernel refuses nothing here and keeps what it had"},
        {"hugepages.hugepages-*kB.nr_overcommit_hugepages", PROBE_INSIDE, 0, 0, OUTCOME_REFUSED,
         NULL, is_gigantic, "refused for gigantic pages"},
        {"ksm.advisor_max_cpu", PROBE_ABOVE, 0, 0, OUTCOME_TAKEN, "0", NULL,
         "the kernel parses 64 bits and keeps 32 of them"},
        {"lru_gen.enabled", PROBE_MAXIMUM | PROBE_NEXT, 0, 0, OUTCOME_AT_MOST, NULL, NULL,
         "bits that the kernel or the processor does not have read back 0"},
        {"lru_gen.min_ttl_ms", PROBE_MAXIMUM | PROBE_NEXT, 0, 0, OUTCOME_NEAR, NULL, NULL,
         "kept in jiffies"},
        {"zswap.compressor", PROBE_WORD, 0, 0, OUTCOME_EITHER, NULL, NULL,
         "takes what this kernel was built with"},
        {"zswap.zpool", PROBE_WORD, 0, 0, OUTCOME_EITHER, NULL, NULL,
         "takes what this kernel was built with"},
        {"zswap.compressor", PROBE_GARBAGE | PROBE_WRONG_TYPE, 0, 0, OUTCOME_EITHER, NULL,
         zswap_is_fresh, "taken unseen before zswap was first enabled"},
        {"zswap.zpool", PROBE_GARBAGE | PROBE_WRONG_TYPE, 0, 0, OUTCOME_EITHER, NULL,
         zswap_is_fresh, "taken unseen before zswap was first enabled"},
        {"vm.compact_memory", PROBE_ANY, 0, V(6, 6), OUTCOME_TAKEN, NULL, NULL,
         "these kernels do not look at what is written"},
        {"vm.stat_refresh", PROBE_ANY, 0, 0, OUTCOME_TAKEN, NULL, NULL,
         "the kernel does not look at what is written"},
};

static const struct {
        const char *written;
        const char *moved;
} moves[] = {
        /* One pool seen through several files. */
        {"*nr_hugepages*", "*nr_hugepages*"},
        {"*nr_overcommit_hugepages", "*nr_overcommit_hugepages"},
        {"ksm.advisor_mode", "ksm.pages_to_scan"},
};
/* clang-format on */

static bool version_holds(unsigned version, const Exception *exception) {
        return version >= exception->since && (exception->until == 0 || version < exception->until);
}

const Exception *exception_find(const Machine *machine, KnobRef ref, ProbeKind kind) {
        for (size_t i = 0; i < ELEMENTSOF(exceptions); i++) {
                const Exception *exception = &exceptions[i];
                if ((exception->kinds & kind) && streq(exception->knob, ref.knob->name) &&
                    version_holds(machine->facts.context.kernel, exception) &&
                    (!exception->holds || exception->holds(machine, ref)))
                        return exception;
        }
        return NULL;
}

/* The kernel's ticks a second: how coarse its coarse clock is. */
static long kernel_hz(void) {
        struct timespec resolution;

        if (clock_getres(CLOCK_MONOTONIC_COARSE, &resolution) < 0 || resolution.tv_nsec <= 0)
                return 0;
        return (1000000000L + resolution.tv_nsec / 2) / resolution.tv_nsec;
}

const char *exception_narrow(const Machine *machine, KnobRef ref, ValueType *type) {
        const char *name = ref.knob->name;

        if (streq(name, "vm.stat_interval") || streq(name, "vm.laptop_mode")) {
                long hz = kernel_hz();
                if (hz <= 0)
                        return NULL;
                type->max = INTEGER_OF((uint64_t) (INT_MAX / hz));
                type->min = INTEGER_MINUS((uint64_t) (INT_MAX / hz));
                return "kept in jiffies: the bounds are those of this kernel's CONFIG_HZ";
        }
#ifdef __x86_64__
        if (streq(name, "vm.mmap_rnd_bits")) {
                type->min = INTEGER_OF(28);
                type->max = INTEGER_OF(32);
                return "the bounds are those of x86-64";
        }
        if (streq(name, "vm.mmap_rnd_compat_bits")) {
                type->min = INTEGER_OF(8);
                type->max = INTEGER_OF(16);
                return "the bounds are those of x86-64";
        }
#endif
        return NULL;
}

bool exception_may_move(const Machine *machine, KnobRef written, KnobRef moved) {
        KnobRef partner;

        if (knob_ref_partner(written, &partner) && knob_ref_equal(partner, moved))
                return true;
        if ((written.knob->flags & KNOB_REWRITES_MIN_FREE) &&
            streq(moved.knob->name, "vm.min_free_kbytes"))
                return true;
        for (size_t i = 0; i < ELEMENTSOF(moves); i++)
                if (fnmatch(moves[i].written, written.knob->name, 0) == 0 &&
                    fnmatch(moves[i].moved, moved.knob->name, 0) == 0)
                        return true;
        return false;
}

const Exception *exception_at(size_t i) {
        return i < ELEMENTSOF(exceptions) ? &exceptions[i] : NULL;
}
