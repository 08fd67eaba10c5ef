/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A report as one page that stands alone: HTML that is XML too, plots as inline SVG, no script, no
 * font and nothing else from anywhere. It may be mailed, printed and read in the dark.
 */

#include "core/protocol.h"
#include "core/report.h"

/* -ENOMEM; -EIO, or what else kept it from being written. */
int report_html(const Report *report, FILE *file);
/* The same into a file that a person named, "-" is standard output; what goes wrong is printed. */
ExitCode report_html_write(const Report *report, const char *path);
