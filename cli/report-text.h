/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A report for the terminal: the verdict first, then what it was judged by. */

#include "core/report.h"

void report_print(const Report *report);
