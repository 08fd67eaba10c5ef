/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Reports made by hand. Whatever fails here ends the test. */

#include "core/report.h"

/* A change that made memory.some worse, with all that a report can have. */
Report *example_report(void);
/* Ten blocks with the old and ten with the new setting. */
Report *example_trial(void);
/* A block of one metric. */
void example_add(Report *report, Metric metric, double at_sec, double share, int arm);
