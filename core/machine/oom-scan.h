/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Reading numbers out of messages that may be cut anywhere; nothing here fails loudly. */

#include "core/base/util.h"

/* A number at *p, after blanks; moves *p behind it. False, and nothing moved, when none is there.
 * What is too large becomes the largest. */
bool scan_number(const char **p, int64_t *ret);
/* The same with a sign. */
bool scan_signed(const char **p, int64_t *ret);
/* The number right behind the first place where the key stands; -1 when there is none. */
int64_t scan_after(const char *text, const char *key);
/* A copy of what begins behind the key and ends before the first of the stops, or the end of the
 * text; *ret NULL when the key is not there. -ENOMEM. */
int scan_copy(const char *text, const char *key, const char *const stops[], char **ret);
