/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What every settable knob of the machine read before the test wrote any, and the way back.
 *
 * "Write back what was read" is no valid restore for a pair: a zero in one member wipes the other
 * or is refused, so the member in force is written alone. Transparent huge pages come before
 * vm.min_free_kbytes, which their writes rewrite: the order is that of the knobs' stages.
 */

#include "core/base/root.h"
#include "core/knobs/knob.h"

#define KEPT_TEXT_MAX 256

typedef struct KeptKnob {
        KnobRef ref;
        char path[KNOB_PATH_MAX];
        char text[KEPT_TEXT_MAX]; /* as the kernel prints it */
        Value value;
        int error; /* 0, or why it does not read as the catalogue says; then it is left alone */
} KeptKnob;

typedef struct Kept {
        KeptKnob *knobs; /* in the order to restore them */
        size_t n;
} Kept;

#define KEPT_INIT ((Kept){0})

int kept_save(const Root *root, Kept *ret);
void kept_done(Kept *kept);

/* NULL for a trigger or what was absent. */
const KeptKnob *kept_find(const Kept *kept, KnobRef ref);
/* The other member of its pair, or NULL. */
const KeptKnob *kept_partner(const Kept *kept, const KeptKnob *knob);
/* Whether it reads otherwise now, or not at all. */
bool kept_differs(const Root *root, const KeptKnob *knob);
/* Puts one knob and its pair back, at once, without a look at the others. */
void kept_restore_one(const Root *root, const Kept *kept, const KeptKnob *knob);
/* Puts back all that differ; how many then still do. */
size_t kept_restore(const Root *root, const Kept *kept);

/* One write(2) of the text and a newline: bytes taken, or -errno. Never an empty one, which the
 * kernel would take for its old data (it zeroes the pair). */
ssize_t kernel_write(const Root *root, const char *path, const char *text);
