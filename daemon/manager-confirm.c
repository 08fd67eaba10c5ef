/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/quantity.h"
#include "daemon/log.h"
#include "daemon/manager-private.h"

/* After a revert the machine finds its old level again first. */
#define WAIT_USEC USEC_PER_MINUTE
/* A trial that a regression asks for takes no longer than this. */
#define TRIAL_USEC (30 * USEC_PER_MINUTE)

struct Confirmation {
        char *profile;
        uint64_t id; /* of the transaction that regressed */
        Metric metric;
        sd_event_source *timer;
        bool on_trial;
};

static Confirmation *confirmation_free(Confirmation *confirmation) {
        if (!confirmation)
                return NULL;
        (void) sd_event_source_disable_unref(confirmation->timer);
        free(confirmation->profile);
        free(confirmation);
        return NULL;
}
DEFINE_CLEANUP(Confirmation *, confirmation_free)

void manager_forget_confirmation(Manager *manager) {
        confirmation_freep(&manager->confirmation);
}

static void
tell(Manager *manager, const char *profile, uint64_t id, const char *result, const char *text) {
        Event *event = event_new(EVENT_REGRESSION, profile, id);

        if (event) {
                (void) event_set_message(event, "%s", text ? text : result);
                (void) event_add(event, "confirmation", "%s", result);
        }
        events_emit(manager->events, event);
}

static void tell_unconfirmed(Manager *manager, const char *why) {
        _cleanup_(confirmation_freep) Confirmation *confirmation = TAKE_PTR(manager->confirmation);
        _cleanup_(freep) char *text = text_format(
                "The regression of %s is not confirmed, and the profile stays reverted: "
                "%s.",
                confirmation->profile,
                why);

        tell(manager, confirmation->profile, confirmation->id, "not confirmed", text);
}

static int on_wait_over(sd_event_source *source, uint64_t usec, void *userdata) {
        Manager *manager = userdata;
        Confirmation *confirmation = manager->confirmation;
        const TrialOptions options = {.duration_usec = TRIAL_USEC, .metric = confirmation->metric};
        Refusal refusal = {0};
        uint64_t id;

        confirmation->on_trial = true;
        if (manager_begin_trial(manager,
                                confirmation->profile,
                                NULL,
                                &options,
                                NULL,
                                "It regressed; the trial tells whether the change was it.",
                                &id,
                                &refusal) < 0)
                tell_unconfirmed(manager, refusal.text ? refusal.text : "out of memory");
        refusal_done(&refusal);
        return 0;
}

void manager_confirm(
        Manager *manager, const char *profile, uint64_t id, Metric metric, usec_t settling_usec) {
        _cleanup_(confirmation_freep) Confirmation *confirmation = calloc(1, sizeof(*confirmation));

        manager_forget_confirmation(manager);
        if (!confirmation || !(confirmation->profile = strdup(profile)))
                return;
        confirmation->id = id;
        confirmation->metric = metric;
        manager->confirmation = TAKE_PTR(confirmation);
        if (settling_usec == USEC_INFINITY) {
                tell_unconfirmed(manager,
                                 "its knobs take too long for a trial; what was seen is consistent "
                                 "with the change as the cause, and no proof of it");
                return;
        }
        int r = sd_event_add_time_relative(manager->event,
                                           &manager->confirmation->timer,
                                           CLOCK_BOOTTIME,
                                           WAIT_USEC,
                                           USEC_PER_SEC,
                                           on_wait_over,
                                           manager);
        if (r < 0)
                tell_unconfirmed(manager, strerror(-r));
}

/* The new setting does no harm: it goes back, and is kept, as it would have been. */
static void reinstate(Manager *manager) {
        _cleanup_(confirmation_freep) Confirmation *confirmation = TAKE_PTR(manager->confirmation);
        static const char why[] = "a trial found that it does no harm";
        Refusal refusal = {0};
        uint64_t id;

        int r = manager_apply_for(manager,
                                  confirmation->profile,
                                  &(ApplyOptions){.unwatched = true},
                                  NULL,
                                  "The trial found that it does no harm.",
                                  &id,
                                  &refusal);
        if (r >= 0)
                r = manager_keep_pending(manager, why, NULL, NULL, &refusal);
        _cleanup_(freep) char *text =
                r >= 0 ? text_format("%s is reinstated: %s; the load was what changed.",
                                     confirmation->profile,
                                     why)
                       : text_format("%s does no harm, but could not be reinstated: %s",
                                     confirmation->profile,
                                     refusal.text ? refusal.text : strerror(-r));
        tell(manager, confirmation->profile, confirmation->id, "reinstated", text);
        refusal_done(&refusal);
}

/* The upper end of the interval stays below what would be harm. */
static bool excludes_harm(const Trial *trial) {
        Interval difference = trial_difference(trial);
        double harm = MAX_OF(trial->harm, trial_mean(trial, false).mean / 2);

        return difference.half >= 0 && difference.mean + difference.half < harm;
}

void manager_conclude(Manager *manager, const Trial *trial) {
        if (!manager->confirmation || !manager->confirmation->on_trial)
                return;
        if (!trial) {
                tell_unconfirmed(manager, "the trial is void");
                return;
        }
        if (trial->effect == TRIAL_WORSE) {
                _cleanup_(confirmation_freep) Confirmation *confirmation =
                        TAKE_PTR(manager->confirmation);
                _cleanup_(freep) char *text =
                        text_format("The regression of %s is confirmed by a trial (p = %.2g): it "
                                    "stays reverted.",
                                    confirmation->profile,
                                    trial->p);
                tell(manager, confirmation->profile, confirmation->id, "confirmed", text);
                return;
        }
        if (excludes_harm(trial))
                reinstate(manager);
        else
                tell_unconfirmed(manager, "the trial could not decide");
}
