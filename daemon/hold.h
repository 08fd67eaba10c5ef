/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The automatic reverts of the last hour: after too many of them nothing is applied until the
 * oldest is an hour ago, or a person says so. On disk, so that neither a restart nor a reboot lifts
 * it. Times are CLOCK_BOOTTIME; what an earlier boot has noted counts as if it had happened when
 * this one began, since no clock tells how long the machine was down.
 */

#include "core/machine/facts.h"

#define HOLD_FILE "hold"
#define HOLD_REVERTS_MAX 100 /* more than anyone can allow in an hour */

typedef struct HoldRevert {
        uint64_t id; /* of the transaction */
        char *profile;
        char *why;
        usec_t at_usec;
} HoldRevert;

typedef struct Hold {
        char boot_id[BOOT_ID_MAX];
        HoldRevert items[HOLD_REVERTS_MAX]; /* oldest first */
        size_t n;
        bool unsaved; /* what is on disk lacks one */
} Hold;

void hold_done(Hold *hold);
/* No file: none. -EBADMSG when it is damaged. */
int hold_load(int state_fd, const char *boot_id, Hold *ret);
/* Notes a revert, durably and once. -ENOMEM: it may not even be noted. Another -errno: it counts
 * for this process. */
int hold_note(
        Hold *hold, int state_fd, uint64_t id, const char *profile, const char *why, usec_t now);
/* Stores what could not be before. */
int hold_save(Hold *hold, int state_fd);
/* Forgets all, durably. -errno: as before. */
int hold_lift(Hold *hold, int state_fd);
/* Since when so many are not an hour ago any more, of at most limit in an hour; 0: no hold. A limit
 * of 0: there is none. */
usec_t hold_until(const Hold *hold, unsigned limit, usec_t now_usec);
/* "redis (12): memory.some exceeded …", a line each, of those in the last hour; the caller frees.
 * NULL without memory. */
char *hold_format(const Hold *hold, usec_t now_usec);
