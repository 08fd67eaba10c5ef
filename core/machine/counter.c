/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/counter.h"

#include <ctype.h>

/* The unit of proc/stat (USER_HZ), the same on every architecture that Debian has. */
#define USEC_PER_TICK 10000

/* Names that end in "*" are the sum of all lines that begin so. */
static const struct {
        const char *name;
        const char *vmstat;
        const char *memory_stat; /* NULL: a cgroup does not count it */
        bool gauge;
} counters[_COUNTER_MAX] = {
        [COUNTER_ALLOCSTALL] = {"allocstall", "allocstall*", NULL, false},
        [COUNTER_PGSCAN_DIRECT] = {"pgscan_direct", "pgscan_direct", "pgscan_direct", false},
        [COUNTER_WORKINGSET_REFAULT] = {"workingset_refault",
                                        "workingset_refault*",
                                        "workingset_refault*",
                                        false},
        [COUNTER_PSWPIN] = {"pswpin", "pswpin", "pswpin", false},
        [COUNTER_PSWPOUT] = {"pswpout", "pswpout", "pswpout", false},
        [COUNTER_COMPACT_STALL] = {"compact_stall", "compact_stall", NULL, false},
        [COUNTER_THP_FAULT_FALLBACK] = {"thp_fault_fallback", "thp_fault_fallback", NULL, false},
        [COUNTER_OOM_KILL] = {"oom_kill", "oom_kill", NULL, false},
        [COUNTER_NR_DIRTY] = {"nr_dirty", "nr_dirty", NULL, true},
        [COUNTER_NR_DIRTY_THRESHOLD] = {"nr_dirty_threshold", "nr_dirty_threshold", NULL, true},
        [COUNTER_PGFAULT] = {"pgfault", "pgfault", "pgfault", false},
        [COUNTER_PGALLOC] = {"pgalloc", "pgalloc*", NULL, false},
        [COUNTER_CPU_USEC] = {"cpu_usec", NULL, NULL, false},
        [COUNTER_DROP_PAGECACHE] = {"drop_pagecache", "drop_pagecache", NULL, false},
        [COUNTER_DROP_SLAB] = {"drop_slab", "drop_slab", NULL, false},
        [COUNTER_BALLOON] = {"balloon", "balloon_*late", NULL, false},
};

const char *counter_to_string(Counter counter) {
        return counter >= 0 && counter < _COUNTER_MAX ? counters[counter].name : NULL;
}

Counter counter_from_string(const char *name) {
        for (int counter = 0; counter < _COUNTER_MAX; counter++)
                if (streq(counters[counter].name, name))
                        return counter;
        return _COUNTER_INVALID;
}

bool counter_is_gauge(Counter counter) {
        return counters[counter].gauge;
}

/* "name 123" up to the end of the line. */
static bool parse_line(const char *line, size_t n_name, uint64_t *ret) {
        char digits[24];
        const char *text = line + n_name + 1;
        size_t n = strspn(text, "0123456789");

        if (n == 0 || n >= sizeof(digits) || (text[n] && !isspace((unsigned char) text[n])))
                return false;
        memcpy(digits, text, n);
        digits[n] = '\0';
        return parse_uint64(digits, ret) >= 0;
}

/* At most one "*" in the pattern. */
static bool name_matches(const char *name, size_t n_name, const char *pattern) {
        size_t n_head = strcspn(pattern, "*"), n = strlen(pattern);

        if (n_head == n)
                return n_name == n && strncmp(name, pattern, n) == 0;
        size_t n_tail = n - n_head - 1;
        return n_name >= n_head + n_tail && strncmp(name, pattern, n_head) == 0 &&
               strncmp(name + n_name - n_tail, pattern + n_head + 1, n_tail) == 0;
}

static const char *pattern_of(int counter, bool cgroup) {
        return cgroup ? counters[counter].memory_stat : counters[counter].vmstat;
}

static void take_line(const char *line, size_t n_name, bool cgroup, uint64_t *ret) {
        uint64_t value;

        if (!parse_line(line, n_name, &value))
                return;
        for (int counter = 0; counter < _COUNTER_MAX; counter++) {
                const char *pattern = pattern_of(counter, cgroup);
                if (pattern && name_matches(line, n_name, pattern))
                        ret[counter] =
                                ret[counter] == COUNTER_UNKNOWN ? value : ret[counter] + value;
        }
}

static void take_text(const char *text, bool cgroup, uint64_t *ret) {
        while (*text) {
                size_t n = strcspn(text, "\n"), n_name = strcspn(text, " \n");
                if (n_name < n)
                        take_line(text, n_name, cgroup, ret);
                text += n + (text[n] == '\n');
        }
}

/* The number behind a name that begins a line. */
static uint64_t find_line(const char *text, const char *name) {
        size_t n_name = strlen(name);
        uint64_t value;

        for (const char *line = text; line; line = strchr(line, '\n')) {
                line += *line == '\n';
                if (strncmp(line, name, n_name) == 0 && line[n_name] == ' ' &&
                    parse_line(line, n_name, &value))
                        return value;
        }
        return COUNTER_UNKNOWN;
}

/* "cpu  user nice system idle iowait irq softirq steal guest guest_nice": all but idle, iowait, and
 * the guest's, which user has in it (account_guest_time, kernel/sched/cputime.c). */
static uint64_t parse_cpu(const char *text) {
        uint64_t ticks[8], busy = 0;

        if (!text_starts_with(text, "cpu "))
                return COUNTER_UNKNOWN;
        text += strlen("cpu");
        for (size_t i = 0; i < ELEMENTSOF(ticks); i++) {
                size_t n_blank = strspn(text, " ");
                if (n_blank == 0 || !parse_line(text, n_blank - 1, &ticks[i]))
                        return COUNTER_UNKNOWN;
                text += n_blank + strspn(text + n_blank, "0123456789");
                busy += i == 3 || i == 4 ? 0 : ticks[i];
        }
        return busy * USEC_PER_TICK;
}

static void read_system(const Root *root, uint64_t *ret) {
        char text[16 * 1024];

        if (root_read_into(root, "proc/vmstat", text, sizeof(text)) >= 0)
                take_text(text, false, ret);
        if (root_read_into(root, "proc/stat", text, 512) >= 0)
                ret[COUNTER_CPU_USEC] = parse_cpu(text);
}

static bool
read_of_cgroup(const Root *root, const char *cgroup, const char *file, char *text, size_t size) {
        char path[4096];
        int n = snprintf(path, sizeof(path), "%s/%s", cgroup, file);

        return n > 0 && (size_t) n < sizeof(path) && root_read_into(root, path, text, size) >= 0;
}

static void read_cgroup(const Root *root, const char *cgroup, uint64_t *ret) {
        char text[8 * 1024];

        if (read_of_cgroup(root, cgroup, "memory.stat", text, sizeof(text)))
                take_text(text, true, ret);
        if (read_of_cgroup(root, cgroup, "memory.events", text, sizeof(text)))
                ret[COUNTER_OOM_KILL] = find_line(text, "oom_kill");
        if (read_of_cgroup(root, cgroup, "cpu.stat", text, sizeof(text)))
                ret[COUNTER_CPU_USEC] = find_line(text, "usage_usec");
}

void counters_read(const Root *root, const char *cgroup, uint64_t ret[static _COUNTER_MAX]) {
        for (size_t i = 0; i < _COUNTER_MAX; i++)
                ret[i] = COUNTER_UNKNOWN;
        if (cgroup)
                read_cgroup(root, cgroup, ret);
        else
                read_system(root, ret);
}

double counter_rate(Counter counter, uint64_t before, uint64_t after, usec_t passed_usec) {
        if (before == COUNTER_UNKNOWN || after == COUNTER_UNKNOWN)
                return -1;
        if (counter_is_gauge(counter))
                return ((double) before + (double) after) / 2;
        if (passed_usec == 0 || after < before)
                return -1;
        return (double) (after - before) * USEC_PER_SEC / (double) passed_usec;
}
