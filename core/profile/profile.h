/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One profile as its file says it, nothing looked up on the machine: parents by name, conditions
 * and formulas still open. resolve.h makes settings of it.
 */

#include "core/base/problem.h"
#include "core/knobs/knob.h"
#include "core/machine/facts.h"
#include "core/machine/sample.h"

#define PROFILE_NAME_MAX 64
#define PROFILE_INHERITS_MAX 16
#define WATCH_LIMITS_MAX 8

typedef struct Place {
        unsigned line;
        unsigned column;
} Place;

typedef enum Comparison {
        COMPARISON_NONE, /* not asked */
        COMPARISON_LT,
        COMPARISON_LE,
        COMPARISON_EQ,
        COMPARISON_GE,
        COMPARISON_GT,
} Comparison;

/* Applicable only where all that is asked holds. */
typedef struct When {
        Comparison ram;
        uint64_t ram_bytes;
        Comparison kernel;
        unsigned kernel_version;
        Comparison nodes;
        unsigned n_nodes;
        unsigned swap_kinds; /* of SwapKind, 0 when not asked: every active kind must be among them
                              */
        unsigned line;
} When;

/* Which way a value may move the live one. */
typedef enum Only {
        ONLY_NONE,  /* both */
        ONLY_RAISE, /* a live value that is higher stays */
        ONLY_LOWER, /* a live value that is lower stays */
        _ONLY_MAX,
        _ONLY_INVALID = -EINVAL,
} Only;

/* What becomes of a value that something else changes while the profile is in force. */
typedef enum DriftPolicy {
        DRIFT_POLICY_NONE,   /* not said: what memctld.conf has */
        DRIFT_POLICY_REPORT, /* it is told, and left alone */
        DRIFT_POLICY_REPAIR, /* the profile's value is written again */
        DRIFT_POLICY_YIELD,  /* the knob is let go: it is the other's from then on */
        _DRIFT_POLICY_MAX,
        _DRIFT_POLICY_INVALID = -EINVAL,
} DriftPolicy;

/* How a profile says a value. */
typedef struct ProfileValue {
        char *text; /* as written: "10s", "madvise"; NULL when of-ram is used */
        unsigned of_ram_permyriad;
        uint64_t at_least_bytes; /* 0: no bound */
        uint64_t at_most_bytes;  /* 0: no bound */
        bool optional;           /* skipped where the kernel lacks the knob */
        Only only;
        DriftPolicy drift;
        char *source;   /* who recommends it, and where; or NULL */
        char *reviewed; /* when somebody last looked: "2026-11", or NULL */
} ProfileValue;

typedef struct ProfileSetting {
        KnobRef ref;
        ProfileValue value;
        unsigned line; /* of the key */
        unsigned column;
        unsigned value_line; /* of the value */
        unsigned value_column;
} ProfileSetting;

typedef struct ProfileSettings {
        ProfileSetting *items;
        size_t n;
} ProfileSettings;

typedef struct ProfileOverride {
        When when;
        ProfileSettings settings;
} ProfileOverride;

/* A hard limit: revert at once when more than the share of a window was stalled. */
typedef struct WatchLimit {
        Metric metric;
        unsigned share_permyriad;
        usec_t window_usec; /* as asked; the kernel may need another (daemon/watch.h) */
        Place place;        /* of the metric */
} WatchLimit;

/* More than anybody would wait for. */
#define WATCH_OOM_KILLS_MAX 1000000

/* A statistical criterion: judged against the time before (core/judge/detect.h). */
typedef struct WatchRegression {
        Metric metric;
        unsigned margin_permyriad; /* a rise of less does not matter; 0: what is usual */
} WatchRegression;

typedef enum OnRegression {
        ON_REGRESSION_REVERT,
        ON_REGRESSION_CONFIRM, /* revert, then find out by a trial whether the change was it */
        ON_REGRESSION_REPORT,  /* change nothing, tell */
        _ON_REGRESSION_MAX,
        _ON_REGRESSION_INVALID = -EINVAL,
} OnRegression;

/* What becomes of a change of which the probation cannot say that it does no harm. */
typedef enum OnInconclusive {
        ON_INCONCLUSIVE_KEEP,
        ON_INCONCLUSIVE_REVERT,
        _ON_INCONCLUSIVE_MAX,
        _ON_INCONCLUSIVE_INVALID = -EINVAL,
} OnInconclusive;

/* The bits say which members a file sets itself, so that a child overrides member by member. */
typedef enum WatchSet {
        WATCH_SET_PRESSURE_OF = 1 << 0,
        WATCH_SET_BASELINE = 1 << 1,
        WATCH_SET_PROBATION = 1 << 2,
        WATCH_SET_LIMITS = 1 << 3,
        WATCH_SET_REGRESSIONS = 1 << 4,
        WATCH_SET_ON_REGRESSION = 1 << 5,
        WATCH_SET_ON_INCONCLUSIVE = 1 << 6,
} WatchSet;

typedef struct Watch {
        unsigned set;      /* of WatchSet */
        char *pressure_of; /* "system", a unit or a cgroup path; NULL is system */
        usec_t baseline_usec;
        usec_t probation_usec;
        WatchLimit limits[WATCH_LIMITS_MAX];
        size_t n_limits;
        uint64_t oom_kills;    /* revert at once when the kernel has killed so many; 0: not asked */
        Place oom_kills_place; /* of the key */
        WatchRegression regressions[_METRIC_MAX];
        size_t n_regressions;
        Place regressions_place; /* of the key */
        OnRegression on_regression;
        OnInconclusive on_inconclusive;
} Watch;

typedef struct Profile {
        char *name;
        char *file; /* for messages and origins */
        char *text; /* the file's text, for quoted lines */
        char *summary;
        char *description; /* or NULL */
        char *inherits[PROFILE_INHERITS_MAX];
        size_t n_inherits;
        Place inherits_places[PROFILE_INHERITS_MAX];
        When when;
        ProfileSettings settings;
        ProfileOverride *overrides;
        size_t n_overrides;
        DriftPolicy drift; /* of every value that says none of its own */
        Watch watch;
        bool loose; /* from a file that a person named: its parents lie beside it first */
} Profile;

/*
 * Reads a profile's text; name is what the file name promises. All problems of the text are
 * added; -EINVAL when there is an error among them, and then *ret is untouched.
 */
int profile_parse(const char *file,
                  const char *name,
                  const char *text,
                  size_t size,
                  Problems *problems,
                  Profile **ret);
Profile *profile_free(Profile *profile);
DEFINE_CLEANUP(Profile *, profile_free)

/* [a-z0-9] first, then also . _ -, at most PROFILE_NAME_MAX - 1, no "..". */
bool profile_name_is_valid(const char *name);

bool when_holds(const When *when, const Facts *facts);
/* What does not hold, for people: "needs ram >= 4GiB, this machine has 2 GiB"; NULL when it holds
 * or memory is short; the caller frees. */
char *when_explain(const When *when, const Facts *facts);
/* "ram >= 4GiB, kernel >= 5.14, swap none or zram"; the caller frees. "" when nothing is asked. */
char *when_format(const When *when);

const char *only_to_string(Only only);
/* "raise" or "lower". */
Only only_from_string(const char *name);

const char *drift_policy_to_string(DriftPolicy policy);
/* "report", "repair" or "yield". */
DriftPolicy drift_policy_from_string(const char *name);

void watch_done(Watch *watch);
const char *on_regression_to_string(OnRegression value);
OnRegression on_regression_from_string(const char *name);
const char *on_inconclusive_to_string(OnInconclusive value);
OnInconclusive on_inconclusive_from_string(const char *name);
/* "10% over 2s"; at most 64 bytes. */
void watch_limit_format(const WatchLimit *limit, char buffer[static 64]);
