/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/trace-field.h"

#include <inttypes.h>

/* Far from where a sum of times could overflow. */
#define TIME_MAX (UINT64_MAX / 4)

static const char *const metric_columns[_METRIC_MAX] = {
        [METRIC_MEMORY_SOME] = "memory_some_total",
        [METRIC_MEMORY_FULL] = "memory_full_total",
        [METRIC_IO_SOME] = "io_some_total",
        [METRIC_IO_FULL] = "io_full_total",
        [METRIC_CPU_SOME] = "cpu_some_total",
        [METRIC_CPU_FULL] = "cpu_full_total",
};

/* The kernel counts these a zone and a kind of page; so do others' traces. */
static const struct {
        const char *prefix;
        Counter counter;
} parts[] = {
        {"allocstall_", COUNTER_ALLOCSTALL},
        {"workingset_refault_", COUNTER_WORKINGSET_REFAULT},
        {"pgalloc_", COUNTER_PGALLOC},
};

static Counter find_counter(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(parts); i++)
                if (text_starts_with(name, parts[i].prefix))
                        return parts[i].counter;
        return counter_from_string(name);
}

unsigned char trace_field_from_string(const char *name) {
        if (streq(name, "time_us"))
                return TRACE_FIELD_TIME;
        if (streq(name, "arm"))
                return TRACE_FIELD_ARM;
        for (int i = 0; i < _METRIC_MAX; i++)
                if (streq(name, metric_columns[i]))
                        return (unsigned char) (TRACE_FIELD_METRIC + i);
        Counter counter = find_counter(name);
        return counter < 0 ? TRACE_FIELD_OTHER
                           : (unsigned char) (TRACE_FIELD_COUNTER + (int) counter);
}

const char *trace_field_to_string(unsigned char field) {
        if (field == TRACE_FIELD_TIME)
                return "time_us";
        if (field == TRACE_FIELD_ARM)
                return "arm";
        if (field >= TRACE_FIELD_COUNTER)
                return counter_to_string((Counter) (field - TRACE_FIELD_COUNTER));
        return trace_field_is_total(field) ? metric_columns[field - TRACE_FIELD_METRIC] : NULL;
}

bool trace_field_is_total(unsigned char field) {
        return field >= TRACE_FIELD_METRIC && field < TRACE_FIELD_COUNTER;
}

bool trace_field_may_repeat(unsigned char field) {
        for (size_t i = 0; i < ELEMENTSOF(parts); i++)
                if (field == TRACE_FIELD_COUNTER + (int) parts[i].counter)
                        return true;
        return field == TRACE_FIELD_OTHER;
}

static const char *parse_time(const char *text, Sample *sample) {
        usec_t at_usec;

        if (parse_uint64(text, &at_usec) < 0 || at_usec > TIME_MAX)
                return "a time in whole microseconds";
        sample->at_usec = at_usec;
        return NULL;
}

static const char *parse_arm(const char *text, TraceRow *row) {
        if (!streq(text, "0") && !streq(text, "1"))
                return "0 (the old setting) or 1 (the new one)";
        row->arm = text[0] - '0';
        return NULL;
}

static void add_to_counter(uint64_t *counter, uint64_t number) {
        *counter = *counter == COUNTER_UNKNOWN ? number : *counter + number;
}

const char *trace_field_parse(unsigned char field, const char *text, TraceRow *row) {
        uint64_t number;

        if (field == TRACE_FIELD_TIME)
                return parse_time(text, &row->sample);
        /* What could not be read when it was recorded is an empty field. */
        if (field == TRACE_FIELD_OTHER || *text == '\0')
                return NULL;
        if (field == TRACE_FIELD_ARM)
                return parse_arm(text, row);
        if (parse_uint64(text, &number) < 0)
                return trace_field_is_total(field) ? "a total in whole microseconds"
                                                   : "a whole number";
        if (!trace_field_is_total(field)) {
                add_to_counter(&row->sample.counters[field - TRACE_FIELD_COUNTER], number);
                return NULL;
        }
        row->sample.stall_usec[field - TRACE_FIELD_METRIC] = number;
        row->sample.valid[field - TRACE_FIELD_METRIC] = true;
        return NULL;
}

void trace_write_header(FILE *out) {
        (void) fputs("time_us", out);
        for (int metric = 0; metric < _METRIC_MAX; metric++)
                (void) fprintf(out, ",%s", metric_columns[metric]);
        for (int counter = 0; counter < _COUNTER_MAX; counter++)
                (void) fprintf(out, ",%s", counter_to_string(counter));
        (void) fputc('\n', out);
}

void trace_write_row(FILE *out, const Sample *sample, usec_t start_usec) {
        (void) fprintf(out, "%" PRIu64, sample->at_usec - start_usec);
        for (int metric = 0; metric < _METRIC_MAX; metric++)
                if (sample->valid[metric])
                        (void) fprintf(out, ",%" PRIu64, sample->stall_usec[metric]);
                else
                        (void) fputc(',', out);
        for (int counter = 0; counter < _COUNTER_MAX; counter++)
                if (sample->counters[counter] != COUNTER_UNKNOWN)
                        (void) fprintf(out, ",%" PRIu64, sample->counters[counter]);
                else
                        (void) fputc(',', out);
        (void) fputc('\n', out);
}
