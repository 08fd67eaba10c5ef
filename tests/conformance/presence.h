/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether the knobs are there that the catalogue's versions and build options promise, and no
 * others. */

#include "tests/conformance/machine.h"

/* Each prints one TAP line. config is the text of the kernel's .config, or NULL where it is not
 * known: then only what needs no option is judged. */
void judge_presence(const Machine *machine, const char *config);
void judge_unknown(const Machine *machine);
