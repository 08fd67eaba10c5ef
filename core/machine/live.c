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

/* "hugepages-64kB" against what stands around the "*"; false when it does not fit. */
static bool match_instance(
        const char *name, const char *before, size_t n_before, const char *after, unsigned *ret) {
        char digits[16];
        uint64_t number = 0;
        size_t n = strlen(name), n_after = strcspn(after, "/");

        if (n <= n_before + n_after || n - n_before - n_after >= sizeof(digits))
                return false;
        if (strncmp(name, before, n_before) != 0 ||
            strncmp(name + n - n_after, after, n_after) != 0)
                return false;
        memcpy(digits, name + n_before, n - n_before - n_after);
        digits[n - n_before - n_after] = '\0';
        if (parse_uint64(digits, &number) < 0 || number > UINT32_MAX)
                return false;
        *ret = (unsigned) number;
        return true;
}

/* What has been found, and in which tree. */
typedef struct Search {
        const Root *root;
        KnobRef *refs;
        size_t n;
} Search;

static int add_ref(Search *search, const char *path) {
        KnobRef ref;

        /* An 8 kB folio has a shmem_enabled file and no "enabled". */
        if (!root_exists(search->root, path) || knob_ref_from_path(path, &ref) < 0)
                return 0;
        if (array_grow(&search->refs, search->n, sizeof(*search->refs)) < 0)
                return -ENOMEM;
        search->refs[search->n++] = ref;
        return 0;
}

/* Puts each number that the folder of the first "*" offers in its place, and goes on with the
 * next; a pattern without "*" is a path. */
static int expand(Search *search, const char *pattern) {
        _cleanup_(closedirp) DIR *dir = NULL;
        char folder[KNOB_PATH_MAX], next[KNOB_PATH_MAX];
        unsigned number = 0;
        int r = 0;

        const char *star = strchr(pattern, '*');
        if (!star)
                return add_ref(search, pattern);
        const char *entry = memrchr(pattern, '/', (size_t) (star - pattern));
        (void) snprintf(folder, sizeof(folder), "%.*s", (int) (entry - pattern), pattern);
        dir = root_open_dir(search->root, folder);
        if (!dir)
                return errno == ENOENT ? 0 : -errno;
        entry++;
        for (struct dirent *found; r >= 0 && (found = readdir(dir));) {
                if (!match_instance(
                            found->d_name, entry, (size_t) (star - entry), star + 1, &number))
                        continue;
                (void) snprintf(next,
                                sizeof(next),
                                "%.*s%u%s",
                                (int) (star - pattern),
                                pattern,
                                number,
                                star + 1);
                r = expand(search, next);
        }
        return r;
}

static int compare_refs(const void *a, const void *b) {
        return knob_ref_compare(*(const KnobRef *) a, *(const KnobRef *) b);
}

int live_refs(const Root *root, const Knob *knob, KnobRef **ret, size_t *ret_n) {
        Search search = {.root = root};

        int r = expand(&search, knob->path);
        if (r < 0) {
                free(search.refs);
                return r;
        }
        if (search.n > 1)
                qsort(search.refs, search.n, sizeof(KnobRef), compare_refs);
        *ret = search.refs;
        *ret_n = search.n;
        return 0;
}
