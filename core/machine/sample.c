/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/sample.h"

#include <ctype.h>

/* The folders where systemd puts the one hierarchy of cgroup version 2. */
static const char *const cgroup_mounts[] = {"sys/fs/cgroup", "sys/fs/cgroup/unified"};

static const struct {
        const char *name;
        const char *resource;
        const char *line;
} metrics[_METRIC_MAX] = {
        [METRIC_MEMORY_SOME] = {"memory.some", "memory", "some"},
        [METRIC_MEMORY_FULL] = {"memory.full", "memory", "full"},
        [METRIC_IO_SOME] = {"io.some", "io", "some"},
        [METRIC_IO_FULL] = {"io.full", "io", "full"},
        [METRIC_CPU_SOME] = {"cpu.some", "cpu", "some"},
        [METRIC_CPU_FULL] = {"cpu.full", "cpu", "full"},
};

const char *metric_to_string(Metric metric) {
        return metric >= 0 && metric < _METRIC_MAX ? metrics[metric].name : NULL;
}

Metric metric_from_string(const char *name) {
        for (int metric = 0; metric < _METRIC_MAX; metric++)
                if (streq(metrics[metric].name, name))
                        return metric;
        return _METRIC_INVALID;
}

const char *metric_resource(Metric metric) {
        return metric >= 0 && metric < _METRIC_MAX ? metrics[metric].resource : NULL;
}

const char *metric_line(Metric metric) {
        return metric >= 0 && metric < _METRIC_MAX ? metrics[metric].line : NULL;
}

/* Digits up to a blank or the end of the line. */
static int parse_counter(const char *text, uint64_t *ret) {
        char digits[24];
        size_t n = strspn(text, "0123456789");

        if (n >= sizeof(digits) || (text[n] && !isspace((unsigned char) text[n])))
                return -EINVAL;
        memcpy(digits, text, n);
        digits[n] = '\0';
        return parse_uint64(digits, ret);
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=123" */
static bool parse_pressure_line(const char *line, size_t n, usec_t *ret_total) {
        static const char key[] = " total=";
        const char *total = memmem(line, n, key, strlen(key));

        return total && parse_counter(total + strlen(key), ret_total) >= 0;
}

int sample_parse_pressure(const char *text, usec_t ret_total[static 2], bool ret_valid[static 2]) {
        usec_t total[2] = {0};
        bool valid[2] = {false};

        for (const char *line = text; *line;) {
                size_t n = strcspn(line, "\n");
                if (text_starts_with(line, "some ") && !valid[0])
                        valid[0] = parse_pressure_line(line, n, &total[0]);
                else if (text_starts_with(line, "full ") && !valid[1])
                        valid[1] = parse_pressure_line(line, n, &total[1]);
                line += n + (line[n] == '\n');
        }
        if (!valid[0] && !valid[1])
                return -EBADMSG;
        memcpy(ret_total, total, sizeof(total));
        memcpy(ret_valid, valid, sizeof(valid));
        return 0;
}

int sample_pressure_path(const char *cgroup, Metric metric, char *buffer, size_t size) {
        const char *resource = metric_resource(metric);

        int n = !cgroup || streq(cgroup, "system")
                        ? snprintf(buffer, size, "proc/pressure/%s", resource)
                        : snprintf(buffer, size, "%s/%s.pressure", cgroup, resource);
        return n < 0 || (size_t) n >= size ? -ENAMETOOLONG : 0;
}

/* Both lines of one resource; some is its first metric. */
static int read_pressure(const Root *root, const char *cgroup, Metric some, Sample *sample) {
        char path[4096], text[512];

        int r = sample_pressure_path(cgroup, some, path, sizeof(path));
        if (r >= 0)
                r = root_read_into(root, path, text, sizeof(text));
        if (r < 0)
                return r;
        return sample_parse_pressure(text, &sample->stall_usec[some], &sample->valid[some]);
}

int sample_read(const Root *root, const char *cgroup, usec_t at_usec, Sample *ret) {
        static const Metric firsts[] = {METRIC_MEMORY_SOME, METRIC_IO_SOME, METRIC_CPU_SOME};
        Sample sample = {.at_usec = at_usec};
        size_t n_read = 0;
        int first_error = 0;

        for (size_t i = 0; i < ELEMENTSOF(firsts); i++) {
                int r = read_pressure(root, cgroup, firsts[i], &sample);
                if (r >= 0)
                        n_read++;
                else if (first_error == 0)
                        first_error = r;
        }
        if (n_read == 0)
                return first_error;
        /* Not defined for the whole system: there the kernel prints zeros (psi_show,
         * kernel/sched/psi.c). */
        bool is_system = !cgroup || streq(cgroup, "system");
        if (is_system)
                sample.valid[METRIC_CPU_FULL] = false;
        counters_read(root, is_system ? NULL : cgroup, sample.counters);
        *ret = sample;
        return 0;
}

int sample_share(const Sample *before, const Sample *after, Metric metric) {
        if (!before->valid[metric] || !after->valid[metric] || after->at_usec <= before->at_usec ||
            after->stall_usec[metric] < before->stall_usec[metric])
                return -ENODATA;
        usec_t passed = after->at_usec - before->at_usec;
        usec_t stalled = after->stall_usec[metric] - before->stall_usec[metric];
        if (stalled >= passed)
                return 10000;
        return (int) ((unsigned __int128) stalled * 10000 / passed);
}

/* No empty, "." or ".." part: a profile cannot point outside the hierarchy. */
static bool cgroup_path_is_safe(const char *path) {
        while (*path) {
                size_t n = strcspn(path, "/");
                if (n == 0 || (n == 1 && path[0] == '.') ||
                    (n == 2 && text_starts_with(path, "..")))
                        return false;
                path += n;
                if (*path == '/' && *++path == '\0')
                        return false;
        }
        return true;
}

/* systemd nests "a-b.slice" in "a.slice". */
static char *slice_path(const char *mount, const char *unit) {
        char *text = NULL;
        size_t size = 0, n_name = strlen(unit) - strlen(".slice");
        FILE *out = open_memstream(&text, &size);

        if (!out)
                return NULL;
        (void) fputs(mount, out);
        for (size_t i = 1; i <= n_name; i++)
                if (i == n_name || unit[i] == '-')
                        (void) fprintf(out, "/%.*s.slice", (int) i, unit);
        (void) stream_close(out, &text);
        return text;
}

/* Instances of a template, "x@1.service", share "system-x.slice". */
static char *service_path(const char *mount, const char *unit) {
        const char *at = strchr(unit, '@');

        if (at)
                return text_format("%s/system.slice/system-%.*s.slice/%s",
                                   mount,
                                   (int) (at - unit),
                                   unit,
                                   unit);
        return text_format("%s/system.slice/%s", mount, unit);
}

static char *unit_path(const char *mount, const char *unit) {
        const char *dot = strrchr(unit, '.');

        if (streq(unit, "-.slice")) /* the root of all */
                return strdup(mount);
        if (dot && dot != unit && streq(dot, ".slice"))
                return slice_path(mount, unit);
        return service_path(mount, unit);
}

int sample_find_cgroup(const Root *root, const char *pressure_of, char **ret) {
        _cleanup_(freep) char *path = NULL;
        const char *mount = NULL;

        if (!pressure_of || streq(pressure_of, "system")) {
                *ret = NULL;
                return 0;
        }
        for (size_t i = 0; i < ELEMENTSOF(cgroup_mounts) && !mount; i++) {
                char probe[64];
                (void) snprintf(probe, sizeof(probe), "%s/cgroup.controllers", cgroup_mounts[i]);
                if (root_exists(root, probe))
                        mount = cgroup_mounts[i];
        }
        if (!mount)
                return -EOPNOTSUPP;
        const char *name = pressure_of + (pressure_of[0] == '/');
        if (pressure_of[0] == '\0' || !cgroup_path_is_safe(name))
                return -ENOENT;
        if (pressure_of[0] == '/')
                path = text_format("%s%s%s", mount, name[0] ? "/" : "", name);
        else
                path = strchr(name, '/') ? text_format("%s/%s", mount, name)
                                         : unit_path(mount, name);
        if (!path)
                return -ENOMEM;
        if (!root_exists(root, path))
                return -ENOENT;
        *ret = TAKE_PTR(path);
        return 0;
}

/* Where both are, the second is below the first. */
const char *sample_cgroup_name(const char *cgroup) {
        for (size_t i = ELEMENTSOF(cgroup_mounts); cgroup && i > 0; i--) {
                const char *mount = cgroup_mounts[i - 1];
                size_t n = strlen(mount);
                if (!text_starts_with(cgroup, mount))
                        continue;
                if (cgroup[n] == '/')
                        return cgroup + n;
                if (cgroup[n] == '\0')
                        return NULL;
        }
        return NULL;
}
