/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Texts that go out on the bus, or come in from it and are shown. */

#include "core/event.h"
#include "daemon/bus-internal.h"

/* One line of JSON; the caller frees. Takes the object over. NULL without memory, or when the
 * object is NULL. */
char *bus_json_format(json_object *object);

/* D-Bus carries only UTF-8, and one stray byte would fail a whole answer: it becomes '?'. Newlines
 * at the end are cut. */
void bus_text_clean(char *text);

/* A client's word, fit for a message: control characters are '?', the end of a long one is cut. */
#define QUOTE_MAX 80
const char *bus_text_quote(const char *text, char buffer[static QUOTE_MAX]);

/* "root through the private socket", "uid 1000 (alice) through the bus"; the caller frees. */
char *bus_caller_format(const Connection *connection, uid_t uid);
