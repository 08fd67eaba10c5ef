/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Kernel messages out of a log, however it was recorded: what dmesg, syslog, the journal, a serial
 * console, /dev/kmsg, logcat or a mail put before them is taken off, lines that a mail or a
 * terminal broke are put together again, and what programs other than the kernel said is left out.
 */

#include "core/base/util.h"

/* Longer ones are cut: the longest line of a dump on a machine with 64 nodes is a tenth of it. */
#define OOM_LINE_MAX ((size_t) 64 * 1024)
/* A prefix that is longer says no more about the time. */
#define OOM_PREFIX_MAX ((size_t) 96)

/* A message, NUL-terminated, without prefix and without blanks at its end. */
typedef int (*OomLineFunc)(char *message, size_t n, void *userdata);

typedef struct OomLines {
        char *pending; /* OOM_LINE_MAX + 1 bytes; what the next line may continue */
        size_t n;
        char prefix[OOM_PREFIX_MAX]; /* what stood before the pending message */
        bool wrapping; /* the log has prefixes: a line without one continues the last */
        bool blank;    /* the last line ended in a blank: it was broken there */
        OomLineFunc func;
        void *userdata;
} OomLines;

int oom_lines_init(OomLines *lines, OomLineFunc func, void *userdata);
void oom_lines_done(OomLines *lines);
/* One line as it stands in the log, without its newline; text[n] is there, and is overwritten.
 * Returns what the function returned when that was negative. */
int oom_lines_push(OomLines *lines, char *text, size_t n);
/* The log ends here. */
int oom_lines_flush(OomLines *lines);

typedef enum OomOrigin {
        OOM_ORIGIN_NONE,    /* no prefix */
        OOM_ORIGIN_KERNEL,  /* a prefix of the kernel's log */
        OOM_ORIGIN_FOREIGN, /* another program's line */
} OomOrigin;

/* What stands before the message; *ret_skip is its length. The text is NUL-terminated at n. */
OomOrigin oom_line_prefix(const char *text, size_t n, size_t *ret_skip);
