/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/log.h"
#include "daemon/manager-private.h"

/* Whoever asks, the files of others are read no more often than this. */
#define RIVALS_AGE_USEC USEC_PER_MINUTE

const Rivals *manager_rivals(Manager *manager) {
        usec_t now = manager_boottime();

        if (manager->rivals_usec > 0 && now - manager->rivals_usec < RIVALS_AGE_USEC)
                return &manager->rivals;
        rivals_done(&manager->rivals);
        int r = rivals_load(manager->root, &manager->rivals);
        if (r < 0)
                log_warning("cannot look who else sets the knobs: %s", strerror(-r));
        manager->rivals_usec = now;
        return &manager->rivals;
}

char *manager_format_rivals(Manager *manager, const Plan *plan, const char *separator) {
        const Rivals *rivals = manager_rivals(manager);
        char *text = NULL;
        size_t size = 0, n = 0;
        FILE *out = open_memstream(&text, &size);

        if (!out)
                return NULL;
        for (size_t i = 0; plan && i < plan->n; i++) {
                const Step *step = &plan->steps[i];
                if (step->kind == STEP_GUARD || streq(step->origin, ORIGIN_ORIGINAL))
                        continue;
                _cleanup_(freep) char *some =
                        rivals_format(rivals, step->ref, &step->new, separator);
                if (some && some[0])
                        (void) fprintf(out, "%s%s", n++ > 0 ? separator : "", some);
        }
        (void) stream_close(out, &text);
        return text;
}
