/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Text into a page that is HTML and well-formed XML as well: what means something there is escaped,
 * and what XML cannot hold (control characters, what is no UTF-8) becomes U+FFFD.
 */

#include "core/base/util.h"

void html_text(FILE *file, const char *text);
/* The same of what the format comes to. */
void html_format(FILE *file, const char *format, ...) _printf_(2, 3);
/* <name class="class">text</name>; class may be NULL. */
void html_element(FILE *file, const char *name, const char *class, const char *text);
