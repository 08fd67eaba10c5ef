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

/*
 * Every file that the machine has of a knob: one for "vm.swappiness", one a folio size for
 * "hugepages-*kB", in ascending order. *ret_n 0 when it has none. The caller frees *ret.
 */
int live_refs(const Root *root, const Knob *knob, KnobRef **ret, size_t *ret_n);
