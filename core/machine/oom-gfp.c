/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/oom-gfp.h"

/* The lowest bits of the mask are the zones, in every version (include/linux/gfp_types.h). */
#define GFP_DMA 0x01
#define GFP_HIGHMEM 0x02
#define GFP_DMA32 0x04
#define GFP_MOVABLE 0x08

bool oom_gfp_allows_zone(const OomEvent *event, const char *zone) {
        unsigned long mask;

        if (!event->gfp_mask)
                return true;
        mask = strtoul(event->gfp_mask, NULL, 16);
        if (streq(zone, "Movable"))
                return mask & GFP_HIGHMEM && mask & GFP_MOVABLE;
        if (streq(zone, "HighMem"))
                return mask & GFP_HIGHMEM;
        if (streq(zone, "Normal"))
                return !(mask & (GFP_DMA | GFP_DMA32));
        if (streq(zone, "DMA32"))
                return !(mask & GFP_DMA);
        return !streq(zone, "Device");
}
