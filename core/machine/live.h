/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A knob's value as the kernel has it now. */

#include "core/base/root.h"
#include "core/knobs/knob.h"

/*
 * -ENOENT: this kernel has no such file. -EACCES and other errno: cannot be read.
 * -EBADMSG: it does not read as the catalogue says.
 */
int live_read(const Root *root, KnobRef ref, Value *ret);

/* Which folio sizes the machine has files for ("hugepages-64kB"), ascending, in KiB; the caller
 * frees *ret. *ret_n 0 when the knob is not of that family or none exist. */
int live_instances(const Root *root, const Knob *knob, unsigned **ret, size_t *ret_n);
