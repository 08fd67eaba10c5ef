/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A report as one page that stands alone: HTML that is XML too, plots as inline SVG, no script, no
 * font and nothing else from anywhere. It may be mailed, printed and read in the dark.
 */

#include "core/report.h"

/* -ENOMEM, or -EIO when not all of it could be written. */
int report_html(const Report *report, FILE *file);
