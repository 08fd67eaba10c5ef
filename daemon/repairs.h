/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How often each knob's drift was repaired in the last hour, on disk from before the write, so that
 * neither a restart nor a crash makes a fight with another writer endless. And, while a file of
 * transparent_hugepage is written again, what vm.min_free_kbytes was: the kernel rewrites it then,
 * and whoever starts after a crash in between brings it back.
 */

#include "core/knobs/knob.h"
#include "core/machine/facts.h"

#define REPAIRS_FILE "repairs"
#define REPAIRS_PER_HOUR 3 /* a knob */
#define REPAIRS_MAX 256    /* remembered; the oldest goes */

typedef struct Repair {
        KnobRef ref;
        usec_t at_usec; /* CLOCK_BOOTTIME */
} Repair;

typedef struct Repairs {
        char boot_id[BOOT_ID_MAX];
        Repair items[REPAIRS_MAX]; /* oldest first */
        size_t n;
        bool guards; /* a write is under way, or was when the process ended */
        Value min_free;
        bool failed; /* it could not be brought back yet, and is what the kernel has made of it */
        Value rewritten;
        bool unsaved; /* what is on disk may be another */
} Repairs;

/* No file, or one of another boot: none. -EBADMSG when it is damaged. */
int repairs_load(int state_fd, const char *boot_id, Repairs *ret);
/* Durably, before the write. min_free: what to bring back, or NULL. On failure it is not counted.
 */
int repairs_note(
        Repairs *repairs, int state_fd, KnobRef ref, usec_t now_usec, const Value *min_free);
/* What the kernel rewrote is back. On failure that is to be saved later: a process after this one
 * would bring back what is old by then. */
int repairs_end_guard(Repairs *repairs, int state_fd);
/* Stores what could not be before. */
int repairs_save(Repairs *repairs, int state_fd);
/* In the hour before. */
size_t repairs_count(const Repairs *repairs, KnobRef ref, usec_t now_usec);
