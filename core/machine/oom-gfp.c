/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/oom-gfp.h"

#include "core/machine/facts.h"

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

#define V3_10 KERNEL_VERSION_OF(3, 10)
#define V3_16 KERNEL_VERSION_OF(3, 16)
#define V4_1 KERNEL_VERSION_OF(4, 1)
#define V4_4 KERNEL_VERSION_OF(4, 4)
#define V4_5 KERNEL_VERSION_OF(4, 5)
#define V4_6 KERNEL_VERSION_OF(4, 6) /* prints the names */

/*
 * include/linux/gfp.h of 3.10 to 4.5, under the names that 4.6 prints and in its order, those of
 * several bits first. 4.4 gave up __GFP_WAIT and __GFP_NO_KSWAPD for two kinds of reclaim, and
 * moved __GFP_RECLAIMABLE.
 */
/* clang-format off */
static const struct {
        unsigned bits;
        unsigned from, before; /* kernels */
        const char *name;
} flags[] = {
        {0x04352da, V3_10, V4_4, "GFP_TRANSHUGE"},
        {0x00200da, V3_10, V4_4, "GFP_HIGHUSER_MOVABLE"},
        {0x00200d2, V3_10, V4_4, "GFP_HIGHUSER"},
        {0x00200d0, V3_10, V4_4, "GFP_USER"},
        {0x00800d0, V3_10, V4_4, "GFP_TEMPORARY"},
        {0x00000d0, V3_10, V4_4, "GFP_KERNEL"},
        {0x0000050, V3_10, V4_4, "GFP_NOFS"},
        {0x0000020, V3_10, V4_4, "GFP_ATOMIC"},
        {0x0000010, V3_10, V4_4, "GFP_NOIO"},
        {0x04352ca, V4_4,  V4_6, "GFP_TRANSHUGE"},
        {0x24200ca, V4_4,  V4_6, "GFP_HIGHUSER_MOVABLE"},
        {0x24200c2, V4_4,  V4_6, "GFP_HIGHUSER"},
        {0x24200c0, V4_4,  V4_6, "GFP_USER"},
        {0x24000d0, V4_4,  V4_6, "GFP_TEMPORARY"},
        {0x25000c0, V4_5,  V4_6, "GFP_KERNEL_ACCOUNT"},
        {0x24000c0, V4_4,  V4_6, "GFP_KERNEL"},
        {0x2400040, V4_4,  V4_6, "GFP_NOFS"},
        {0x2080020, V4_4,  V4_6, "GFP_ATOMIC"},
        {0x2400000, V4_4,  V4_6, "GFP_NOIO"},
        {0x2000000, V4_4,  V4_6, "GFP_NOWAIT"},
        {0x0000001, V3_10, V4_6, "GFP_DMA"},
        {0x0000002, V3_10, V4_6, "__GFP_HIGHMEM"},
        {0x0000004, V3_10, V4_6, "GFP_DMA32"},
        {0x0000008, V3_10, V4_6, "__GFP_MOVABLE"},
        {0x0000010, V4_4,  V4_6, "__GFP_RECLAIMABLE"},
        {0x0000020, V4_4,  V4_6, "__GFP_HIGH"},
        {0x0000040, V3_10, V4_6, "__GFP_IO"},
        {0x0000080, V3_10, V4_6, "__GFP_FS"},
        {0x0000100, V3_10, V4_6, "__GFP_COLD"},
        {0x0000200, V3_10, V4_6, "__GFP_NOWARN"},
        {0x0000400, V3_10, V4_6, "__GFP_REPEAT"},
        {0x0000800, V3_10, V4_6, "__GFP_NOFAIL"},
        {0x0001000, V3_10, V4_6, "__GFP_NORETRY"},
        {0x0002000, V3_10, V4_6, "__GFP_MEMALLOC"},
        {0x0004000, V3_10, V4_6, "__GFP_COMP"},
        {0x0008000, V3_10, V4_6, "__GFP_ZERO"},
        {0x0010000, V3_10, V4_6, "__GFP_NOMEMALLOC"},
        {0x0020000, V3_10, V4_6, "__GFP_HARDWALL"},
        {0x0040000, V3_10, V4_6, "__GFP_THISNODE"},
        {0x0080000, V3_10, V4_4, "__GFP_RECLAIMABLE"},
        {0x0080000, V4_4,  V4_6, "__GFP_ATOMIC"},
        {0x0100000, V3_10, V3_16, "__GFP_KMEMCG"},
        {0x0100000, V4_1,  V4_5, "__GFP_NOACCOUNT"},
        {0x0100000, V4_5,  V4_6, "__GFP_ACCOUNT"},
        {0x0200000, V3_10, V4_6, "__GFP_NOTRACK"},
        {0x0400000, V3_10, V4_4, "__GFP_NO_KSWAPD"},
        {0x0400000, V4_4,  V4_6, "__GFP_DIRECT_RECLAIM"},
        {0x0800000, V3_10, V4_6, "__GFP_OTHER_NODE"},
        {0x1000000, V3_10, V4_6, "__GFP_WRITE"},
};
/* clang-format on */

/* As lib/vsprintf.c:format_flags() goes through its table. */
int oom_gfp_names(const char *mask, const char *release, char **ret) {
        unsigned long left = strtoul(mask, NULL, 16);
        char text[512] = "", part[32];
        unsigned kernel = 0;
        size_t n = 0;

        *ret = NULL;
        if (left == 0 || kernel_release_parse(release, &kernel) < 0 || kernel < V3_10 ||
            kernel >= V4_6)
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(flags); i++) {
                bool known = kernel >= flags[i].from && kernel < flags[i].before;
                if (!known || (left & flags[i].bits) != flags[i].bits)
                        continue;
                n += (size_t) snprintf(
                        text + n, sizeof(text) - n, "%s%s", n > 0 ? "|" : "", flags[i].name);
                left &= ~(unsigned long) flags[i].bits;
        }
        (void) snprintf(part, sizeof(part), "%s%#lx", n > 0 ? "|" : "", left);
        *ret = text_format("%s%s", text, left > 0 ? part : "");
        return *ret ? 0 : -ENOMEM;
}
