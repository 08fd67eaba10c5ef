/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/zones.h"

#include "core/machine/oom-scan.h"

/* A machine of 1,024 CPUs and eight nodes stays far below. */
#define ZONEINFO_MAX ((size_t) 64 * 1024 * 1024)

#define PAGES_MAX ((int64_t) 1 << 44)

typedef struct Parser {
        Zones zones;
        bool in_zone; /* between "pages free" and "pagesets": the zone's own numbers */
} Parser;

/* Bounded, so that sums over all zones cannot overflow. */
static bool scan_pages(const char **p, int64_t *ret) {
        if (!scan_number(p, ret))
                return false;
        *ret = MIN_OF(*ret, PAGES_MAX);
        return true;
}

static Zone *last_zone(const Parser *parser) {
        return parser->zones.n > 0 ? &parser->zones.items[parser->zones.n - 1] : NULL;
}

/* "Node 0, zone   Normal" */
static int add_zone(Parser *parser, const char *line) {
        static const char middle[] = ", zone ";
        Zone zone = {.free = FIGURE_NONE,
                     .boost = FIGURE_NONE,
                     .min = FIGURE_NONE,
                     .low = FIGURE_NONE,
                     .high = FIGURE_NONE,
                     .promo = FIGURE_NONE,
                     .spanned = FIGURE_NONE,
                     .present = FIGURE_NONE,
                     .managed = FIGURE_NONE,
                     .cma = FIGURE_NONE};
        const char *p = line + strlen("Node");
        int64_t node = 0;

        if (!scan_number(&p, &node) || node > UINT16_MAX || !text_starts_with(p, middle))
                return 0;
        p += strlen(middle);
        p += strspn(p, " ");
        zone.node = (unsigned) node;
        (void) snprintf(zone.name, sizeof(zone.name), "%s", p);
        if (array_grow(&parser->zones.items, parser->zones.n, sizeof(Zone)) < 0)
                return -ENOMEM;
        parser->zones.items[parser->zones.n++] = zone;
        parser->in_zone = false;
        return 0;
}

/* The number of that name in the struct; NULL for a counter. */
static int64_t *find_field(Zone *zone, const char *name, size_t n) {
        const struct {
                const char *name;
                int64_t *field;
        } fields[] = {
                {"boost", &zone->boost},
                {"min", &zone->min},
                {"low", &zone->low},
                {"high", &zone->high},
                {"promo", &zone->promo},
                {"spanned", &zone->spanned},
                {"present", &zone->present},
                {"managed", &zone->managed},
                {"cma", &zone->cma},
        };

        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                if (strlen(fields[i].name) == n && strncmp(fields[i].name, name, n) == 0)
                        return fields[i].field;
        return NULL;
}

/* "(0, 965, 1948)" */
static void parse_protection(Zone *zone, const char *p) {
        p += strspn(p, " (");
        while (zone->n_protection < ZONE_CLASSES_MAX &&
               scan_pages(&p, &zone->protection[zone->n_protection])) {
                zone->n_protection++;
                p += strspn(p, ",");
        }
}

static int parse_number(Zone *zone, char *line) {
        size_t n = strcspn(line, " ");
        const char *p = line + n;
        int64_t *field = find_field(zone, line, n);

        if (field) {
                (void) scan_pages(&p, field);
                return 0;
        }
        return figures_add_line(&zone->counters, line);
}

static int parse_line(Parser *parser, char *line) {
        static const char free_pages[] = "pages free", protection[] = "protection:";
        Zone *zone = last_zone(parser);
        char *text = line + strspn(line, " ");
        int64_t count = 0;

        if (text_starts_with(line, "Node "))
                return add_zone(parser, line);
        if (!zone)
                return 0;
        if (text_starts_with(text, free_pages)) {
                const char *p = text + strlen(free_pages);
                (void) scan_pages(&p, &zone->free);
                parser->in_zone = true;
        } else if (text_starts_with(text, protection))
                parse_protection(zone, text + strlen(protection));
        else if (streq(text, "pagesets"))
                parser->in_zone = false;
        else if (text_starts_with(text, "count:")) {
                const char *p = text + strlen("count:");
                if (scan_pages(&p, &count))
                        zone->pcp = MIN_OF(zone->pcp + count, PAGES_MAX);
        } else if (parser->in_zone)
                return parse_number(zone, text);
        return 0;
}

int zones_parse(char *text, Zones *ret) {
        Parser parser = {.zones.text = text};
        int r = 0;

        for (char *line = text; *line && r >= 0;) {
                char *end = line + strcspn(line, "\n");
                bool last = *end == '\0';
                *end = '\0';
                r = parse_line(&parser, line);
                line = last ? end : end + 1;
        }
        if (r >= 0 && parser.zones.n == 0)
                r = -EBADMSG;
        if (r < 0)
                zones_done(&parser.zones);
        else
                *ret = parser.zones;
        return r;
}

int zones_read(const Root *root, Zones *ret) {
        char *text = NULL;

        int r = root_read_max(root, "proc/zoneinfo", ZONEINFO_MAX, &text);
        return r < 0 ? r : zones_parse(text, ret);
}

void zones_done(Zones *zones) {
        for (size_t i = 0; i < zones->n; i++)
                figures_done(&zones->items[i].counters);
        free(zones->items);
        free(zones->text);
        *zones = (Zones){0};
}

bool zone_is_populated(const Zone *zone) {
        return zone->present > 0;
}

ZoneLevel zone_level(const Zone *zone) {
        if (zone->free < zone->min)
                return ZONE_BELOW_MIN;
        if (zone->free < zone->low)
                return ZONE_BELOW_LOW;
        return zone->free < zone->high ? ZONE_BELOW_HIGH : ZONE_ABOVE_HIGH;
}

const char *zone_level_to_string(ZoneLevel level) {
        static const char *const names[_ZONE_LEVEL_MAX] = {
                [ZONE_BELOW_MIN] = "below-min",
                [ZONE_BELOW_LOW] = "below-low",
                [ZONE_BELOW_HIGH] = "below-high",
                [ZONE_ABOVE_HIGH] = "above-high",
        };

        return names[level];
}

int64_t zone_reserve(const Zone *zone) {
        int64_t reserve = 0;

        for (size_t i = 0; i < zone->n_protection; i++)
                reserve = MAX_OF(reserve, zone->protection[i]);
        reserve += MAX_OF(zone->high, (int64_t) 0);
        return MIN_OF(reserve, MAX_OF(zone->managed, (int64_t) 0));
}

int64_t zones_total_reserve(const Zones *zones) {
        int64_t total = 0;

        for (size_t i = 0; i < zones->n; i++)
                total += zone_reserve(&zones->items[i]);
        return total;
}
