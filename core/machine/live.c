/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/live.h"

int live_read(const Root *root, KnobRef ref, Value *ret) {
        const ValueType type = {.kind = ref.knob->kind, .choices = ref.knob->choices};
        char path[KNOB_PATH_MAX], text[512];

        knob_ref_path(ref, path);
        int r = root_read_into(root, path, text, sizeof(text));
        if (r < 0)
                return r;
        return value_parse_kernel(&type, text, ret) < 0 ? -EBADMSG : 0;
}

/* "hugepages-64kB" against what stands around the "*"; the number between, or 0. */
static unsigned
match_instance(const char *name, const char *before, size_t n_before, const char *after) {
        char digits[16];
        uint64_t number = 0;
        size_t n = strlen(name), n_after = strcspn(after, "/");

        if (n <= n_before + n_after || n - n_before - n_after >= sizeof(digits))
                return 0;
        if (strncmp(name, before, n_before) != 0 ||
            strncmp(name + n - n_after, after, n_after) != 0)
                return 0;
        memcpy(digits, name + n_before, n - n_before - n_after);
        digits[n - n_before - n_after] = '\0';
        if (parse_uint64(digits, &number) < 0 || number > UINT32_MAX)
                return 0;
        return (unsigned) number;
}

static int compare_unsigned(const void *a, const void *b) {
        unsigned x = *(const unsigned *) a, y = *(const unsigned *) b;
        return (x > y) - (x < y);
}

int live_instances(const Root *root, const Knob *knob, unsigned **ret, size_t *ret_n) {
        _cleanup_(freep) unsigned *sizes = NULL;
        _cleanup_(closedirp) DIR *dir = NULL;
        char folder[KNOB_PATH_MAX], path[KNOB_PATH_MAX];
        size_t n = 0;

        const char *star = strchr(knob->path, '*');
        if (!star) {
                *ret = NULL;
                *ret_n = 0;
                return 0;
        }
        const char *entry = memrchr(knob->path, '/', (size_t) (star - knob->path));
        (void) snprintf(
                folder, sizeof(folder), "%.*s", entry ? (int) (entry - knob->path) : 0, knob->path);
        dir = root_open_dir(root, folder);
        if (!dir && errno != ENOENT)
                return -errno;
        entry++;
        for (struct dirent *found; dir && (found = readdir(dir));) {
                KnobRef ref = {
                        .knob = knob,
                        .instance_kb = match_instance(
                                found->d_name, entry, (size_t) (star - entry), star + 1),
                };
                if (ref.instance_kb == 0)
                        continue;
                /* An 8 kB folio has a shmem_enabled file and no "enabled". */
                knob_ref_path(ref, path);
                if (!root_exists(root, path))
                        continue;
                if (array_grow(&sizes, n, sizeof(*sizes)) < 0)
                        return -ENOMEM;
                sizes[n++] = ref.instance_kb;
        }
        if (n > 1)
                qsort(sizes, n, sizeof(*sizes), compare_unsigned);
        *ret = TAKE_PTR(sizes);
        *ret_n = n;
        return 0;
}
