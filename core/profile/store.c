/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/store.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "core/base/trust.h"
#include "core/profile/document.h"
#include "core/profile/text-check.h"

#define SUFFIX ".yaml"
/* Longest name of a profile's file, with NUL. */
#define STORE_FILE_MAX (PROFILE_NAME_MAX + sizeof(SUFFIX))

static const char *const folders[] = {
        "etc/memctl/profiles",
        "run/memctl/profiles",
        "usr/local/share/memctl/profiles",
        "usr/share/memctl/profiles",
        NULL,
};

const char *const *store_folders(void) {
        return folders;
}

/* The profile's name when the file name is one: "redis.yaml". */
static bool name_of_file(const char *file, char ret_name[static PROFILE_NAME_MAX]) {
        char name[PROFILE_NAME_MAX];
        size_t n = strlen(file), n_suffix = strlen(SUFFIX);

        if (n <= n_suffix || n - n_suffix >= sizeof(name) || !streq(file + n - n_suffix, SUFFIX))
                return false;
        (void) snprintf(name, sizeof(name), "%.*s", (int) (n - n_suffix), file);
        if (!profile_name_is_valid(name))
                return false;
        (void) snprintf(ret_name, PROFILE_NAME_MAX, "%s", name);
        return true;
}

static StoreEntry *find_entry(StoreList *list, const char *name) {
        for (size_t i = 0; i < list->n; i++)
                if (streq(list->items[i].name, name))
                        return &list->items[i];
        return NULL;
}

static int mask_file(StoreEntry *entry, const char *path) {
        int r = array_grow(&entry->masked, entry->n_masked, sizeof(char *));
        if (r < 0)
                return r;
        entry->masked[entry->n_masked] = strdup(path);
        if (!entry->masked[entry->n_masked])
                return -ENOMEM;
        entry->n_masked++;
        return 0;
}

static int list_file(StoreList *list, const char *name, const char *path) {
        StoreEntry *entry = find_entry(list, name);

        if (entry)
                return mask_file(entry, path);
        int r = array_grow(&list->items, list->n, sizeof(StoreEntry));
        if (r < 0)
                return r;
        entry = &list->items[list->n];
        *entry = (StoreEntry){.name = strdup(name), .path = strdup(path)};
        /* Counted first, so that a half-made entry is freed with the list. */
        list->n++;
        return entry->name && entry->path ? 0 : -ENOMEM;
}

static int list_folder(const Root *root, const char *folder, StoreList *list) {
        _cleanup_(closedirp) DIR *dir = root_open_dir(root, folder);
        char name[PROFILE_NAME_MAX], path[PATH_MAX];

        if (!dir)
                return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
        for (;;) {
                errno = 0;
                const struct dirent *item = readdir(dir);
                if (!item)
                        return -errno;
                if (!name_of_file(item->d_name, name))
                        continue;
                (void) snprintf(path, sizeof(path), "%s/%s", folder, item->d_name);
                int r = list_file(list, name, path);
                if (r < 0)
                        return r;
        }
}

static int compare_entries(const void *a, const void *b) {
        const StoreEntry *x = a, *y = b;
        return strcmp(x->name, y->name);
}

static void store_list_donep(StoreList *list) {
        store_list_done(list);
}

int store_list(const Root *root, StoreList *ret) {
        _cleanup_(store_list_donep) StoreList list = {0};

        for (size_t i = 0; folders[i]; i++) {
                int r = list_folder(root, folders[i], &list);
                /* A folder that this user may not read hides its profiles, not the others. */
                if (r < 0 && r != -EACCES)
                        return r;
        }
        if (list.n > 0)
                qsort(list.items, list.n, sizeof(StoreEntry), compare_entries);
        *ret = list;
        list = (StoreList){0};
        return 0;
}

void store_list_done(StoreList *list) {
        for (size_t i = 0; i < list->n; i++) {
                StoreEntry *entry = &list->items[i];
                for (size_t j = 0; j < entry->n_masked; j++)
                        free(entry->masked[j]);
                free(entry->masked);
                free(entry->name);
                free(entry->path);
        }
        free(list->items);
        *list = (StoreList){0};
}

char *store_hint(const Root *root, const char *name) {
        _cleanup_(store_list_donep) StoreList list = {0};
        Nearest nearest = NEAREST_INIT(name);

        if (store_list(root, &list) < 0)
                return NULL;
        for (size_t i = 0; i < list.n; i++)
                nearest_offer(&nearest, list.items[i].name);
        return nearest_hint(&nearest);
}

/* Opens the folder that has the file; -ENOENT when none has. */
static int open_folder(const Root *root, const char *file, const char **ret_folder) {
        for (size_t i = 0; folders[i]; i++) {
                struct stat st;
                _cleanup_(closep) int fd = root_open_file(root, folders[i], O_RDONLY | O_DIRECTORY);
                if (fd == -ENOENT || fd == -ENOTDIR)
                        continue;
                if (fd >= 0 && fstatat(fd, file, &st, AT_SYMLINK_NOFOLLOW) < 0) {
                        if (errno == ENOENT)
                                continue;
                }
                *ret_folder = folders[i];
                return TAKE_FD(fd);
        }
        return -ENOENT;
}

bool store_has(const Root *root, const char *name) {
        const char *folder = NULL;
        char file[STORE_FILE_MAX];

        if (!profile_name_is_valid(name))
                return false;
        (void) snprintf(file, sizeof(file), "%s" SUFFIX, name);
        _cleanup_(closep) int fd = open_folder(root, file, &folder);
        return fd != -ENOENT;
}

static int refuse(Problems *problems, const char *path, const char *hint, const char *why) {
        Location where = {.file = path};
        (void) problem_add(problems, PROBLEM_ERROR, &where, hint, "%s", why);
        return -EPERM;
}

static int refuse_errno(Problems *problems, const char *path, int error) {
        Location where = {.file = path};
        (void) problem_add(
                problems, PROBLEM_ERROR, &where, NULL, "cannot be read: %s", strerror(-error));
        return error == -ENOMEM ? error : -EPERM;
}

static int check_regular(int fd, const char *path, Problems *problems) {
        struct stat st;

        if (fstat(fd, &st) < 0)
                return refuse_errno(problems, path, -errno);
        return S_ISREG(st.st_mode) ? 0 : refuse(problems, path, NULL, "is no regular file");
}

static int load_fd(int fd, const char *path, const char *name, Problems *problems, Profile **ret) {
        _cleanup_(freep) char *text = NULL;
        size_t size = 0;

        /* One byte more than is allowed, so that the parser sees it and says so. */
        int r = read_all(fd, DOCUMENT_SIZE_MAX, &text, &size);
        if (r == -EFBIG)
                return profile_parse(path, name, "", DOCUMENT_SIZE_MAX + 1, problems, ret);
        if (r < 0)
                return refuse_errno(problems, path, r);
        return profile_parse(path, name, text, size, problems, ret);
}

/* O_NONBLOCK: opening a FIFO must not wait for its writer. */
static int open_any(int folder_fd, const char *file, const char *path, Problems *problems) {
        _cleanup_(closep) int fd =
                openat(folder_fd, file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

        if (fd < 0)
                return refuse_errno(problems, path, -errno);
        int r = check_regular(fd, path, problems);
        return r < 0 ? r : TAKE_FD(fd);
}

/* The folder was found by following links; a trusted file is looked for again, and none counts. */
static int load_at(const Root *root,
                   int folder_fd,
                   const char *folder,
                   const char *file,
                   const char *name,
                   StoreTrust trust,
                   Problems *problems,
                   Profile **ret) {
        _cleanup_(freep) char *path = text_format("%s/%s/%s", root_prefix(root), folder, file);

        if (!path)
                return -ENOMEM;
        const char *relative = path + strlen(root_prefix(root)) + 1;
        _cleanup_(closep) int fd = trust == STORE_TRUSTED
                                           ? trust_open(root, relative, problems)
                                           : open_any(folder_fd, file, path, problems);
        if (fd == -ENOENT)
                return refuse_errno(problems, path, fd);
        return fd < 0 ? TAKE_FD(fd) : load_fd(fd, path, name, problems, ret);
}

static int refuse_missing(const Root *root, const char *name, Problems *problems) {
        _cleanup_(freep) char *hint = store_hint(root, name);

        (void) problem_add(problems,
                           PROBLEM_ERROR,
                           NULL,
                           hint,
                           "there is no profile \"%s\" in %s/%s, %s/%s, %s/%s or %s/%s",
                           name,
                           root_prefix(root),
                           folders[0],
                           root_prefix(root),
                           folders[1],
                           root_prefix(root),
                           folders[2],
                           root_prefix(root),
                           folders[3]);
        return -ENOENT;
}

/* The name comes from outside: it is shown only when a terminal can bear it. */
static int refuse_name(const char *name, Problems *problems) {
        static const char hint[] = "names consist of a-z, 0-9, \".\", \"_\" and \"-\"";
        size_t n = strlen(name);

        if (n >= PROFILE_NAME_MAX || text_has_control(name, n, false))
                return problem_add(problems,
                                   PROBLEM_ERROR,
                                   NULL,
                                   hint,
                                   "what was asked for is no name of a profile");
        return problem_add(
                problems, PROBLEM_ERROR, NULL, hint, "\"%s\" is no name of a profile", name);
}

int store_load(
        const Root *root, const char *name, StoreTrust trust, Problems *problems, Profile **ret) {
        const char *folder = NULL;
        char file[STORE_FILE_MAX];

        if (!profile_name_is_valid(name))
                return refuse_name(name, problems);
        (void) snprintf(file, sizeof(file), "%s" SUFFIX, name);
        _cleanup_(closep) int fd = open_folder(root, file, &folder);
        if (fd == -ENOENT)
                return refuse_missing(root, name, problems);
        if (fd < 0) {
                _cleanup_(freep) char *path = text_format("%s/%s", root_prefix(root), folder);
                return path ? refuse_errno(problems, path, fd) : -ENOMEM;
        }
        return load_at(root, fd, folder, file, name, trust, problems, ret);
}

int store_load_file(const char *path, Problems *problems, Profile **ret) {
        const char *slash = strrchr(path, '/');
        const char *file = slash ? slash + 1 : path;
        Location where = {.file = path};
        char name[PROFILE_NAME_MAX];

        if (!name_of_file(file, name))
                return problem_add(problems,
                                   PROBLEM_ERROR,
                                   &where,
                                   "names consist of a-z, 0-9, \".\", \"_\" and \"-\"",
                                   "a profile's file is named NAME.yaml");
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0 && errno == ENOENT) {
                (void) problem_add(problems, PROBLEM_ERROR, &where, NULL, "there is no such file");
                return -ENOENT;
        }
        if (fd < 0)
                return refuse_errno(problems, path, -errno);
        Profile *profile = NULL;
        int r = check_regular(fd, path, problems);
        if (r >= 0)
                r = load_fd(fd, path, name, problems, &profile);
        if (r < 0)
                return r;
        profile->loose = true;
        *ret = profile;
        return 0;
}
