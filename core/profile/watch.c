/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/watch.h"

#include <ctype.h>

#include "core/base/quantity.h"

_Static_assert((size_t) _METRIC_MAX <= WATCH_LIMITS_MAX, "one limit a metric fits");

static const char *const on_regression_names[_ON_REGRESSION_MAX] = {
        [ON_REGRESSION_REVERT] = "revert",
        [ON_REGRESSION_CONFIRM] = "confirm",
        [ON_REGRESSION_REPORT] = "report",
};

const char *on_regression_to_string(OnRegression value) {
        return value >= 0 && value < _ON_REGRESSION_MAX ? on_regression_names[value] : NULL;
}

OnRegression on_regression_from_string(const char *name) {
        for (int i = 0; i < _ON_REGRESSION_MAX; i++)
                if (streq(on_regression_names[i], name))
                        return i;
        return _ON_REGRESSION_INVALID;
}

static const char *const on_inconclusive_names[_ON_INCONCLUSIVE_MAX] = {
        [ON_INCONCLUSIVE_KEEP] = "keep",
        [ON_INCONCLUSIVE_REVERT] = "revert",
};

const char *on_inconclusive_to_string(OnInconclusive value) {
        return value >= 0 && value < _ON_INCONCLUSIVE_MAX ? on_inconclusive_names[value] : NULL;
}

OnInconclusive on_inconclusive_from_string(const char *name) {
        for (int i = 0; i < _ON_INCONCLUSIVE_MAX; i++)
                if (streq(on_inconclusive_names[i], name))
                        return i;
        return _ON_INCONCLUSIVE_INVALID;
}

static bool is_unit_name(const char *text) {
        static const char *const suffixes[] = {".service", ".slice", ".scope"};
        size_t n = strlen(text);

        for (const char *p = text; *p; p++)
                if (!isalnum((unsigned char) *p) && !strchr(":-_.\\@", *p))
                        return false;
        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
                size_t n_suffix = strlen(suffixes[i]);
                if (n > n_suffix && streq(text + n - n_suffix, suffixes[i]))
                        return true;
        }
        return false;
}

/* "/a/b" without empty parts, "." and "..". */
static bool is_cgroup_path(const char *text) {
        if (*text != '/')
                return false;
        while (*text) {
                size_t n = strcspn(text + 1, "/");
                if (n == 0 || (n <= 2 && strncmp(text + 1, "..", n) == 0))
                        return false;
                text += n + 1;
        }
        return true;
}

static void read_pressure_of(Reader *reader, const Node *node, void *target) {
        static const char expected[] =
                "system, a unit (x.service, x.slice, x.scope) or a cgroup path (/a/b)";
        Watch *watch = target;
        const char *text = reader_text(reader, node, expected);

        if (!text)
                return;
        if (!streq(text, "system") && !is_unit_name(text) && !is_cgroup_path(text)) {
                reader_error(
                        reader, node, NULL, "pressure-of is \"%s\"; expected %s", text, expected);
                return;
        }
        watch->pressure_of = reader_copy(reader, text);
        watch->set |= WATCH_SET_PRESSURE_OF;
}

static void read_baseline(Reader *reader, const Node *node, void *target) {
        Watch *watch = target;
        if (reader_duration(reader, node, WATCH_TIME_MIN, WATCH_TIME_MAX, &watch->baseline_usec))
                watch->set |= WATCH_SET_BASELINE;
}

static void read_probation(Reader *reader, const Node *node, void *target) {
        Watch *watch = target;
        if (reader_duration(reader, node, WATCH_TIME_MIN, WATCH_TIME_MAX, &watch->probation_usec))
                watch->set |= WATCH_SET_PROBATION;
}

/* A limit that is no metric. */
#define OOM_KILL "oom-kill"

/* The metric that a key names; _METRIC_INVALID when told that there is none. other: a key that is
 * none, but would do; or NULL. */
static Metric read_metric(Reader *reader, const Node *node, const char *other) {
        Nearest nearest = NEAREST_INIT(node->key);
        Metric metric = metric_from_string(node->key);

        if (metric >= 0)
                return metric;
        for (int i = 0; i < _METRIC_MAX; i++)
                nearest_offer(&nearest, metric_to_string((Metric) i));
        if (other)
                nearest_offer(&nearest, other);
        _cleanup_(freep) char *hint =
                nearest_get(&nearest)
                        ? nearest_hint(&nearest)
                        : text_format("expected one of memory.some, memory.full, io.some, io.full, "
                                      "cpu.some, cpu.full%s%s",
                                      other ? ", " : "",
                                      other ? other : "");
        reader_key_error(reader, node, hint, "unknown metric \"%s\"", node->key);
        return _METRIC_INVALID;
}

/* "10% over 2s"; false when it is not of that form. */
static bool parse_limit(const char *text, WatchLimit *limit) {
        char share[32];
        const char *over = strstr(text, " over ");

        if (!over || (size_t) (over - text) >= sizeof(share))
                return false;
        (void) snprintf(share, sizeof(share), "%.*s", (int) (over - text), text);
        over += strlen(" over ");
        return parse_share(text_strip(share), &limit->share_permyriad) >= 0 &&
               limit->share_permyriad > 0 &&
               parse_duration(over + strspn(over, " "), &limit->window_usec) >= 0;
}

static void read_limit(Reader *reader, const Node *node, Watch *watch) {
        static const char expected[] =
                "a share above 0% up to 100% and a window, like \"10% over 2s\"";
        WatchLimit limit = {.metric = read_metric(reader, node, OOM_KILL),
                            .place = {node->key_line, node->key_column}};
        const char *text = reader_text(reader, node, expected);

        if (!text || limit.metric < 0)
                return;
        if (!parse_limit(text, &limit)) {
                reader_error(
                        reader, node, NULL, "%s is \"%s\"; expected %s", node->key, text, expected);
                return;
        }
        if (limit.window_usec < WATCH_WINDOW_MIN || limit.window_usec > WATCH_WINDOW_MAX) {
                reader_error(reader,
                             node,
                             NULL,
                             "%s is \"%s\"; the kernel watches windows from 500ms to 10s",
                             node->key,
                             text);
                return;
        }
        watch->limits[watch->n_limits++] = limit;
}

/* How many processes the kernel may have killed when it is enough. */
static void read_oom_kills(Reader *reader, const Node *node, Watch *watch) {
        static const char expected[] = "how many processes killed are too many, like 1";
        const char *text = reader_text(reader, node, expected);
        uint64_t n;

        if (!text)
                return;
        if (parse_uint64(text, &n) < 0 || n == 0 || n > WATCH_OOM_KILLS_MAX) {
                reader_error(reader,
                             node,
                             NULL,
                             OOM_KILL " is \"%s\"; expected %s (1 to %d)",
                             text,
                             expected,
                             WATCH_OOM_KILLS_MAX);
                return;
        }
        watch->oom_kills = n;
        watch->oom_kills_place = (Place){node->key_line, node->key_column};
}

static void read_limits(Reader *reader, const Node *node, void *target) {
        Watch *watch = target;

        watch->set |= WATCH_SET_LIMITS;
        if (!reader_open_mapping(reader, node, "{memory.full: 10% over 2s}"))
                return;
        for (size_t i = 0; i < node->n; i++)
                if (streq(node->children[i]->key, OOM_KILL))
                        read_oom_kills(reader, node->children[i], watch);
                else
                        read_limit(reader, node->children[i], watch);
}

static void read_margin(Reader *reader, const Node *node, void *target) {
        WatchRegression *regression = target;
        (void) reader_share(reader, node, &regression->margin_permyriad);
}

static const Field regression_fields[] = {
        {"margin", read_margin},
};

/* "{}" written out: that none is asked for is meant. */
static bool is_none(const Node *node) {
        return node->kind == NODE_MAPPING && node->n == 0 && !node->refused && !node->lacking;
}

static void read_regression(Reader *reader, const Node *node, Watch *watch) {
        WatchRegression regression = {.metric = read_metric(reader, node, NULL)};

        if (!is_none(node))
                (void) reader_mapping(reader,
                                      node,
                                      "{margin: 1%}",
                                      regression_fields,
                                      ELEMENTSOF(regression_fields),
                                      &regression);
        if (regression.metric >= 0)
                watch->regressions[watch->n_regressions++] = regression;
}

static void read_regressions(Reader *reader, const Node *node, void *target) {
        Watch *watch = target;

        watch->set |= WATCH_SET_REGRESSIONS;
        watch->regressions_place = (Place){node->key_line, node->key_column};
        if (is_none(node) || !reader_open_mapping(reader, node, "{memory.some: {margin: 1%}}"))
                return;
        for (size_t i = 0; i < node->n; i++)
                read_regression(reader, node->children[i], watch);
}

static void read_on_regression(Reader *reader, const Node *node, void *target) {
        static const char expected[] = "revert, confirm or report";
        Watch *watch = target;
        const char *text = reader_text(reader, node, expected);

        if (!text)
                return;
        OnRegression value = on_regression_from_string(text);
        if (value < 0) {
                reader_error(
                        reader, node, NULL, "on-regression is \"%s\"; expected %s", text, expected);
                return;
        }
        watch->on_regression = value;
        watch->set |= WATCH_SET_ON_REGRESSION;
}

static void read_on_inconclusive(Reader *reader, const Node *node, void *target) {
        static const char expected[] = "keep or revert";
        Watch *watch = target;
        const char *text = reader_text(reader, node, expected);

        if (!text)
                return;
        OnInconclusive value = on_inconclusive_from_string(text);
        if (value < 0) {
                reader_error(reader,
                             node,
                             NULL,
                             "on-inconclusive is \"%s\"; expected %s",
                             text,
                             expected);
                return;
        }
        watch->on_inconclusive = value;
        watch->set |= WATCH_SET_ON_INCONCLUSIVE;
}

static const Field watch_fields[] = {
        {"pressure-of", read_pressure_of},
        {"baseline", read_baseline},
        {"probation", read_probation},
        {"limits", read_limits},
        {"regressions", read_regressions},
        {"on-regression", read_on_regression},
        {"on-inconclusive", read_on_inconclusive},
};

void watch_read(Reader *reader, const Node *node, Watch *watch) {
        (void) reader_mapping(
                reader, node, "{probation: 30min}", watch_fields, ELEMENTSOF(watch_fields), watch);
}

bool watch_is_system(const Watch *watch) {
        return !watch->pressure_of || streq(watch->pressure_of, "system");
}

int watch_merge(Watch *watch, const Watch *later) {
        if (later->set & WATCH_SET_PRESSURE_OF) {
                char *copy = strdup(later->pressure_of);
                if (!copy)
                        return -ENOMEM;
                free(watch->pressure_of);
                watch->pressure_of = copy;
        }
        if (later->set & WATCH_SET_BASELINE)
                watch->baseline_usec = later->baseline_usec;
        if (later->set & WATCH_SET_PROBATION)
                watch->probation_usec = later->probation_usec;
        if (later->set & WATCH_SET_LIMITS) {
                memcpy(watch->limits, later->limits, sizeof(watch->limits));
                watch->n_limits = later->n_limits;
                watch->oom_kills = later->oom_kills;
                watch->oom_kills_place = later->oom_kills_place;
        }
        if (later->set & WATCH_SET_REGRESSIONS) {
                memcpy(watch->regressions, later->regressions, sizeof(watch->regressions));
                watch->n_regressions = later->n_regressions;
                watch->regressions_place = later->regressions_place;
        }
        if (later->set & WATCH_SET_ON_REGRESSION)
                watch->on_regression = later->on_regression;
        if (later->set & WATCH_SET_ON_INCONCLUSIVE)
                watch->on_inconclusive = later->on_inconclusive;
        watch->set |= later->set;
        return 0;
}

void watch_done(Watch *watch) {
        free(watch->pressure_of);
        *watch = (Watch){0};
}

void watch_limit_format(const WatchLimit *limit, char buffer[static 64]) {
        char share[16], window[64];

        format_share(limit->share_permyriad, share);
        format_duration(limit->window_usec, window);
        /* Without the blank that format_share puts before the sign, as a profile has it. */
        char *blank = strchr(share, ' ');
        if (blank)
                memmove(blank, blank + 1, strlen(blank));
        (void) snprintf(buffer, 64, "%s over %.40s", share, window);
}
