/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Points in time as people write and read them, after systemd.time(7). */

#include "core/base/util.h"

/* What parse_instant() accepts, for messages. */
#define INSTANT_EXPECTED                                                                        \
        "a time like \"2026-11-27 20:00\", \"20:00\", \"today\", \"yesterday\", \"-1h\", \"1h " \
        "ago\" or \"@1795809600\""

/* In the local zone, unless "UTC", "Z" or "+01:00" stands behind it. -EINVAL, and *ret untouched.
 */
int parse_instant(const char *text, usec_t now_usec, usec_t *ret);

/* "Fri 2026-11-27 20:00:00 CET", local; parse_instant() reads it again. "-" when there is no such
 * day. */
void format_instant(usec_t realtime_usec, char buffer[static 64]);
/* "2026-11-27T19:00:00.123456Z" */
void format_instant_utc(usec_t realtime_usec, char buffer[static 64]);
