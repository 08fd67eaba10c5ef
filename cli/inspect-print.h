/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the views of "memctl inspect" have in common: numbers that may be unknown, and the bar. */

#include "cli/inspect.h"
#include "cli/table.h"

/* "66 MiB", or "-". */
typedef struct SizeText {
        char text[32];
} SizeText;

SizeText size_text(int64_t bytes);
/* "12 %", or "-" for what is negative. */
SizeText share_text(int permyriad);
/* "0.4", "12", or "-": of 1/1000 a second. */
SizeText rate_text(int64_t milli);
/* "12", or "-". */
SizeText count_text(int64_t count);

int64_t inspect_page_bytes(const Inspect *inspect);
/* Pages as bytes; what is not known stays so. */
int64_t inspect_pages(const Inspect *inspect, int64_t pages);
/* "Normal", with its node in front where there are several: "1 Normal". */
void inspect_zone_name(const Inspect *inspect,
                       unsigned node,
                       const char *name,
                       char buffer[static 32]);

/* "  Label     ", the column where the text begins. */
#define INSPECT_LABEL_WIDTH 10
void inspect_label(const char *label);

/* A bar of so many columns that is full up to free, with m, l and h where the watermarks are; it
 * ends at twice the high one. */
void inspect_bar(const Zone *zone, size_t width);
Style zone_level_style(ZoneLevel level);

/* Adds a number, null when it is negative. */
void json_add_known(json_object *object, const char *key, int64_t value);
