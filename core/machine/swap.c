/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/swap.h"

#include "core/machine/oom-scan.h"

static SwapKind parse_kind(const char *name, size_t n, const char *type) {
        const char *slash = memrchr(name, '/', n);

        if (text_starts_with(slash ? slash + 1 : name, "zram"))
                return SWAP_ZRAM;
        return text_starts_with(type, "file") ? SWAP_FILE : SWAP_DISK;
}

/* "/dev/zram0   partition   8388604   213504   100" */
static bool parse_area(const char *line, SwapArea *ret) {
        size_t n = strcspn(line, " \t\n");
        const char *type = line + n + strspn(line + n, " \t");
        const char *p = type + strcspn(type, " \t\n");
        int64_t size = 0, used = 0, priority = 0;

        if (n == 0 || !scan_number(&p, &size) || !scan_number(&p, &used) ||
            !scan_signed(&p, &priority))
                return false;
        ret->kind = parse_kind(line, n, type);
        ret->size_bytes = MIN_OF(size, FIGURE_MAX / 1024) * 1024;
        ret->used_bytes = MIN_OF(used, FIGURE_MAX / 1024) * 1024;
        ret->priority = (int) MAX_OF(MIN_OF(priority, INT16_MAX), INT16_MIN);
        return true;
}

int swaps_parse(const char *text, Swaps *ret) {
        Swaps swaps = {0};

        /* The first line is the heading. */
        for (const char *line = strchr(text, '\n'); line; line = strchr(line, '\n')) {
                SwapArea area = {0};
                if (!parse_area(++line, &area))
                        continue;
                area.name = strndup(line, strcspn(line, " \t\n"));
                if (!area.name || array_grow(&swaps.items, swaps.n, sizeof(area)) < 0) {
                        free(area.name);
                        swaps_done(&swaps);
                        return -ENOMEM;
                }
                swaps.items[swaps.n++] = area;
        }
        *ret = swaps;
        return 0;
}

int swaps_read(const Root *root, Swaps *ret) {
        _cleanup_(freep) char *text = NULL;

        int r = root_read(root, "proc/swaps", &text);
        if (r == -ENOMEM)
                return r;
        return swaps_parse(r < 0 ? "" : text, ret);
}

void swaps_done(Swaps *swaps) {
        for (size_t i = 0; i < swaps->n; i++)
                free(swaps->items[i].name);
        free(swaps->items);
        *swaps = (Swaps){0};
}
