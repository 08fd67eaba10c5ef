/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/inspect-print.h"

#include <inttypes.h>

#include "core/base/quantity.h"

static const SizeText unknown = {"-"};

SizeText size_text(int64_t bytes) {
        SizeText text = {""};

        if (bytes < 0)
                return unknown;
        format_size((uint64_t) bytes, text.text);
        return text;
}

SizeText share_text(int permyriad) {
        SizeText text = {""};

        if (permyriad < 0)
                return unknown;
        format_share((unsigned) permyriad, text.text);
        return text;
}

SizeText rate_text(int64_t milli) {
        SizeText text = {""};

        if (milli < 0)
                return unknown;
        if (milli >= 10000 || milli % 1000 < 100)
                (void) snprintf(text.text, sizeof(text.text), "%" PRId64, milli / 1000);
        else
                (void) snprintf(text.text,
                                sizeof(text.text),
                                "%" PRId64 ".%" PRId64,
                                milli / 1000,
                                milli % 1000 / 100);
        return text;
}

SizeText count_text(int64_t count) {
        SizeText text = {""};

        if (count < 0)
                return unknown;
        (void) snprintf(text.text, sizeof(text.text), "%" PRId64, count);
        return text;
}

int64_t inspect_page_bytes(const Inspect *inspect) {
        return (int64_t) inspect->machine->facts.context.page_bytes;
}

int64_t inspect_pages(const Inspect *inspect, int64_t pages) {
        int64_t bytes = FIGURE_NONE;

        if (pages >= 0 && __builtin_mul_overflow(pages, inspect_page_bytes(inspect), &bytes))
                return INT64_MAX;
        return bytes;
}

void inspect_zone_name(const Inspect *inspect,
                       unsigned node,
                       const char *name,
                       char buffer[static 32]) {
        if (inspect->machine->facts.n_nodes > 1)
                (void) snprintf(buffer, 32, "%u %s", node, name);
        else
                (void) snprintf(buffer, 32, "%s", name);
}

void inspect_label(const char *label) {
        print_styled(STYLE_DIM, "%-*s", INSPECT_LABEL_WIDTH, label);
}

Style zone_level_style(ZoneLevel level) {
        switch (level) {
        case ZONE_BELOW_MIN:
                return STYLE_BAD;
        case ZONE_BELOW_LOW:
        case ZONE_BELOW_HIGH:
                return STYLE_WARN;
        case ZONE_ABOVE_HIGH:
                return STYLE_GOOD;
        case _ZONE_LEVEL_MAX:
                break;
        }
        return STYLE_PLAIN;
}

/* The column of a level on a bar, at most its width. */
static size_t bar_column(int64_t level, int64_t scale, size_t width) {
        __int128 column =
                scale > 0 ? (__int128) MAX_OF(level, (int64_t) 0) * (int64_t) width / scale : 0;
        return column > (__int128) width ? width : (size_t) column;
}

void inspect_bar(const Zone *zone, size_t width) {
        const int64_t levels[] = {zone->min, zone->low, zone->high};
        int64_t scale = MAX_OF(2 * zone->high, (int64_t) 1);
        size_t full = bar_column(zone->free, scale, width), marks[ELEMENTSOF(levels)];

        /* Each mark gets a column of its own, in their order. */
        for (size_t i = 0; i < ELEMENTSOF(levels); i++) {
                marks[i] = bar_column(levels[i], scale, width);
                if (i > 0 && marks[i] <= marks[i - 1])
                        marks[i] = marks[i - 1] + 1;
        }
        (void) fputs(style_begin(zone_level_style(zone_level(zone))), stdout);
        for (size_t i = 0; i < width; i++) {
                const char *mark = i == marks[0]   ? "m"
                                   : i == marks[1] ? "l"
                                   : i == marks[2] ? "h"
                                                   : NULL;
                if (mark)
                        (void) fputs(mark, stdout);
                else if (i + 1 == width && zone->free > scale)
                        (void) fputs(glyph(GLYPH_BEYOND), stdout);
                else
                        (void) fputs(glyph(i < full ? GLYPH_FULL : GLYPH_EMPTY), stdout);
        }
        (void) fputs(style_end(zone_level_style(zone_level(zone))), stdout);
}

void json_add_known(json_object *object, const char *key, int64_t value) {
        json_add(object, key, value < 0 ? NULL : json_object_new_int64(value));
}
