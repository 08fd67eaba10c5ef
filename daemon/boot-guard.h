/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Against a machine that a profile brings down at each boot: a durable record from before the first
 * write of an apply (also of the daemon's own at boot) until some minutes have passed, the service
 * was stopped, or the profile was taken back. Found open by another boot, it says that the machine
 * ended without a shutdown soon after that apply.
 *
 * Boots are told apart by their ids alone, and time within one is CLOCK_BOOTTIME, so no step of the
 * wall clock matters. A daemon that was killed, and a container that was restarted, find the id of
 * the same boot: the record stays open for them. A kexec without a shutdown looks like a crash.
 */

#include "core/machine/facts.h"
#include "core/profile/profile.h"

#define BOOT_GUARD_FILE "boot-guard"

typedef struct BootGuard {
        bool open;
        uint64_t id; /* of the transaction */
        char profile[PROFILE_NAME_MAX];
        char boot_id[BOOT_ID_MAX];
        usec_t at_usec; /* CLOCK_BOOTTIME */
} BootGuard;

/* No file: closed. -EBADMSG when it is damaged. */
int boot_guard_load(int state_fd, BootGuard *ret);
/* Durably; *guard untouched on failure. */
int boot_guard_open(int state_fd,
                    const char *profile,
                    uint64_t id,
                    const char *boot_id,
                    usec_t now_usec,
                    BootGuard *guard);
/* Durably; nothing when it is closed. On failure it stays open. */
int boot_guard_close(int state_fd, BootGuard *guard);
/* The time has passed without the machine going down. */
bool boot_guard_is_over(const BootGuard *guard, usec_t length_usec, usec_t now_usec);
