/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The program: options, the event loop, signals; everything but main(), so that a test can run it
 * on a tree whose files it makes behave like a kernel. */

#include "core/base/root.h"

/* hook is for trees alone: the live machine has its kernel. Returns the exit status. */
int memctld_run(int argc, char **argv, RootWriteHook hook);
