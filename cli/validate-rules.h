/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/print.h"

/* What a rule of "validate" is about; "list" for all of them. */
ExitCode validate_explain(const char *id);
