/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/oom-kills.h"

void oom_kills_begin(OomKills *kills, uint64_t now) {
        *kills = (OomKills){.last = now};
}

uint64_t oom_kills_add(OomKills *kills, uint64_t now) {
        uint64_t before = kills->last, n;

        if (now == COUNTER_UNKNOWN)
                return 0;
        kills->last = now;
        if (before == COUNTER_UNKNOWN)
                return 0;
        n = now >= before ? now - before : now;
        kills->killed += n;
        return n;
}

void oom_kills_restart(OomKills *kills) {
        kills->last = 0;
}

static int put(char *buffer, size_t size, const char *folder, const char *name, const char *file) {
        int n = snprintf(buffer, size, "%s%s/%s", folder, name, file);

        return n < 0 || (size_t) n >= size ? -ENAMETOOLONG : 0;
}

int oom_kills_path(const Root *root, const char *cgroup, char *buffer, size_t size) {
        static const char hybrid[] = "sys/fs/cgroup/unified/";

        if (!sample_cgroup_name(cgroup))
                return put(buffer, size, "proc", "", "vmstat");
        int r = put(buffer, size, cgroup, "", "memory.events");
        if (r < 0 || !text_starts_with(cgroup, hybrid) || root_exists(root, buffer))
                return r;
        return put(buffer,
                   size,
                   "sys/fs/cgroup/memory/",
                   cgroup + strlen(hybrid),
                   "memory.oom_control");
}

int oom_kills_parse(const char *text, uint64_t *ret) {
        static const char name[] = "oom_kill ";
        char digits[24];

        for (const char *line = text; *line; line += *line == '\n') {
                size_t n = strcspn(line, "\n"), n_name = strlen(name);
                if (text_starts_with(line, name) && n - n_name < sizeof(digits)) {
                        (void) snprintf(digits, n - n_name + 1, "%s", line + n_name);
                        return parse_uint64(digits, ret) < 0 ? -ENODATA : 0;
                }
                line += n;
        }
        return -ENODATA;
}

int oom_kills_read(const Root *root, const char *cgroup, uint64_t *ret) {
        char path[4096], text[16 * 1024];

        int r = oom_kills_path(root, cgroup, path, sizeof(path));
        if (r >= 0)
                r = root_read_into(root, path, text, sizeof(text));
        return r < 0 ? r : oom_kills_parse(text, ret);
}
