/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/journal.h"

#include "core/base/json.h"
#include "daemon/state.h"

Journal *journal_new(uint64_t id, const char *profile, const char *boot_id) {
        _cleanup_(journal_freep) Journal *journal = calloc(1, sizeof(*journal));

        if (!journal)
                return NULL;
        journal->id = id;
        journal->profile = strdup(profile);
        journal->values = strdup("");
        if (!journal->profile || !journal->values)
                return NULL;
        (void) snprintf(journal->boot_id, sizeof(journal->boot_id), "%s", boot_id);
        for (size_t i = 0; i < _METRIC_MAX; i++)
                journal->before[i] = -ENODATA;
        journal->kills = OOM_KILLS_INIT;
        return TAKE_PTR(journal);
}

Journal *journal_free(Journal *journal) {
        if (!journal)
                return NULL;
        free(journal->profile);
        free(journal->values);
        free(journal->pressure_of);
        free(journal->against);
        free(journal->drifted);
        plan_freep(&journal->plan);
        free(journal);
        return NULL;
}

/* Every record of a journal has the same shape: what it names replaces what was known before. */
static json_object *record_new(const char *name) {
        json_object *record = json_object_new_object();
        if (record)
                json_need(record, "record", json_object_new_string(name));
        return record;
}

static json_object *limits_to_json(const Journal *journal) {
        json_object *limits = json_object_new_array();

        for (size_t i = 0; limits && i < journal->n_limits; i++) {
                const WatchLimit *limit = &journal->limits[i];
                json_object *object = json_object_new_object();
                if (!object) {
                        json_mark_short(limits);
                        break;
                }
                json_need(
                        object, "metric", json_object_new_string(metric_to_string(limit->metric)));
                json_need(object, "share", json_object_new_int64(limit->share_permyriad));
                json_need(object, "window", json_object_new_uint64(limit->window_usec));
                json_need_item(limits, object);
        }
        return limits;
}

static int limits_from_json(json_object *array, Journal *journal) {
        size_t n =
                json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;

        if (n > WATCH_LIMITS_MAX)
                return -EBADMSG;
        for (size_t i = 0; i < n; i++) {
                json_object *object = json_object_array_get_idx(array, i);
                const char *metric = json_get_string(object, "metric");
                uint64_t share = json_get_uint64(object, "share");
                WatchLimit limit = {
                        .metric = metric ? metric_from_string(metric) : _METRIC_INVALID,
                        .share_permyriad = (unsigned) MIN_OF(share, (uint64_t) UINT32_MAX),
                        .window_usec = json_get_uint64(object, "window"),
                };
                if (limit.metric < 0 || limit.share_permyriad == 0 ||
                    limit.share_permyriad > 10000 || limit.window_usec == 0)
                        return -EBADMSG;
                journal->limits[i] = limit;
        }
        journal->n_limits = n;
        return 0;
}

static json_object *regressions_to_json(const Journal *journal) {
        json_object *regressions = json_object_new_object();

        for (size_t i = 0; regressions && i < journal->n_regressions; i++)
                json_need(regressions,
                          metric_to_string(journal->regressions[i].metric),
                          json_object_new_int64(journal->regressions[i].margin_permyriad));
        return regressions;
}

static int regressions_from_json(json_object *object, Journal *journal) {
        if (!object)
                return 0;
        if (!json_object_is_type(object, json_type_object) ||
            json_object_object_length(object) > _METRIC_MAX)
                return -EBADMSG;
        json_object_object_foreach(object, name, margin) {
                Metric metric = metric_from_string(name);
                int64_t permyriad = json_object_get_int64(margin);
                if (metric < 0 || permyriad < 0 || permyriad > 10000)
                        return -EBADMSG;
                journal->regressions[journal->n_regressions++] =
                        (WatchRegression){metric, (unsigned) permyriad};
        }
        return 0;
}

/* A journal of a version that knew neither leaves both at their defaults. */
static int policies_from_json(json_object *record, Journal *journal) {
        const char *on_regression = json_get_string(record, "on-regression");
        const char *on_inconclusive = json_get_string(record, "on-inconclusive");

        if (on_regression)
                journal->on_regression = on_regression_from_string(on_regression);
        if (on_inconclusive)
                journal->on_inconclusive = on_inconclusive_from_string(on_inconclusive);
        return journal->on_regression < 0 || journal->on_inconclusive < 0 ? -EBADMSG : 0;
}

/* The coins as "0110…". */
static json_object *trial_to_json(const Journal *journal) {
        const TrialSchedule *schedule = &journal->schedule;
        json_object *trial = json_object_new_object();
        char coins[TRIAL_BLOCKS_MAX + 1] = "";

        for (size_t i = 0; i < schedule->n_blocks; i++)
                coins[i] = schedule->arms[i] ? '1' : '0';
        if (!trial)
                return NULL;
        if (journal->against)
                json_need(trial, "against", json_object_new_string(journal->against));
        json_need(trial, "metric", json_object_new_string(metric_to_string(schedule->metric)));
        json_need(trial, "block", json_object_new_uint64(schedule->block_usec));
        json_need(trial, "washout", json_object_new_uint64(schedule->washout_usec));
        json_need(trial, "coins", json_object_new_string(coins));
        return trial;
}

/* A trial that is found is never gone on with: the schedule is there for whoever reads the file. */
static int trial_from_json(json_object *trial, Journal *journal) {
        const char *against;

        if (!trial)
                return 0;
        if (!json_object_is_type(trial, json_type_object))
                return -EBADMSG;
        journal->trial = true;
        against = json_get_string(trial, "against");
        if (against && !(journal->against = strdup(against)))
                return -ENOMEM;
        return 0;
}

static json_object *before_to_json(const Journal *journal) {
        json_object *before = json_object_new_object();

        for (int i = 0; before && i < _METRIC_MAX; i++)
                if (journal->before[i] >= 0)
                        json_need(before,
                                  metric_to_string(i),
                                  json_object_new_int(journal->before[i]));
        return before;
}

static void before_from_json(json_object *before, Journal *journal) {
        json_object *share;

        for (int i = 0; i < _METRIC_MAX; i++)
                if (json_object_object_get_ex(before, metric_to_string(i), &share))
                        journal->before[i] = json_object_get_int(share);
}

static json_object *start_to_json(const Journal *journal) {
        json_object *start = json_object_new_object();

        if (start)
                json_need(start, "at", json_object_new_uint64(journal->start.at_usec));
        for (int i = 0; start && i < _METRIC_MAX; i++)
                if (journal->start.valid[i])
                        json_need(start,
                                  metric_to_string(i),
                                  json_object_new_uint64(journal->start.stall_usec[i]));
        return start;
}

static void start_from_json(json_object *start, Journal *journal) {
        journal->start = (Sample){.at_usec = json_get_uint64(start, "at")};
        for (int i = 0; i < _COUNTER_MAX; i++)
                journal->start.counters[i] = COUNTER_UNKNOWN;
        for (int i = 0; i < _METRIC_MAX; i++) {
                journal->start.stall_usec[i] = json_get_uint64(start, metric_to_string(i));
                journal->start.valid[i] =
                        json_object_object_get_ex(start, metric_to_string(i), NULL);
        }
}

/* A counter that could not be read is left out. */
static json_object *kills_to_json(const Journal *journal) {
        json_object *kills = json_object_new_object();

        if (!kills)
                return NULL;
        if (journal->kills.last != COUNTER_UNKNOWN)
                json_need(kills, "counter", json_object_new_uint64(journal->kills.last));
        json_need(kills, "killed", json_object_new_uint64(journal->kills.killed));
        json_need(kills, "told", json_object_new_uint64(journal->kills_told));
        return kills;
}

static void kills_from_json(json_object *kills, Journal *journal) {
        json_object *counter = NULL;

        journal->kills = OOM_KILLS_INIT;
        if (json_object_object_get_ex(kills, "counter", &counter) &&
            json_object_is_type(counter, json_type_int))
                journal->kills.last = json_get_uint64(kills, "counter");
        journal->kills.killed = json_get_uint64(kills, "killed");
        journal->kills_told = MIN_OF(json_get_uint64(kills, "told"), journal->kills.killed);
}

static void set_deadline(json_object *record, const Journal *journal) {
        json_need(record, "deadline", json_object_new_uint64(journal->deadline_usec));
        json_need(record, "confirm", json_object_new_boolean(journal->confirm));
}

static const char *const phase_names[_JOURNAL_PHASE_MAX] = {
        [JOURNAL_BEGUN] = "begun",
        [JOURNAL_APPLIED] = "applied",
        [JOURNAL_REVERTING] = "reverting",
};

static void set_reverting(json_object *record, const Journal *journal) {
        char text[VALUE_TEXT_MAX];

        json_need(record, "phase", json_object_new_string(phase_names[JOURNAL_REVERTING]));
        json_need(record, "whole", json_object_new_boolean(journal->whole));
        if (journal->automatic)
                json_need(record, "automatic", json_object_new_boolean(true));
        if (!journal->min_free.fixed)
                return;
        value_format(&journal->min_free.value, text);
        json_need(record, "min-free", json_object_new_string(text));
}

int journal_write(int state_fd, const char *file, const Journal *journal) {
        _cleanup_(json_putp) json_object *record = record_new("begin");

        if (!record)
                return -ENOMEM;
        json_need(record, "id", json_object_new_uint64(journal->id));
        json_need(record, "profile", json_object_new_string(journal->profile));
        json_need(record, "boot-id", json_object_new_string(journal->boot_id));
        json_need(record, "phase", json_object_new_string(phase_names[journal->phase]));
        json_need(record, "plan", plan_to_json(journal->plan));
        json_need(record, "values", json_object_new_string(journal->values));
        json_need(record, "started", json_object_new_uint64(journal->started_usec));
        json_need(record, "baseline", json_object_new_uint64(journal->baseline_usec));
        json_need(record, "limits", limits_to_json(journal));
        if (journal->oom_limit > 0)
                json_need(record, "oom-limit", json_object_new_uint64(journal->oom_limit));
        json_need(record, "regressions", regressions_to_json(journal));
        json_need(record,
                  "on-regression",
                  json_object_new_string(on_regression_to_string(journal->on_regression)));
        json_need(record,
                  "on-inconclusive",
                  json_object_new_string(on_inconclusive_to_string(journal->on_inconclusive)));
        json_need(record, "before", before_to_json(journal));
        if (journal->pressure_of)
                json_need(record, "pressure-of", json_object_new_string(journal->pressure_of));
        if (journal->trial)
                json_need(record, "trial", trial_to_json(journal));
        /* Of what was applied already, and is written anew. */
        if (journal->start.at_usec > 0) {
                json_need(record, "start", start_to_json(journal));
                json_need(record, "kills", kills_to_json(journal));
        }
        if (journal->drifted)
                json_need(record, "drifted", json_object_new_string(journal->drifted));
        set_deadline(record, journal);
        if (journal->phase == JOURNAL_REVERTING)
                set_reverting(record, journal);
        return state_replace(state_fd, file, record);
}

int journal_append_applied(int state_fd, const char *file, Journal *journal) {
        _cleanup_(json_putp) json_object *record = record_new("applied");

        if (!record)
                return -ENOMEM;
        json_need(record, "phase", json_object_new_string(phase_names[JOURNAL_APPLIED]));
        json_need(record, "started", json_object_new_uint64(journal->started_usec));
        json_need(record, "start", start_to_json(journal));
        json_need(record, "kills", kills_to_json(journal));
        set_deadline(record, journal);
        int r = state_append(state_fd, file, record, false);
        if (r >= 0)
                journal->phase = JOURNAL_APPLIED;
        return r;
}

int journal_append_extended(int state_fd, const char *file, const Journal *journal) {
        _cleanup_(json_putp) json_object *record = record_new("extended");

        if (!record)
                return -ENOMEM;
        set_deadline(record, journal);
        return state_append(state_fd, file, record, true);
}

int journal_append_kills(int state_fd, const char *file, const Journal *journal) {
        _cleanup_(json_putp) json_object *record = record_new("kills");

        if (!record)
                return -ENOMEM;
        json_need(record, "kills", kills_to_json(journal));
        return state_append(state_fd, file, record, false);
}

int journal_append_reverting(int state_fd, const char *file, Journal *journal) {
        journal->phase = JOURNAL_REVERTING;
        _cleanup_(json_putp) json_object *record = record_new("reverting");
        if (!record)
                return -ENOMEM;
        set_reverting(record, journal);
        return state_append(state_fd, file, record, false);
}

/* "a, b" holds "b", and not "a.b". */
static bool is_listed(const char *list, const char *name) {
        size_t n = strlen(name);

        for (const char *p = list; p; p = strchr(p, ' ')) {
                p += *p == ' ';
                if (strncmp(p, name, n) == 0 && (p[n] == ',' || p[n] == '\0'))
                        return true;
        }
        return false;
}

int journal_append_drifted(int state_fd, const char *file, Journal *journal, const char *knob) {
        if (is_listed(journal->drifted, knob))
                return 0;
        char *drifted = text_format("%s%s%s",
                                    journal->drifted ? journal->drifted : "",
                                    journal->drifted ? ", " : "",
                                    knob);
        _cleanup_(json_putp) json_object *record = record_new("drifted");
        if (!drifted || !record) {
                free(drifted);
                return -ENOMEM;
        }
        free(journal->drifted);
        journal->drifted = drifted;
        json_need(record, "drifted", json_object_new_string(drifted));
        return state_append(state_fd, file, record, false);
}

int journal_remove(int state_fd, const char *file) {
        return state_remove(state_fd, file);
}

static int phase_from_json(json_object *record, JournalPhase *ret) {
        const char *name = json_get_string(record, "phase");

        if (!name)
                return 0;
        for (int phase = 0; phase < _JOURNAL_PHASE_MAX; phase++)
                if (streq(name, phase_names[phase])) {
                        *ret = phase;
                        return 0;
                }
        return -EBADMSG;
}

static int min_free_from_json(json_object *record, MinFree *ret) {
        static const ValueType type = {.kind = VALUE_INTEGER};
        const char *text = json_get_string(record, "min-free");

        if (!text)
                return 0;
        if (value_parse_kernel(&type, text, &ret->value) < 0)
                return -EBADMSG;
        ret->fixed = true;
        return 0;
}

static int drifted_from_json(json_object *record, Journal *journal) {
        const char *drifted = json_get_string(record, "drifted");
        char *copy = drifted ? strdup(drifted) : NULL;

        if (!drifted)
                return 0;
        if (!copy)
                return -ENOMEM;
        free(journal->drifted);
        journal->drifted = copy;
        return 0;
}

/* What any record may say. */
static int journal_take(Journal *journal, json_object *record) {
        json_object *member;

        if (json_object_object_get_ex(record, "deadline", &member))
                journal->deadline_usec = json_object_get_uint64(member);
        if (json_object_object_get_ex(record, "confirm", &member))
                journal->confirm = json_object_get_boolean(member);
        if (json_object_object_get_ex(record, "started", &member))
                journal->started_usec = json_object_get_uint64(member);
        if (json_object_object_get_ex(record, "start", &member))
                start_from_json(member, journal);
        if (json_object_object_get_ex(record, "kills", &member))
                kills_from_json(member, journal);
        if (json_object_object_get_ex(record, "whole", &member))
                journal->whole = json_object_get_boolean(member);
        if (json_object_object_get_ex(record, "automatic", &member))
                journal->automatic = json_object_get_boolean(member);
        int r = phase_from_json(record, &journal->phase);
        if (r >= 0)
                r = drifted_from_json(record, journal);
        if (r < 0)
                return r;
        return min_free_from_json(record, &journal->min_free);
}

/* The first record. */
static int journal_begin(json_object *record, Journal **ret) {
        const char *profile = json_get_string(record, "profile");
        const char *boot_id = json_get_string(record, "boot-id");
        const char *values = json_get_string(record, "values");
        const char *pressure_of = json_get_string(record, "pressure-of");
        json_object *plan = NULL;

        if (!profile || !profile_name_is_valid(profile) || !boot_id || !values ||
            !json_object_object_get_ex(record, "plan", &plan))
                return -EBADMSG;
        _cleanup_(journal_freep) Journal *journal =
                journal_new(json_get_uint64(record, "id"), profile, boot_id);
        if (!journal)
                return -ENOMEM;
        free(journal->values);
        journal->values = strdup(values);
        journal->pressure_of = pressure_of ? strdup(pressure_of) : NULL;
        if (!journal->values || (pressure_of && !journal->pressure_of))
                return -ENOMEM;
        journal->baseline_usec = json_get_uint64(record, "baseline");
        journal->oom_limit = json_get_uint64(record, "oom-limit");
        before_from_json(json_object_object_get(record, "before"), journal);
        int r = limits_from_json(json_object_object_get(record, "limits"), journal);
        if (r >= 0)
                r = regressions_from_json(json_object_object_get(record, "regressions"), journal);
        if (r >= 0)
                r = policies_from_json(record, journal);
        if (r >= 0)
                r = trial_from_json(json_object_object_get(record, "trial"), journal);
        if (r >= 0)
                r = plan_from_json(plan, &journal->plan);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(journal);
        return 0;
}

int journal_load(int state_fd, const char *file, Journal **ret) {
        _cleanup_(json_putp) json_object *records = NULL;
        _cleanup_(journal_freep) Journal *journal = NULL;

        int r = state_read(state_fd, file, &records);
        if (r < 0)
                return r;
        size_t n_unread = (size_t) r;
        r = journal_begin(json_object_array_get_idx(records, 0), &journal);
        for (size_t i = 0; r >= 0 && i < json_object_array_length(records); i++)
                r = journal_take(journal, json_object_array_get_idx(records, i));
        if (r < 0)
                return r;
        journal->n_unread = n_unread;
        *ret = TAKE_PTR(journal);
        return 0;
}
