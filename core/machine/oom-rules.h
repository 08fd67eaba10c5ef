/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The rules of the diagnosis: each looks whether it explains the event, and concludes if so. */

#include "core/machine/oom-account.h"

/* All that the rules look at. */
typedef struct OomCase {
        OomEvent *event;
        OomAccount account;
        OomStanding standing;
} OomCase;

void oom_conclude(OomCase *c,
                  OomClass class,
                  OomConfidence confidence,
                  const char *next,
                  const char *format,
                  ...) _printf_(5, 6);

#define MIB(kb) (MAX_OF((kb), (int64_t) 0) / 1024)

/* More than so many percent of it; false when either is not known. */
static inline bool oom_above(int64_t part, int64_t whole, int64_t percent) {
        return part >= 0 && whole > 0 && part / percent > whole / 100;
}

static inline const char *oom_who(const OomCase *c) {
        return *c->event->invoker.comm ? c->event->invoker.comm : "an allocation";
}

/* Where the zones stood. */
bool oom_rule_order(OomCase *c);
bool oom_rule_absurd(OomCase *c);
bool oom_rule_lowmem(OomCase *c);
bool oom_rule_no_shortage(OomCase *c);
bool oom_rule_watermark(OomCase *c);
bool oom_rule_failure(OomCase *c);

/* What held the memory. */
bool oom_rule_slab(OomCase *c);
bool oom_rule_eater(OomCase *c);
bool oom_rule_anon(OomCase *c);
