/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/export.h"

static const char *const format_names[_EXPORT_FORMAT_MAX] = {
        [EXPORT_SYSCTL] = "sysctl",
        [EXPORT_TMPFILES] = "tmpfiles",
};

ExportFormat export_format_from_string(const char *name) {
        for (int format = 0; format < _EXPORT_FORMAT_MAX; format++)
                if (streq(format_names[format], name))
                        return format;
        return _EXPORT_FORMAT_INVALID;
}

void export_losses_done(ExportLosses *losses) {
        for (size_t i = 0; i < losses->n; i++)
                free(losses->items[i].what);
        free(losses->items);
        *losses = (ExportLosses){0};
}

static int lose(ExportLosses *losses, const char *what, const char *why) {
        ExportLoss loss = {.what = strdup(what), .why = why};

        if (!loss.what || array_grow(&losses->items, losses->n, sizeof(loss)) < 0) {
                free(loss.what);
                return -ENOMEM;
        }
        losses->items[losses->n++] = loss;
        return 0;
}

static void print_setting(FILE *out, ExportFormat format, const Setting *setting) {
        char name[KNOB_NAME_MAX], path[KNOB_PATH_MAX], value[VALUE_TEXT_MAX];

        knob_ref_name(setting->ref, name);
        knob_ref_path(setting->ref, path);
        value_format(&setting->value, value);
        (void) fprintf(out, "# %s\n", setting->origin);
        if (format == EXPORT_SYSCTL)
                (void) fprintf(out, "%s%s = %s\n", setting->optional ? "-" : "", name, value);
        else
                (void) fprintf(
                        out, "w%s /%s - - - - %s\n", setting->optional ? "-" : "", path, value);
}

static int
export_settings(FILE *out, ExportFormat format, const Settings *settings, ExportLosses *losses) {
        char name[KNOB_NAME_MAX];
        int r = 0;

        for (size_t i = 0; r >= 0 && i < settings->n; i++) {
                const Setting *setting = &settings->items[i];
                bool sysctl = setting->ref.knob->section == KNOB_SECTION_SYSCTL;
                knob_ref_name(setting->ref, name);
                if (sysctl != (format == EXPORT_SYSCTL)) {
                        r = lose(losses,
                                 name,
                                 sysctl ? "a sysctl: export sysctl has it"
                                        : "no sysctl: export tmpfiles has it");
                        continue;
                }
                print_setting(out, format, setting);
                if (setting->only != ONLY_NONE)
                        r = lose(losses, name, "\"only\" is lost: it is written in any case");
        }
        for (size_t i = 0; r >= 0 && i < settings->n_skipped; i++) {
                knob_ref_name(settings->skipped[i].ref, name);
                r = lose(losses, name, "this machine has no such knob");
        }
        return r;
}

int export_text(ExportFormat format,
                const Settings *settings,
                const Facts *facts,
                ExportLosses *losses,
                char **ret_text) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        if (!out)
                return -ENOMEM;
        (void) fprintf(out,
                       "# Made by memctl of the profile %s (%s), for a machine with Linux %s and "
                       "%lu MiB.\n# Conditions and shares of RAM are worked out for it.\n",
                       settings->profile,
                       settings->file,
                       facts->release,
                       (unsigned long) (facts->ram_bytes >> 20));
        int r = export_settings(out, format, settings, losses);
        if (r >= 0)
                r = lose(
                        losses, "watch", "nobody watches these values, and nobody takes them back");
        if (stream_close(out, &text) < 0 && r >= 0)
                r = -ENOMEM;
        if (r < 0) {
                free(text);
                return r;
        }
        *ret_text = text;
        return 0;
}
