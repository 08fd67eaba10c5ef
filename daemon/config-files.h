/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which configuration files count, and in which order. */

#include "core/base/problem.h"
#include "core/base/root.h"

#define CONFIG_DROPINS_MAX 256

typedef struct ConfigFiles {
        char **paths; /* relative to the root: the main file if there is one, then the drop-ins */
        size_t n;
} ConfigFiles;

/* A folder that cannot be read is a problem. -ENOMEM; -EINVAL with problems. */
int config_files_find(const Root *root, Problems *problems, ConfigFiles *ret);
void config_files_done(ConfigFiles *files);
