/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/inspect-print.h"

static int waited(const Inspect *inspect, const Cgroup *cgroup) {
        const Cgroup *before =
                inspect->before ? cgroups_find(&inspect->before->cgroups, cgroup->path) : NULL;

        if (!before)
                return -1;
        return pressure_since(
                &before->some, &cgroup->some, inspect->now->at_usec - inspect->before->at_usec);
}

static Style share_style(int permyriad) {
        return permyriad >= 4000 ? STYLE_BAD : permyriad >= 1000 ? STYLE_WARN : STYLE_PLAIN;
}

/* On a terminal the end of a long path, which tells more than its beginning. */
static void add_path(const char *path, Table *table) {
        size_t width = print_width(), room = width > 80 ? width - 56 : 24, n = text_width(path);

        if (width == SIZE_MAX || n <= room) {
                table_add_text(table, STYLE_PLAIN, path);
                return;
        }
        for (; n > room - 1; n--)
                do
                        path++;
                while (((unsigned char) *path & 0xc0) == 0x80);
        table_add(table, STYLE_PLAIN, "%s%s", glyph(GLYPH_ELLIPSIS), path);
}

static void add_row(const Inspect *inspect, const Cgroup *cgroup, Table *table) {
        int average = cgroup->some.valid ? (int) cgroup->some.permyriad[PRESSURE_10S] : -1;
        int now = waited(inspect, cgroup);
        int64_t limit = cgroup_limit(cgroup);

        table_add_text(table, STYLE_BOLD, size_text(cgroup->current).text);
        table_add_text(table,
                       cgroup_is_full(cgroup) ? STYLE_WARN : STYLE_PLAIN,
                       limit < 0 ? "-" : size_text(limit).text);
        table_add_text(table, STYLE_PLAIN, size_text(cgroup->swap).text);
        table_add_text(table, STYLE_PLAIN, count_text(cgroup->hits).text);
        table_add_text(table,
                       cgroup->oom_kill > 0 ? STYLE_WARN : STYLE_PLAIN,
                       count_text(cgroup->oom_kill).text);
        table_add_text(table, share_style(average), share_text(average).text);
        table_add_text(table, share_style(now), share_text(now).text);
        add_path(cgroup->path, table);
}

void inspect_print_cgroups(const Inspect *inspect) {
        static const char *const headings[] = {
                "HOLDS", "LIMIT", "SWAP", "HIT", "KILLED", "WAITS", "NOW", "CGROUP", NULL};
        const Cgroups *cgroups = &inspect->now->cgroups;
        _cleanup_(table_done) Table table = {0};

        if (cgroups->n == 0) {
                (void) puts("There are no cgroups here.");
                return;
        }
        cgroups_sort(&inspect->now->cgroups);
        table_init(&table, headings);
        table.right = 0x7f;
        for (size_t i = 0; i < cgroups->n && i < inspect->rows; i++)
                add_row(inspect, &cgroups->items[i], &table);
        (void) table_print(&table);
        if (cgroups->n > inspect->rows)
                print_note("%zu cgroups in all: --all shows them", cgroups->n);
}

static json_object *line_json(const PressureLine *line) {
        json_object *object = line->valid ? json_object_new_object() : NULL;

        if (!object)
                return NULL;
        json_add_known(object, "10s-permyriad", line->permyriad[PRESSURE_10S]);
        json_add_known(object, "60s-permyriad", line->permyriad[PRESSURE_60S]);
        json_add_known(object, "300s-permyriad", line->permyriad[PRESSURE_300S]);
        json_add_known(object, "total-usec", (int64_t) line->total_usec);
        return object;
}

json_object *inspect_json_cgroups(const Inspect *inspect) {
        json_object *array = json_object_new_array();

        cgroups_sort(&inspect->now->cgroups);
        for (size_t i = 0; i < inspect->now->cgroups.n; i++) {
                const Cgroup *cgroup = &inspect->now->cgroups.items[i];
                json_object *object = json_object_new_object();
                json_add(object, "cgroup", json_text_of_bytes(cgroup->path));
                json_add_known(object, "current-bytes", cgroup->current);
                json_add_known(object, "max-bytes", cgroup->max);
                json_add_known(object, "high-bytes", cgroup->high);
                json_add_known(object, "swap-bytes", cgroup->swap);
                json_add_known(object, "max-hits", cgroup->hits);
                json_add_known(object, "oom-kills", cgroup->oom_kill);
                json_add_known(object, "refaults", cgroup->refault);
                json_add(object, "memory.some", line_json(&cgroup->some));
                json_add(object, "memory.full", line_json(&cgroup->full));
                json_add_known(object, "now-permyriad", waited(inspect, cgroup));
                json_object_array_add(array, object);
        }
        return array;
}
