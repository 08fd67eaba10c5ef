/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Pressure over time on a terminal: a column a piece of time, as high as the share of it that was
 * stalled, in block elements, or in ASCII where the locale has no others. Where a column stands for
 * several blocks, its worst is shaded above their mean.
 */

#include "cli/report-axis.h"

void plot_print(const Report *report, Metric metric, Span span, size_t height);
