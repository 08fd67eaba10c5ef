/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The work is done by a child, which any signal may kill; its parent only waits, and puts every
 * knob back however the child ended.
 */

#include "tests/conformance/machine.h"

typedef enum End {
        END_DONE,        /* the child returned */
        END_INTERRUPTED, /* the child asked for an end with a signal to its parent */
        END_DIED,        /* the child crashed */
        END_SIGNAL,      /* a signal from outside: stop */
} End;

typedef struct Ended {
        End end;
        int signal;       /* for END_DIED and END_SIGNAL */
        size_t n_changed; /* knobs that read otherwise when the child had ended */
        size_t n_left;    /* and after they were put back: 0 */
} Ended;

/* -errno without a child. */
int supervise(const Machine *machine, void (*work)(const Machine *machine), Ended *ret);
