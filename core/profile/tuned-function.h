/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* tuned's built-in functions, ${f:NAME:ARGUMENT...}, as far as files can answer for them. */

#include "core/base/root.h"

/* A copy with ${f:virt_check:IN_A_GUEST:ELSEWHERE} worked out from the processor's flag
 * "hypervisor"; other functions stay as they are. NULL when memory is short. */
char *tuned_function_expand(const Root *root, const char *text);
