/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/finding-rules.h"

/* A cgroup that fills its limit is well as long as nobody waits: most of it may be page cache. It
 * is thrashing when its tasks wait for memory, or what was just taken from it comes back. */

/* In 1/10000. */
#define STALLED_HIGH 1000
#define STALLED_VERY_HIGH 4000
#define REFAULT_HIGH 500 /* of the limit, a second */
/* Pages a second, whatever the limit. */
#define REFAULT_MIN 256

typedef struct Trouble {
        int some; /* stalled, in 1/10000; -1 when not known */
        int full;
        int64_t refaults; /* pages a second; -1 when not known */
        int64_t hits;     /* since the earlier reading */
        int64_t kills;
        bool full_before;
} Trouble;

static int64_t difference(int64_t before, int64_t now) {
        return before < 0 || now < before ? -1 : now - before;
}

static int stalled(const PressureLine *before, const PressureLine *now, usec_t elapsed_usec) {
        int average = now->valid ? (int) now->permyriad[PRESSURE_10S] : -1;
        return before ? MAX_OF(average, pressure_since(before, now, elapsed_usec)) : average;
}

static Trouble trouble_of(const Case *c, const Cgroup *cgroup) {
        const Cgroup *before = c->before ? cgroups_find(&c->before->cgroups, cgroup->path) : NULL;
        usec_t elapsed = before ? c->now->at_usec - c->before->at_usec : 0;
        Trouble trouble = {
                .some = stalled(before ? &before->some : NULL, &cgroup->some, elapsed),
                .full = stalled(before ? &before->full : NULL, &cgroup->full, elapsed),
                .refaults = before ? difference(before->refault, cgroup->refault) : -1,
                .hits = before ? difference(before->hits, cgroup->hits) : -1,
                .kills = before ? difference(before->oom_kill, cgroup->oom_kill) : -1,
                .full_before = before && cgroup_is_full(before),
        };

        if (trouble.refaults > 0)
                trouble.refaults =
                        elapsed == 0
                                ? -1
                                : (int64_t) ((__int128) trouble.refaults * USEC_PER_SEC / elapsed);
        return trouble;
}

static bool is_thrashing(const Case *c, const Cgroup *cgroup, const Trouble *trouble) {
        uint64_t page = c->now->facts->context.page_bytes;
        int64_t limit = cgroup_limit(cgroup);

        if (!cgroup_is_full(cgroup) && !trouble->full_before && trouble->hits <= 0)
                return false;
        if (trouble->some >= STALLED_HIGH)
                return true;
        return trouble->refaults >= REFAULT_MIN &&
               share_of((uint64_t) trouble->refaults * page, (uint64_t) limit) >= REFAULT_HIGH;
}

/* "its tasks waited 42 % of the time; 5300 pages a second came back" */
static void describe(const Trouble *trouble, char buffer[static 160]) {
        char percent[16];
        size_t used = 0;

        buffer[0] = '\0';
        if (trouble->some > 0) {
                format_share((unsigned) trouble->some, percent);
                used = (size_t) snprintf(
                        buffer, 160, " Its tasks wait for memory %s of the time.", percent);
        }
        if (trouble->refaults > 0)
                (void) snprintf(buffer + used,
                                160 - used,
                                " %lld pages a second come back right after they were taken.",
                                (long long) trouble->refaults);
}

static void add_thrashing(const Case *c, const Cgroup *cgroup, const Trouble *trouble) {
        bool by_high = cgroup->high >= 0 && cgroup_limit(cgroup) == cgroup->high;
        const char *file = c->now->cgroups.version == 1 ? "memory.limit_in_bytes"
                           : by_high                    ? "memory.high"
                                                        : "memory.max";
        _cleanup_(freep) char *next =
                text_format("raise its %s, or find who grew: memctl inspect cgroups", file);
        char size[32], what[160];

        format_size((uint64_t) cgroup_limit(cgroup), size);
        describe(trouble, what);
        finding_add(c,
                    trouble->full >= STALLED_HIGH || trouble->some >= STALLED_VERY_HIGH
                            ? FINDING_BAD
                            : FINDING_WARNING,
                    "cgroup-thrashing",
                    NULL,
                    next,
                    "The cgroup %s is thrashing at its limit of %s (%s).%s",
                    cgroup->path,
                    size,
                    file,
                    what);
}

static void add_killing(const Case *c, const Cgroup *cgroup) {
        char size[32];

        format_size((uint64_t) cgroup_limit(cgroup), size);
        finding_add(c,
                    FINDING_BAD,
                    "cgroup-oom-kill-now",
                    NULL,
                    "memctl oom",
                    "The OOM killer is at work in the cgroup %s, whose limit is %s: it has ended "
                    "%lld processes there.",
                    cgroup->path,
                    size,
                    (long long) cgroup->oom_kill);
}

/* Kills of some day, of how many cgroups, and where most. */
typedef struct Killed {
        const Cgroup *most;
        size_t n;
} Killed;

static void add_killed(const Case *c, const Killed *killed) {
        char others[64] = "";

        if (killed->n == 0)
                return;
        if (killed->n > 1)
                (void) snprintf(others,
                                sizeof(others),
                                ", and some in %zu other%s",
                                killed->n - 1,
                                killed->n > 2 ? "s" : "");
        finding_add(c,
                    FINDING_NOTE,
                    "cgroup-oom-kill",
                    NULL,
                    "memctl oom",
                    "Processes that the OOM killer ended in the cgroup %s because of its limit: "
                    "%lld%s.",
                    killed->most->path,
                    (long long) killed->most->oom_kill,
                    others);
}

static void
count_kills(const Case *c, const Cgroup *cgroup, const Trouble *trouble, Killed *killed) {
        /* What is above it counts it as well; the one with the limit is meant. */
        if (cgroup->oom_kill <= 0 || cgroup_limit(cgroup) <= 0)
                return;
        if (trouble->kills > 0) {
                add_killing(c, cgroup);
                return;
        }
        killed->n++;
        if (!killed->most || cgroup->oom_kill > killed->most->oom_kill)
                killed->most = cgroup;
}

void finding_rule_cgroups(const Case *c) {
        Killed killed = {0};

        for (size_t i = 0; i < c->now->cgroups.n; i++) {
                const Cgroup *cgroup = &c->now->cgroups.items[i];
                if (cgroup->oom_kill <= 0 && !cgroup_is_close(cgroup))
                        continue;
                Trouble trouble = trouble_of(c, cgroup);
                if (is_thrashing(c, cgroup, &trouble))
                        add_thrashing(c, cgroup, &trouble);
                count_kills(c, cgroup, &trouble, &killed);
        }
        add_killed(c, &killed);
}
