/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The swap areas in use, as swap_show (mm/swapfile.c) prints them to proc/swaps. */

#include "core/machine/facts.h"
#include "core/machine/figures.h"

typedef struct SwapArea {
        char *name; /* as printed: a blank is "\040" */
        SwapKind kind;
        int64_t size_bytes;
        int64_t used_bytes;
        int priority; /* the highest is filled first */
} SwapArea;

typedef struct Swaps {
        SwapArea *items;
        size_t n;
} Swaps;

/* None without swap, and without CONFIG_SWAP. -ENOMEM. */
int swaps_parse(const char *text, Swaps *ret);
int swaps_read(const Root *root, Swaps *ret);
void swaps_done(Swaps *swaps);
