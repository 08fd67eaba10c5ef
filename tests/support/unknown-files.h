/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a kernel brings that the catalogue does not know: every file in the folders it mirrors must
 * be a knob, a trigger or named as left out.
 */

#include "core/base/root.h"

/* *ret: their paths, one a line; "" when there are none; the caller frees. *ret_n_seen: how many
 * files there are at all. -errno. */
int unknown_files(const Root *root, char **ret, size_t *ret_n_seen);
