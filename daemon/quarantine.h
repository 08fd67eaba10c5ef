/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Profiles that are not applied again until a person releases them: the machine went down while
 * they were on probation. Kept in the state folder, durably.
 */

#include "core/base/util.h"

#define QUARANTINE_FILE "quarantine"
#define QUARANTINE_MAX 64

typedef struct QuarantineEntry {
        char *profile;
        char *reason;
        usec_t realtime_usec;
} QuarantineEntry;

typedef struct Quarantine {
        QuarantineEntry items[QUARANTINE_MAX];
        size_t n;
        bool unsaved; /* what is on disk lacks an entry */
} Quarantine;

void quarantine_done(Quarantine *quarantine);
/* No file: an empty one. -EBADMSG when it is damaged. */
int quarantine_load(int state_fd, Quarantine *ret);
/* Adds or replaces, and stores. When it is full the oldest goes. -ENOMEM: it may not even be
 * added. Another -errno: it holds for this process. */
int quarantine_add(
        Quarantine *quarantine, int state_fd, const char *profile, const char *reason, usec_t now);
/* Stores what could not be before. */
int quarantine_save(Quarantine *quarantine, int state_fd);
/* -ENOENT; other -errno: still quarantined. */
int quarantine_release(Quarantine *quarantine, int state_fd, const char *profile);
/* NULL when it is not quarantined. */
const QuarantineEntry *quarantine_find(const Quarantine *quarantine, const char *profile);
