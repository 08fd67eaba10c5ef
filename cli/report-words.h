/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A report in words: what the terminal and the page both say. */

#include "core/report.h"

#define WORDS_MAX 192

typedef enum Tone {
        TONE_PLAIN,
        TONE_GOOD,
        TONE_WARN,
        TONE_BAD,
        _TONE_MAX,
} Tone;

/* "plain", "good", "warn", "bad". */
const char *tone_to_string(Tone tone);

/* "reverted", "kept", "would be reverted", "the new setting is worse"; and how it sounds. */
const char *report_headline(const Report *report, Tone *ret);
/* The profile's name, or what stands for it. */
const char *report_title(const Report *report);
/* What the report says of itself, else the same of its numbers. NULL without memory. */
char *report_sentence(const Report *report);
/* What is known of the evidence, a sentence each. */
#define WORDS_EVIDENCE_MAX 4
size_t report_evidence(const Report *report, char ret[static WORDS_EVIDENCE_MAX][WORDS_MAX]);

/* "0.48 %", "12 %", "<0.01 %"; "-" when negative. */
void words_share(double share, char buffer[static 32]);
/* The same without the unit. */
void words_percent(double share, char buffer[static 32]);
/* "0.48 % (0.41 to 0.56)", "-". */
void words_mean(const ReportMean *mean, char buffer[static WORDS_MAX]);
/* "+1.4", "-0.05", of a difference of shares, in percentage points. */
void words_points(double points, char buffer[static 32]);
/* "3min 20s", "2.5s". */
void words_seconds(double seconds, char buffer[static 64]);
/* "0.5 %", "20 %": a share on an axis. */
void words_axis_share(double share, char buffer[static 32]);
/* "-10min", "0", "+2h": a time on an axis. */
void words_tick(double seconds, char buffer[static 64]);
/* "2024-11-23 12:01:04 UTC", in local time; "-" for 0. */
void words_when(usec_t realtime_usec, char buffer[static 64]);
/* "1234", "0.25". */
void words_rate(double rate, char buffer[static 32]);
/* "x6", "+2 %", "-40 %", "new", "gone", "same"; times is the sign for "times". */
void words_change(const ReportRate *rate, const char *times, char buffer[static 32]);
/* "pages scanned by processes that wait for memory"; "" when it says all itself. */
const char *words_of_rate(const char *name);
