/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/lint-internal.h"

/* 500 MB a second for 40 seconds. */
#define DIRTY_HUGE_BYTES (20ull << 30)
#define DIRTY_TINY_BYTES (1ull << 20)

/* One of the two dirty limits, as it will be in force. */
typedef struct DirtyLimit {
        const Setting *setting; /* NULL: the profile does not set it */
        bool known;
        bool is_ratio;
        uint64_t number;
        uint64_t bytes; /* a ratio of all RAM, which is more than the kernel takes it of */
} DirtyLimit;

static DirtyLimit dirty_limit(const Lint *lint, const char *bytes, const char *ratio) {
        DirtyLimit limit = {0};

        if (lint_sets(lint, bytes, &limit.number, &limit.setting))
                limit.known = true;
        else if (lint_sets(lint, ratio, &limit.number, &limit.setting))
                limit.known = limit.is_ratio = true;
        else if (lint_number(lint, bytes, &limit.number) && limit.number > 0)
                limit.known = true;
        else
                limit.known = limit.is_ratio = lint_number(lint, ratio, &limit.number);
        limit.bytes = limit.is_ratio ? lint->context->facts->ram_bytes / 100 * limit.number
                                     : limit.number;
        return limit;
}

static void check_order(const Lint *lint, const DirtyLimit *background, const DirtyLimit *limit) {
        const Setting *setting = background->setting ? background->setting : limit->setting;

        /* 0 as a ratio writes at once, which is no background at all. */
        if (!setting || !background->known || !limit->known || limit->number == 0)
                return;
        bool above = background->is_ratio == limit->is_ratio ? background->number >= limit->number
                                                             : background->bytes >= limit->bytes;
        if (above)
                lint_tell(lint,
                          RULE_BACKGROUND_ABOVE_LIMIT,
                          setting,
                          "set both, the background one lower, in the same unit",
                          "the background dirty limit, %lu%s, is not below the foreground one, "
                          "%lu%s: the kernel takes half of that",
                          (unsigned long) background->number,
                          background->is_ratio ? " %" : " bytes",
                          (unsigned long) limit->number,
                          limit->is_ratio ? " %" : " bytes");
}

static void check_size(const Lint *lint, const DirtyLimit *limit) {
        if (!limit->setting)
                return;
        if (limit->bytes > DIRTY_HUGE_BYTES)
                lint_tell(lint,
                          RULE_DIRTY_HUGE,
                          limit->setting,
                          "give it in bytes, or as {of-ram: 10%, at-most: 4GiB}",
                          "up to %lu GiB may wait to be written: minutes for most disks",
                          (unsigned long) (limit->bytes >> 30));
        if (limit->bytes < DIRTY_TINY_BYTES)
                lint_tell(lint,
                          RULE_DIRTY_TINY,
                          limit->setting,
                          "some seconds of what the disk writes are a good size",
                          "every writer waits for the disk at %lu KiB of unwritten data",
                          (unsigned long) (limit->bytes >> 10));
}

static void check_times(const Lint *lint) {
        const Setting *expire_set = NULL, *wakeup_set = NULL;
        uint64_t expire = 0, wakeup = 0;
        bool sets_expire = lint_sets(lint, "vm.dirty_expire_centisecs", &expire, &expire_set);
        bool sets_wakeup = lint_sets(lint, "vm.dirty_writeback_centisecs", &wakeup, &wakeup_set);

        if ((sets_expire || sets_wakeup) &&
            lint_number(lint, "vm.dirty_expire_centisecs", &expire) &&
            lint_number(lint, "vm.dirty_writeback_centisecs", &wakeup) && expire < wakeup)
                lint_tell(lint,
                          RULE_EXPIRE_BELOW_WAKEUP,
                          expire_set ? expire_set : wakeup_set,
                          "let vm.dirty_writeback_centisecs be half of it or less",
                          "data expires after %lu/100 s, but nobody looks before %lu/100 s",
                          (unsigned long) expire,
                          (unsigned long) wakeup);
}

void lint_writeback(const Lint *lint) {
        const DirtyLimit background =
                dirty_limit(lint, "vm.dirty_background_bytes", "vm.dirty_background_ratio");
        const DirtyLimit limit = dirty_limit(lint, "vm.dirty_bytes", "vm.dirty_ratio");

        check_order(lint, &background, &limit);
        check_size(lint, &limit);
        check_times(lint);
}
