/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What stands below the plots of a report's page: numbers, evidence, the load, the plan. */

#include "core/report.h"

void report_tables(const Report *report, FILE *file);
