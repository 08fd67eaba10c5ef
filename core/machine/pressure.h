/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Pressure Stall Information for people: shares of time in which some or all tasks waited, over the
 * last 10, 60 and 300 seconds (psi_show, kernel/sched/psi.c), and the total, whose difference says
 * what is now. core/machine/sample has the totals alone, for judging a probation.
 */

#include "core/machine/sample.h"

typedef enum PressureWindow {
        PRESSURE_10S,
        PRESSURE_60S,
        PRESSURE_300S,
        _PRESSURE_WINDOW_MAX,
} PressureWindow;

typedef struct PressureLine {
        bool valid;
        unsigned permyriad[_PRESSURE_WINDOW_MAX];
        usec_t total_usec;
} PressureLine;

typedef struct Pressure {
        PressureLine lines[_METRIC_MAX];
        usec_t at_usec;
} Pressure;

/* "some" and "full" of one file. -EBADMSG when it has neither. */
int pressure_parse(const char *text, PressureLine *ret_some, PressureLine *ret_full);
/* The whole system; false when it has no PSI. What is not defined for it (cpu.full) is not valid.
 */
bool pressure_read(const Root *root, usec_t at_usec, Pressure *ret);
/* Stalled share of the time between two readings of a line, in 1/10000; -1 when not known. */
int pressure_since(const PressureLine *before, const PressureLine *now, usec_t elapsed_usec);
