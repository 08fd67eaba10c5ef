/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The daemon's own words, for the journal: "<N>text" lines on stderr, which systemd takes with
 * their priority. What an operator acts on is an Event (daemon/events.h), not a log line.
 */

#include <syslog.h>

#include "core/base/util.h"

/* Lines above this priority (a larger number) are dropped; LOG_INFO at first. */
void log_set_level(int priority);
/* True when stderr leads to the journal ($JOURNAL_STREAM), so that lines carry "<N>" and an event
 * need not be printed a second time. */
bool log_is_journal(void);

/* One line; newlines in it become several. */
void log_print(int priority, const char *format, ...) _printf_(2, 3);

#define log_debug(...) log_print(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_print(LOG_INFO, __VA_ARGS__)
#define log_notice(...) log_print(LOG_NOTICE, __VA_ARGS__)
#define log_warning(...) log_print(LOG_WARNING, __VA_ARGS__)
#define log_error(...) log_print(LOG_ERR, __VA_ARGS__)
