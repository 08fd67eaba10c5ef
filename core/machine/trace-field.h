/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a column of a trace is, by its name. */

#include "core/machine/trace.h"

/* One of these, a metric from TRACE_FIELD_METRIC on, a counter from TRACE_FIELD_COUNTER on. */
enum {
        TRACE_FIELD_OTHER,
        TRACE_FIELD_TIME,
        TRACE_FIELD_ARM,
        TRACE_FIELD_METRIC,
        TRACE_FIELD_COUNTER = TRACE_FIELD_METRIC + _METRIC_MAX,
};

unsigned char trace_field_from_string(const char *name);
const char *trace_field_to_string(unsigned char field);
/* Counters that are one a zone, or one a kind of page, are summed up. */
bool trace_field_may_repeat(unsigned char field);
bool trace_field_is_total(unsigned char field);

/* Takes a field's text into the row; what was expected when it makes no sense, otherwise NULL. */
const char *trace_field_parse(unsigned char field, const char *text, TraceRow *row);
