/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/drift-watch.h"

void drift_watch_done(DriftWatch *watch) {
        plan_freep(&watch->plan);
        free(watch->entries);
        *watch = (DriftWatch){0};
}

static DriftEntry *find(const DriftWatch *watch, KnobRef ref) {
        for (size_t i = 0; watch->plan && i < watch->plan->n; i++)
                if (knob_ref_equal(watch->plan->steps[i].ref, ref))
                        return &watch->entries[i];
        return NULL;
}

int drift_watch_set(DriftWatch *watch, DriftKey key, const Plan *kept, const Plan *pending) {
        _cleanup_(plan_freep) Plan *plan = NULL;

        int r = drift_watched(kept, pending, &plan);
        if (r < 0)
                return r;
        size_t n = plan ? plan->n : 0;
        DriftEntry *entries = calloc(n > 0 ? n : 1, sizeof(DriftEntry));
        if (!entries)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                const DriftEntry *known = find(watch, plan->steps[i].ref);
                if (known && value_equal(&known->drift.set, &plan->steps[i].new))
                        entries[i] = *known;
        }
        plan_freep(&watch->plan);
        free(watch->entries);
        watch->plan = TAKE_PTR(plan);
        watch->entries = entries;
        watch->key = key;
        return 0;
}

bool drift_watch_is_set(const DriftWatch *watch, DriftKey key) {
        return watch->key.kept == key.kept && watch->key.pending == key.pending &&
               watch->key.arm == key.arm;
}

void drift_watch_forget(DriftWatch *watch, KnobRef ref) {
        const DriftEntry *entry = find(watch, ref);

        if (!entry)
                return;
        size_t at = (size_t) (entry - watch->entries);
        free(watch->plan->steps[at].origin);
        watch->plan->n--;
        memmove(watch->plan->steps + at,
                watch->plan->steps + at + 1,
                (watch->plan->n - at) * sizeof(Step));
        memmove(watch->entries + at,
                watch->entries + at + 1,
                (watch->plan->n - at) * sizeof(DriftEntry));
}

bool drift_watch_look(DriftWatch *watch,
                      const Root *root,
                      size_t i,
                      usec_t now_usec,
                      usec_t realtime_usec,
                      DriftNews *ret) {
        DriftEntry *entry = &watch->entries[i];
        Drift drift;

        if (!drift_look(root, &watch->plan->steps[i], &drift)) {
                if (!entry->drifts)
                        return false;
                entry->drifts = entry->gave_up = entry->told_failure = false;
                *ret = DRIFT_NEWS_ENDED;
                return true;
        }
        bool known = entry->drifts;
        bool same = known && drift_equal(&entry->drift, &drift);
        entry->drift = drift;
        entry->drifts = true;
        *ret = same ? DRIFT_NEWS_STILL : known ? DRIFT_NEWS_CHANGED : DRIFT_NEWS_BEGAN;
        if (known)
                return true;
        entry->since_usec = now_usec;
        entry->realtime_usec = realtime_usec;
        return true;
}

const DriftEntry *drift_watch_find(const DriftWatch *watch, KnobRef ref) {
        const DriftEntry *entry = find(watch, ref);

        return entry && entry->drifts ? entry : NULL;
}
