/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A profile as it comes out on this machine, as files that other tools read at boot. They are
 * written blindly and never taken back: what memctl adds is lost, and the text says so. */

#include "core/profile/resolve.h"

typedef enum ExportFormat {
        EXPORT_SYSCTL,   /* sysctl.d(5): the sysctls */
        EXPORT_TMPFILES, /* tmpfiles.d(5): everything else */
        _EXPORT_FORMAT_MAX,
        _EXPORT_FORMAT_INVALID = -EINVAL,
} ExportFormat;

ExportFormat export_format_from_string(const char *name);

/* What could not be carried over. */
typedef struct ExportLoss {
        char *what;
        const char *why; /* a constant */
} ExportLoss;

typedef struct ExportLosses {
        ExportLoss *items;
        size_t n;
} ExportLosses;

void export_losses_done(ExportLosses *losses);

/* The caller frees *ret_text. -ENOMEM. */
int export_text(ExportFormat format,
                const Settings *settings,
                const Facts *facts,
                ExportLosses *losses,
                char **ret_text);
