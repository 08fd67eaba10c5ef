/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a profile's conditions may ask of the machine. Read once, then constant. */

#include "core/base/problem.h"
#include "core/base/root.h"
#include "core/knobs/knob.h"

typedef enum SwapKind {
        SWAP_NONE = 1 << 0, /* no swap is active */
        SWAP_DISK = 1 << 1, /* a partition or other block device */
        SWAP_ZRAM = 1 << 2,
        SWAP_FILE = 1 << 3,
} SwapKind;

/* What may be said of a machine that is not at hand. */
typedef enum FactKind {
        FACT_KERNEL = 1 << 0,
        FACT_RAM = 1 << 1,
        FACT_SWAP = 1 << 2,
        FACT_NODES = 1 << 3, /* numbered from 0 without a gap */
} FactKind;

#define BOOT_ID_MAX 37 /* "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx" and NUL */

typedef struct Facts {
        KnobContext context; /* kernel version, page size, PMD size */
        char release[65];    /* uname -r */
        char boot_id[BOOT_ID_MAX];
        uint64_t ram_bytes; /* MemTotal: what the kernel manages, a little below the RAM built in */
        unsigned swap_kinds; /* of SwapKind; SWAP_NONE alone or some of the others */
        unsigned n_nodes;    /* NUMA nodes online, at least 1 */
        bool has_thp;
        bool has_psi;
        unsigned assumed; /* of FactKind: what was said of a machine that is not at hand, whose
                             files are then not those of the tree; 0 for the machine itself */
} Facts;

/*
 * Reads proc/sys/kernel/osrelease, proc/sys/kernel/random/boot_id, proc/meminfo, proc/swaps and
 * /sys. -errno when a file that every Linux has is missing or makes no sense; then problems names
 * it. The page size of a recorded tree comes from its proc/self/smaps where it has one, else from
 * the running kernel.
 */
int facts_read(const Root *root, Problems *problems, Facts *ret);

/* One line of proc/meminfo in bytes, "MemAvailable". -EBADMSG when it has no such line. */
int meminfo_read(const Root *root, const char *name, uint64_t *ret_bytes);

const char *swap_kind_to_string(SwapKind kind);
/* _INVALID as -EINVAL. */
int swap_kind_from_string(const char *name);
/* "none", "zram and disk"; at most 64 bytes. */
void swap_kinds_format(unsigned kinds, char buffer[static 64]);
/* "6.1" or "6.12.3" (the patch level is dropped). -EINVAL. */
int kernel_version_parse(const char *text, unsigned *ret);
/* "6.12.3-amd64", as uname -r says it. -EINVAL. */
int kernel_release_parse(const char *text, unsigned *ret);
