/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/manager.h"

#include <stdarg.h>
#include <time.h>

#include "daemon/log.h"
#include "daemon/manager-private.h"
#include "daemon/state.h"

static const char *const state_names[_MANAGER_STATE_MAX] = {
        [MANAGER_IDLE] = "idle",
        [MANAGER_APPLYING] = "applying",
        [MANAGER_PROBATION] = "probation",
        [MANAGER_TRIAL] = "trial",
        [MANAGER_KEPT] = "kept",
        [MANAGER_REVERTING] = "reverting",
        [MANAGER_REVERTED] = "reverted",
};

const char *manager_state_to_string(ManagerState state) {
        return state >= 0 && state < _MANAGER_STATE_MAX ? state_names[state] : NULL;
}

void refusal_done(Refusal *refusal) {
        free(refusal->text);
        *refusal = (Refusal){0};
}

int refuse(Refusal *refusal, const char *name, const char *format, ...) {
        va_list ap;

        refusal_done(refusal);
        refusal->name = name;
        va_start(ap, format);
        int r = vasprintf(&refusal->text, format, ap);
        va_end(ap);
        if (r < 0)
                refusal->text = NULL;
        return -EPERM;
}

static usec_t clock_now(clockid_t clock) {
        struct timespec now;

        (void) clock_gettime(clock, &now);
        return (usec_t) now.tv_sec * USEC_PER_SEC + (usec_t) now.tv_nsec / 1000;
}

usec_t manager_boottime(void) {
        return clock_now(CLOCK_BOOTTIME);
}

usec_t manager_realtime(void) {
        return clock_now(CLOCK_REALTIME);
}

static int read_facts(Manager *manager) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;

        int r = facts_read(manager->root, &problems, &manager->facts);
        if (r < 0) {
                _cleanup_(freep) char *text = problems_format(&problems);
                log_error("cannot read the facts of this machine: %s", text ? text : strerror(-r));
        }
        return r;
}

/* Without it the daemon works all the same, but forgets its samples when it ends. */
static void open_runtime(Manager *manager, const char *dir) {
        if (!dir)
                return;
        manager->runtime_fd = state_open(dir);
        if (manager->runtime_fd < 0)
                log_warning("cannot open the runtime folder %s: %s",
                            dir,
                            strerror(-manager->runtime_fd));
}

/* What has time until the next sample: no wakeup of its own. */
static void on_tick(void *userdata) {
        Manager *manager = userdata;

        manager_age_boot_guard(manager);
        manager_age_hold(manager);
        manager_look_for_drift(manager);
}

int manager_new(const ManagerOptions *options, Manager **ret) {
        _cleanup_(manager_freep) Manager *manager = calloc(1, sizeof(*manager));

        if (!manager)
                return -ENOMEM;
        manager->state_fd = -1;
        manager->runtime_fd = -1;
        manager->root = options->root;
        manager->event = sd_event_ref(options->event);
        manager->config = options->config;
        if (options->config_file && !(manager->config_file = strdup(options->config_file)))
                return -ENOMEM;
        manager->state_fd = state_open(options->state_dir);
        if (manager->state_fd < 0) {
                log_error("cannot open the state folder %s: %s",
                          options->state_dir,
                          strerror(-manager->state_fd));
                return manager->state_fd;
        }
        open_runtime(manager, options->runtime_dir);
        int r = read_facts(manager);
        if (r >= 0)
                r = events_new(manager->state_fd, &manager->events);
        if (r >= 0)
                r = manager_sample_scopes(manager);
        if (r < 0)
                return r;
        baseline_set_tick(manager->baselines[0], on_tick, manager);
        *ret = TAKE_PTR(manager);
        return 0;
}

Manager *manager_free(Manager *manager) {
        if (!manager)
                return NULL;
        manager_forget_confirmation(manager);
        manager_forget_account(manager);
        probation_freep(&manager->probation);
        trial_run_freep(&manager->trial_run);
        plan_freep(&manager->arm_plans[0]);
        plan_freep(&manager->arm_plans[1]);
        undoing_done(&manager->undoing);
        journal_freep(&manager->pending);
        journal_freep(&manager->kept);
        quarantine_done(&manager->quarantine);
        drift_watch_done(&manager->drift);
        rivals_done(&manager->rivals);
        hold_done(&manager->hold);
        while (manager->n_baselines > 0)
                baseline_freep(&manager->baselines[--manager->n_baselines]);
        closep(&manager->runtime_fd);
        events_freep(&manager->events);
        closep(&manager->state_fd);
        (void) sd_event_unref(manager->event);
        free(manager->config_file);
        free(manager);
        return NULL;
}

void manager_set_listener(Manager *manager, ManagerListener listener, void *userdata) {
        manager->listener = listener;
        manager->listener_userdata = userdata;
}

void manager_set_state(Manager *manager, ManagerState state) {
        manager->state = state;
        if (manager->listener)
                manager->listener(manager->listener_userdata);
}

ManagerState manager_rest_state(const Manager *manager, ManagerState otherwise) {
        return manager->kept ? MANAGER_KEPT : otherwise;
}

/* Never one that an event or a journal on this machine has had. */
uint64_t manager_next_id(Manager *manager) {
        uint64_t id = MAX_OF(manager->last_id, events_last(manager->events)) + 1;

        if (manager->kept)
                id = MAX_OF(id, manager->kept->id + 1);
        manager->last_id = id;
        return id;
}

int manager_release(Manager *manager, const char *name, const char *by, Refusal *ret_refusal) {
        int r = quarantine_release(&manager->quarantine, manager->state_fd, name);
        if (r == -ENOENT)
                return refuse(ret_refusal, MEMCTL_ERROR_NOTHING, "%s is not quarantined", name);
        if (r < 0)
                return refuse(ret_refusal,
                              MEMCTL_ERROR_FAILED,
                              "cannot record that %s is released: %s; it stays quarantined",
                              name,
                              strerror(-r));
        Event *event = event_new(EVENT_RELEASED, name, 0);
        if (event) {
                (void) event_set_message(event, "%s may be applied again.", name);
                if (by)
                        (void) event_add(event, "by", "%s", by);
        }
        events_emit(manager->events, event);
        manager_set_state(manager, manager->state);
        return 0;
}

int manager_reload(Manager *manager, const char *by, Refusal *ret_refusal) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        Config config;

        int r = config_load(manager->root, manager->config_file, &problems, &config);
        _cleanup_(freep) char *text = problems_format(&problems);
        if (r < 0)
                return refuse(ret_refusal,
                              MEMCTL_ERROR_FAILED,
                              "the configuration has errors, the old one stays in force:\n%s",
                              text ? text : strerror(-r));
        if (problems.n > 0)
                log_warning("%s", text ? text : "");
        manager->config = config;
        log_set_level(config.log_level);
        for (size_t i = 0; i < manager->n_baselines; i++) {
                r = baseline_set_interval(manager->baselines[i], config.sample_usec);
                if (r < 0)
                        log_warning("cannot set the sample interval: %s", strerror(-r));
        }
        Event *event = event_new(EVENT_RELOADED, NULL, 0);
        if (event) {
                (void) event_set_message(event, "The configuration was read again.");
                if (by)
                        (void) event_add(event, "by", "%s", by);
        }
        events_emit(manager->events, event);
        return 0;
}

const Root *manager_root(const Manager *manager) {
        return manager->root;
}

const Facts *manager_facts(const Manager *manager) {
        return &manager->facts;
}

Events *manager_events(const Manager *manager) {
        return manager->events;
}

sd_event *manager_event_loop(const Manager *manager) {
        return manager->event;
}

ManagerState manager_state(const Manager *manager) {
        return manager->state;
}

static const Journal *in_force(const Manager *manager) {
        return manager->pending ? manager->pending : manager->kept;
}

const char *manager_profile(const Manager *manager) {
        return in_force(manager) ? in_force(manager)->profile : "";
}

uint64_t manager_transaction(const Manager *manager) {
        return in_force(manager) ? in_force(manager)->id : 0;
}

bool manager_is_quarantined(const Manager *manager, const char *name) {
        return quarantine_find(&manager->quarantine, name) != NULL;
}

size_t manager_n_quarantined(const Manager *manager) {
        return manager->quarantine.n;
}

const char *manager_quarantined(const Manager *manager, size_t i) {
        return manager->quarantine.items[i].profile;
}

bool manager_probation(Manager *manager, ProbationView *ret) {
        const Journal *journal = manager->pending;

        if (!manager->probation || manager->state != MANAGER_PROBATION)
                return false;
        ProbationView view = {
                .started_usec = journal->started_usec,
                .deadline_usec = journal->deadline_usec,
                .now_usec = manager_boottime(),
                .confirm = journal->confirm,
                .limits = journal->limits,
                .n_limits = journal->n_limits,
                .oom_limit = journal->oom_limit,
                .killed = journal->kills.killed,
                .regressions = journal->regressions,
                .n_regressions = journal->n_regressions,
                .on_regression = journal->on_regression,
        };
        const Judge *judge = probation_judge(manager->probation);
        size_t metric;
        view.n_baseline = judge_baseline_blocks(judge);
        view.evidence = detect_evidence(judge_detect(judge), &metric);
        memcpy(view.before, journal->before, sizeof(view.before));
        probation_pressure(manager->probation, view.pressure);
        *ret = view;
        return true;
}
