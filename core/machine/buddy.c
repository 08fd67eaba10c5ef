/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/buddy.h"

#include "core/machine/oom-scan.h"

#define PAGES_MAX ((int64_t) 1 << 44)

/* "Node 0, zone   Normal    310    288 ..." */
static bool parse_zone(const char *line, BuddyZone *ret) {
        static const char middle[] = ", zone";
        BuddyZone zone = {0};
        const char *p = line + strlen("Node");
        int64_t node = 0;

        if (!text_starts_with(line, "Node ") || !scan_number(&p, &node) || node > UINT16_MAX ||
            !text_starts_with(p, middle))
                return false;
        p += strlen(middle);
        p += strspn(p, " ");
        size_t n = strcspn(p, " \n");
        (void) snprintf(zone.name, sizeof(zone.name), "%.*s", (int) MIN_OF(n, (size_t) 15), p);
        p += n;
        while (zone.n_orders < BUDDY_ORDERS_MAX && scan_number(&p, &zone.blocks[zone.n_orders])) {
                /* No sum of pages can overflow, nor a thousand times as many. */
                int64_t most = PAGES_MAX >> zone.n_orders;
                zone.blocks[zone.n_orders] = MIN_OF(zone.blocks[zone.n_orders], most);
                zone.n_orders++;
        }
        zone.node = (unsigned) node;
        *ret = zone;
        return zone.n_orders > 0;
}

int buddy_parse(const char *text, Buddy *ret) {
        _cleanup_(buddy_done) Buddy buddy = {0};

        for (const char *line = text; *line;) {
                BuddyZone zone;
                if (parse_zone(line, &zone)) {
                        if (array_grow(&buddy.items, buddy.n, sizeof(zone)) < 0)
                                return -ENOMEM;
                        buddy.items[buddy.n++] = zone;
                }
                line += strcspn(line, "\n");
                line += *line == '\n';
        }
        if (buddy.n == 0)
                return -EBADMSG;
        *ret = buddy;
        buddy = (Buddy){0};
        return 0;
}

int buddy_read(const Root *root, Buddy *ret) {
        _cleanup_(freep) char *text = NULL;

        int r = root_read(root, "proc/buddyinfo", &text);
        return r < 0 ? r : buddy_parse(text, ret);
}

void buddy_done(Buddy *buddy) {
        free(buddy->items);
        *buddy = (Buddy){0};
}

const BuddyZone *buddy_find(const Buddy *buddy, unsigned node, const char *name) {
        for (size_t i = 0; i < buddy->n; i++)
                if (buddy->items[i].node == node && streq(buddy->items[i].name, name))
                        return &buddy->items[i];
        return NULL;
}

int64_t buddy_free_pages(const BuddyZone *zone) {
        int64_t pages = 0;

        for (unsigned order = 0; order < zone->n_orders; order++)
                pages += zone->blocks[order] << order;
        return pages;
}

int64_t buddy_suitable(const BuddyZone *zone, unsigned order) {
        int64_t suitable = 0;

        for (unsigned o = order; o < zone->n_orders; o++)
                suitable += zone->blocks[o] << (o - order);
        return suitable;
}

int64_t buddy_unusable(const BuddyZone *zone, unsigned order) {
        int64_t pages = buddy_free_pages(zone);

        if (pages == 0)
                return 1000;
        return (pages - (buddy_suitable(zone, order) << order)) * 1000 / pages;
}

int64_t buddy_fragmentation(const BuddyZone *zone, unsigned order) {
        int64_t blocks = 0;

        for (unsigned o = 0; o < zone->n_orders; o++)
                blocks += zone->blocks[o];
        if (blocks == 0)
                return 0;
        if (buddy_suitable(zone, order) > 0)
                return -1000;
        return 1000 - (1000 + buddy_free_pages(zone) * 1000 / ((int64_t) 1 << order)) / blocks;
}
