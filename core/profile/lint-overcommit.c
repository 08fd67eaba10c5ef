/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/lint-internal.h"

#define OVERCOMMIT_STRICT 2
/* What strict overcommit should promise at least where there is no swap. */
#define PROMISE_MIN_PERCENT 80

static void check_idle(const Lint *lint, uint64_t mode) {
        static const char *const idle[] = {
                "vm.overcommit_ratio",
                "vm.overcommit_kbytes",
                "vm.admin_reserve_kbytes",
                "vm.user_reserve_kbytes",
        };

        for (size_t i = 0; i < ELEMENTSOF(idle); i++) {
                const Setting *setting = NULL;
                uint64_t number = 0;
                if (lint_sets(lint, idle[i], &number, &setting))
                        lint_tell(lint,
                                  RULE_OVERCOMMIT_IDLE,
                                  setting,
                                  "set vm.overcommit_memory: 2 too, or leave it out",
                                  "%s does nothing while vm.overcommit_memory is %lu",
                                  idle[i],
                                  (unsigned long) mode);
        }
}

/* What may be promised of RAM, in percent; false when not known. */
static bool promised_percent(const Lint *lint, uint64_t *ret) {
        uint64_t kib = 0, ram_kib = lint->context->facts->ram_bytes / 1024;

        if (lint_number(lint, "vm.overcommit_kbytes", &kib) && kib > 0 && ram_kib > 0) {
                *ret = kib / (ram_kib / 100 + 1);
                return true;
        }
        return lint_number(lint, "vm.overcommit_ratio", ret);
}

static void check_narrow(const Lint *lint) {
        const Setting *setting = NULL;
        uint64_t mode = 0, percent = 0;

        if (!lint_sets(lint, "vm.overcommit_memory", &mode, &setting) ||
            mode != OVERCOMMIT_STRICT || lint->context->facts->swap_kinds != SWAP_NONE ||
            !promised_percent(lint, &percent) || percent >= PROMISE_MIN_PERCENT)
                return;
        lint_tell(lint,
                  RULE_OVERCOMMIT_NARROW,
                  setting,
                  "set vm.overcommit_ratio to 80 to 95",
                  "strict overcommit promises %lu %% of RAM, and there is no swap: malloc and fork "
                  "will fail on a half-empty machine",
                  (unsigned long) percent);
}

void lint_overcommit(const Lint *lint) {
        uint64_t mode = 0;

        if (lint_number(lint, "vm.overcommit_memory", &mode) && mode != OVERCOMMIT_STRICT)
                check_idle(lint, mode);
        check_narrow(lint);
}
