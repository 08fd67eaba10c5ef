/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The keys of memctld.conf as a table: section, name, what is expected. */

#include "daemon/config.h"

typedef enum ConfigKind {
        CONFIG_DURATION,        /* usec_t, between min_usec and max_usec */
        CONFIG_DURATION_OR_OFF, /* the same, or 0 */
        CONFIG_BOOL,
        CONFIG_NUMBER, /* unsigned, at most max_usec */
        CONFIG_DRIFT,
        CONFIG_LOG_LEVEL,
} ConfigKind;

typedef struct ConfigKey {
        const char *section;
        const char *name;
        ConfigKind kind;
        size_t offset; /* in Config */
        usec_t min_usec;
        usec_t max_usec;      /* of a number: its maximum */
        const char *expected; /* for people */
} ConfigKey;

#define CONFIG_KEYS_N 9

bool config_section_exists(const char *section);
/* 'did you mean "X"?' or NULL; the caller frees. */
char *config_section_hint(const char *section);

/* NULL when there is none. */
const ConfigKey *config_key_find(const char *section, const char *name);
/* The nearest name of the section, or the section where the name exists; or NULL. The caller
 * frees. */
char *config_key_hint(const char *section, const char *name);
/* 0 to CONFIG_KEYS_N - 1. */
size_t config_key_index(const ConfigKey *key);

/* Sets it; the empty text is the default. -EINVAL with *config untouched. */
int config_key_set(const ConfigKey *key, const char *text, Config *config);
