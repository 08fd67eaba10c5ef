/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/figures.h"

#include "core/machine/oom-scan.h"

int figures_add_line(Figures *counters, char *line) {
        char *name = line + strspn(line, " \t");
        size_t n = strcspn(name, ": \t");
        const char *p = name + n + (name[n] == ':');
        int64_t value = 0;

        if (n == 0 || name[n] == '\0' || !scan_number(&p, &value))
                return 0;
        bool in_kib = streq(p, " kB");
        if (*p && !in_kib)
                return 0;
        value = MIN_OF(value, in_kib ? FIGURE_MAX / 1024 : FIGURE_MAX) * (in_kib ? 1024 : 1);
        if (array_grow(&counters->items, counters->n, sizeof(*counters->items)) < 0)
                return -ENOMEM;
        name[n] = '\0';
        counters->items[counters->n++] = (Figure){.name = name, .value = value};
        return 0;
}

int figures_parse(char *text, Figures *ret) {
        _cleanup_(figures_done) Figures counters = {.text = text};

        for (char *line = text; *line;) {
                char *end = line + strcspn(line, "\n");
                bool last = *end == '\0';
                *end = '\0';
                int r = figures_add_line(&counters, line);
                if (r < 0)
                        return r;
                line = last ? end : end + 1;
        }
        *ret = counters;
        counters = (Figures){0};
        return 0;
}

int figures_read(const Root *root, const char *path, Figures *ret) {
        char *text = NULL;

        int r = root_read(root, path, &text);
        return r < 0 ? r : figures_parse(text, ret);
}

void figures_done(Figures *counters) {
        free(counters->text);
        free(counters->items);
        *counters = (Figures){0};
}

int64_t figures_get(const Figures *counters, const char *name) {
        for (size_t i = 0; i < counters->n; i++)
                if (streq(counters->items[i].name, name))
                        return counters->items[i].value;
        return FIGURE_NONE;
}

int64_t figures_sum(const Figures *counters, const char *pattern) {
        size_t n = strcspn(pattern, "*");
        int64_t sum = FIGURE_NONE;

        if (pattern[n] == '\0')
                return figures_get(counters, pattern);
        for (size_t i = 0; i < counters->n; i++)
                if (strncmp(counters->items[i].name, pattern, n) == 0)
                        sum = MIN_OF(MAX_OF(sum, (int64_t) 0) + counters->items[i].value,
                                     FIGURE_MAX);
        return sum;
}

int64_t figures_get_or_0(const Figures *counters, const char *name) {
        return MAX_OF(figures_get(counters, name), (int64_t) 0);
}

int64_t figure_read(const Root *root, const char *path) {
        char text[64];
        const char *p = text;
        int64_t value = 0;

        if (root_read_into(root, path, text, sizeof(text)) < 0 || !scan_number(&p, &value))
                return FIGURE_NONE;
        return MIN_OF(value, FIGURE_MAX);
}
