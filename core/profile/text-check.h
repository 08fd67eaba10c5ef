/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a text must be before it is parsed: UTF-8 without anything that a terminal would obey. */

#include "core/base/problem.h"

/* UTF-8, no control character but tab and line ends, no NUL. -EINVAL and the first problem. The
 * text is NUL-terminated behind its size. */
int text_check(const char *file, const char *text, size_t size, Problems *problems);

/* True when a string that escapes may have put together holds a control character; line breaks
 * and tabs are let through when asked for. */
bool text_has_control(const char *text, size_t size, bool allow_breaks);
