/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the kernel said, as the system journal kept it: the lines of one boot or of all, between two
 * instants, in the order of the journal. On a tree that is not the running machine its own
 * var/log/journal and run/log/journal are read.
 */

#include <systemd/sd-id128.h>

#include "core/base/root.h"

/* Longer messages are cut; the kernel's own end at 1024 bytes a line. */
#define KERNEL_LOG_LINE_MAX ((size_t) 64 * 1024)

typedef struct KernelLogRange {
        bool all_boots;
        sd_id128_t boot_id;  /* null: this boot, or the last one of a tree */
        int64_t boot_offset; /* from that boot: -1 is the one before it; without a boot_id, 1 is the
                                first of the journal */
        usec_t since_usec;   /* realtime */
        usec_t until_usec;
} KernelLogRange;

/* This boot, all of it. */
#define KERNEL_LOG_RANGE_INIT ((KernelLogRange){.until_usec = USEC_INFINITY})

/* A line without its newline; line[n] is '\0' and may be overwritten, as all of the line. The time
 * is when the journal took it. A negative number stops. */
typedef int (*KernelLogFunc)(usec_t realtime_usec, char *line, size_t n, void *userdata);

/*
 * Hands over line by line; memory does not grow with the journal. What the function returned when
 * that was negative, or
 *   -ENOENT   there is no journal
 *   -EACCES   there is one that may not be read: neither root nor in a group that may
 *   -ENXIO    no such boot in it
 *   -ENODATA  it has no message of the kernel in that boot at any time, as in a container
 * or what libsystemd had to say. No line between the two instants is no failure.
 */
int kernel_log_read(const Root *root,
                    const KernelLogRange *range,
                    KernelLogFunc func,
                    void *userdata);

/* Those four in words, without a full stop; NULL for others. */
const char *kernel_log_error_to_string(int error);

/* "", "0", "-1", "2", "all", a boot's id, an id with "-1" or "+2" behind it, as journalctl has it.
 * -EINVAL. */
int kernel_log_parse_boot(const char *text, KernelLogRange *range);
