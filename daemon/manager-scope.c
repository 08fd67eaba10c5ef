/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/store.h"
#include "daemon/log.h"
#include "daemon/manager-private.h"

static Baseline *find(const Manager *manager, const char *scope) {
        for (size_t i = 0; i < manager->n_baselines; i++)
                if (streq(baseline_scope(manager->baselines[i]), scope))
                        return manager->baselines[i];
        return NULL;
}

/* The scope that a change just now judges must stay; of the others the one that was made first
 * goes. */
static void make_room(Manager *manager) {
        size_t i = 1;

        if (manager->n_baselines < MANAGER_SCOPES_MAX)
                return;
        if (manager->probation && probation_baseline(manager->probation) == manager->baselines[i])
                i++;
        baseline_freep(&manager->baselines[i]);
        for (; i + 1 < manager->n_baselines; i++)
                manager->baselines[i] = manager->baselines[i + 1];
        manager->baselines[--manager->n_baselines] = NULL;
}

int manager_find_baseline(Manager *manager, const char *pressure_of, Baseline **ret) {
        const char *scope = pressure_of ? pressure_of : "system";
        Baseline *baseline = find(manager, scope);

        if (!baseline) {
                make_room(manager);
                int r = baseline_new(
                        &(BaselineOptions){
                                .root = manager->root,
                                .event = manager->event,
                                .interval_usec = manager->config.sample_usec,
                                .pressure_of = pressure_of,
                                .runtime_fd = manager->runtime_fd,
                                .boot_id = manager->facts.boot_id,
                        },
                        &baseline);
                if (r < 0)
                        return r;
                manager->baselines[manager->n_baselines++] = baseline;
        }
        *ret = baseline;
        return 0;
}

void manager_mark(Manager *manager, uint64_t id) {
        for (size_t i = 0; i < manager->n_baselines; i++)
                baseline_mark(manager->baselines[i], id);
}

/* A profile that cannot be read or is not for this machine is not applied either. */
static void sample_scope_of(Manager *manager, const char *name) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        _cleanup_(settings_freep) Settings *settings = NULL;
        Baseline *baseline;

        int r = resolve_name(
                manager->root, name, STORE_TRUSTED, &manager->facts, &problems, &settings);
        if (r < 0 || !settings->applicable || manager->n_baselines == MANAGER_SCOPES_MAX)
                return;
        r = manager_find_baseline(manager, settings->watch.pressure_of, &baseline);
        if (r < 0)
                log_warning("cannot sample the pressure of %s: %s",
                            settings->watch.pressure_of,
                            strerror(-r));
}

int manager_sample_scopes(Manager *manager) {
        _cleanup_(store_list_done) StoreList list = {0};
        Baseline *system;

        int r = manager_find_baseline(manager, NULL, &system);
        if (r < 0)
                return r;
        r = store_list(manager->root, &list);
        for (size_t i = 0; r >= 0 && i < list.n; i++)
                sample_scope_of(manager, list.items[i].name);
        return 0;
}
