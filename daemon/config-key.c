/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/config-key.h"

#include <strings.h>
#include <syslog.h>

#include "core/base/quantity.h"
#include "core/protocol.h"
#include "daemon/hold.h"

/* clang-format off */
static const ConfigKey keys[CONFIG_KEYS_N] = {
        {"Probation", "Default",        CONFIG_DURATION,  offsetof(Config, probation_usec),
         MEMCTL_TIME_MIN_USEC, MEMCTL_TIME_MAX_USEC, "a time from 1s to 7d, such as 30min"},
        {"Daemon",    "RevertOnStop",   CONFIG_BOOL,      offsetof(Config, revert_on_stop),
         0, 0, "yes or no"},
        {"Daemon",    "ApplyAtBoot",    CONFIG_BOOL,      offsetof(Config, apply_at_boot),
         0, 0, "yes or no"},
        {"Daemon",    "SampleInterval", CONFIG_DURATION,  offsetof(Config, sample_usec),
         USEC_PER_SEC, USEC_PER_MINUTE, "a time from 1s to 1min, such as 10s"},
        {"Daemon",    "Drift",          CONFIG_DRIFT,     offsetof(Config, drift),
         0, 0, "report, repair or yield"},
        {"Daemon",    "DriftInterval",  CONFIG_DURATION_OR_OFF, offsetof(Config, drift_usec),
         USEC_PER_SEC, USEC_PER_DAY, "a time from 1s to 1d, such as 1min, or 0 for never"},
        {"Daemon",    "BootGuard",      CONFIG_DURATION_OR_OFF, offsetof(Config, boot_guard_usec),
         USEC_PER_SEC, USEC_PER_DAY, "a time from 1s to 1d, such as 10min, or 0 for none"},
        {"Daemon",    "RevertsPerHour", CONFIG_NUMBER,    offsetof(Config, reverts_per_hour),
         0, HOLD_REVERTS_MAX, "a number from 1 to 100, or 0 for any"},
        {"Daemon",    "LogLevel",       CONFIG_LOG_LEVEL, offsetof(Config, log_level),
         0, 0, "debug, info, notice, warning or err"},
};
/* clang-format on */

bool config_section_exists(const char *section) {
        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (streq(keys[i].section, section))
                        return true;
        return false;
}

char *config_section_hint(const char *section) {
        Nearest nearest = NEAREST_INIT(section);

        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                nearest_offer(&nearest, keys[i].section);
        const char *best = nearest_get(&nearest);
        return best ? text_format("did you mean [%s]?", best) : NULL;
}

const ConfigKey *config_key_find(const char *section, const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (streq(keys[i].section, section) && streq(keys[i].name, name))
                        return &keys[i];
        return NULL;
}

char *config_key_hint(const char *section, const char *name) {
        Nearest nearest = NEAREST_INIT(name);

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                if (streq(keys[i].name, name))
                        return text_format("%s= belongs in [%s]", name, keys[i].section);
                if (streq(keys[i].section, section))
                        nearest_offer(&nearest, keys[i].name);
        }
        const char *best = nearest_get(&nearest);
        return best ? text_format("did you mean %s=?", best) : NULL;
}

size_t config_key_index(const ConfigKey *key) {
        return (size_t) (key - keys);
}

static int set_duration(const ConfigKey *key, const char *text, usec_t *value) {
        usec_t usec;
        int r = parse_duration(text, &usec);

        if (r < 0)
                return -EINVAL;
        if (usec < key->min_usec || usec > key->max_usec)
                return -EINVAL;
        *value = usec;
        return 0;
}

static int set_duration_or_off(const ConfigKey *key, const char *text, usec_t *value) {
        if (!streq(text, "0"))
                return set_duration(key, text, value);
        *value = 0;
        return 0;
}

static int set_number(const ConfigKey *key, const char *text, unsigned *value) {
        uint64_t number;

        if (parse_uint64(text, &number) < 0 || number > key->max_usec)
                return -EINVAL;
        *value = (unsigned) number;
        return 0;
}

static int set_drift(const char *text, DriftPolicy *value) {
        DriftPolicy policy = drift_policy_from_string(text);

        if (policy < 0)
                return -EINVAL;
        *value = policy;
        return 0;
}

/* The words that systemd takes. */
static int set_bool(const char *text, bool *value) {
        static const char *const words[][2] = {
                {"no", "yes"},
                {"n", "y"},
                {"false", "true"},
                {"f", "t"},
                {"off", "on"},
                {"0", "1"},
        };

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                for (int answer = 0; answer <= 1; answer++)
                        if (strcasecmp(words[i][answer], text) == 0) {
                                *value = answer;
                                return 0;
                        }
        return -EINVAL;
}

static int set_log_level(const char *text, int *value) {
        static const struct {
                const char *name;
                int priority;
        } levels[] = {
                {"debug", LOG_DEBUG},
                {"info", LOG_INFO},
                {"notice", LOG_NOTICE},
                {"warning", LOG_WARNING},
                {"err", LOG_ERR},
        };

        for (size_t i = 0; i < ELEMENTSOF(levels); i++)
                if (streq(levels[i].name, text)) {
                        *value = levels[i].priority;
                        return 0;
                }
        return -EINVAL;
}

static size_t kind_size(ConfigKind kind) {
        switch (kind) {
        case CONFIG_DURATION:
        case CONFIG_DURATION_OR_OFF:
                return sizeof(usec_t);
        case CONFIG_BOOL:
                return sizeof(bool);
        case CONFIG_NUMBER:
                return sizeof(unsigned);
        case CONFIG_DRIFT:
                return sizeof(DriftPolicy);
        case CONFIG_LOG_LEVEL:
                return sizeof(int);
        }
        return 0;
}

int config_key_set(const ConfigKey *key, const char *text, Config *config) {
        void *field = (char *) config + key->offset;

        if (text[0] == '\0') {
                const Config defaults = config_default();
                memcpy(field, (const char *) &defaults + key->offset, kind_size(key->kind));
                return 0;
        }
        switch (key->kind) {
        case CONFIG_DURATION:
                return set_duration(key, text, field);
        case CONFIG_DURATION_OR_OFF:
                return set_duration_or_off(key, text, field);
        case CONFIG_BOOL:
                return set_bool(text, field);
        case CONFIG_NUMBER:
                return set_number(key, text, field);
        case CONFIG_DRIFT:
                return set_drift(text, field);
        case CONFIG_LOG_LEVEL:
                return set_log_level(text, field);
        }
        return -EINVAL;
}
