/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A report as one page that stands alone: HTML that is XML too, plots as inline SVG, no script, no
 * font and nothing else from anywhere. It may be mailed, printed and read in the dark.
 */

#include "core/report.h"

/* -ENOMEM; -EIO, or what else kept it from being written. */
int report_html(const Report *report, FILE *file);
