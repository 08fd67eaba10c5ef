/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The machine whose kernel is tried. */

#include "core/machine/facts.h"
#include "tests/conformance/kept.h"

typedef struct Machine {
        Root *root;
        Facts facts;
        Kept kept;
        bool spare; /* a guest that nobody else uses: it may come to harm */
} Machine;
