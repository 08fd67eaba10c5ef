/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/config-files.h"

#define MAIN_FILE "memctld.conf"
#define DROPIN_FOLDER "memctld.conf.d"

/* In the order of their weight. */
static const char *const folders[] = {"etc/memctl", "run/memctl", "usr/lib/memctl"};

void config_files_done(ConfigFiles *files) {
        for (size_t i = 0; i < files->n; i++)
                free(files->paths[i]);
        free(files->paths);
        *files = (ConfigFiles){0};
}

static int add_path(ConfigFiles *files, char *path) {
        _cleanup_(freep) char *owned = path;

        if (!owned || array_grow(&files->paths, files->n, sizeof(*files->paths)) < 0)
                return -ENOMEM;
        files->paths[files->n++] = TAKE_PTR(owned);
        return 0;
}

static int find_main(const Root *root, ConfigFiles *files) {
        for (size_t i = 0; i < ELEMENTSOF(folders); i++) {
                _cleanup_(freep) char *path = text_format("%s/" MAIN_FILE, folders[i]);
                if (!path)
                        return -ENOMEM;
                if (root_exists(root, path))
                        return add_path(files, TAKE_PTR(path));
        }
        return 0;
}

static const char *base_name(const char *path) {
        const char *slash = strrchr(path, '/');
        return slash ? slash + 1 : path;
}

static bool is_masked(const ConfigFiles *dropins, const char *name) {
        for (size_t i = 0; i < dropins->n; i++)
                if (streq(base_name(dropins->paths[i]), name))
                        return true;
        return false;
}

static bool is_dropin(const char *name) {
        size_t n = strlen(name);
        return name[0] != '.' && n > strlen(".conf") && streq(name + n - strlen(".conf"), ".conf");
}

static int
list_folder(const Root *root, const char *folder, Problems *problems, ConfigFiles *dropins) {
        _cleanup_(closedirp) DIR *dir = root_open_dir(root, folder);
        struct dirent *entry;

        if (!dir && (errno == ENOENT || errno == ENOTDIR))
                return 0;
        while (dir && (errno = 0, entry = readdir(dir))) {
                if (!is_dropin(entry->d_name) || is_masked(dropins, entry->d_name))
                        continue;
                if (dropins->n >= CONFIG_DROPINS_MAX) {
                        errno = E2BIG;
                        break;
                }
                int r = add_path(dropins, text_format("%s/%s", folder, entry->d_name));
                if (r < 0)
                        return r;
        }
        if (errno == 0)
                return 0;
        int saved_errno = errno;
        _cleanup_(freep) char *file = text_format("%s/%s", root_prefix(root), folder);
        Location where = {.file = file};
        return problem_add(problems,
                           PROBLEM_ERROR,
                           &where,
                           NULL,
                           "this folder cannot be read: %s",
                           strerror(saved_errno));
}

static int compare_names(const void *a, const void *b) {
        return strcmp(base_name(*(char *const *) a), base_name(*(char *const *) b));
}

static int find_dropins(const Root *root, Problems *problems, ConfigFiles *dropins) {
        for (size_t i = 0; i < ELEMENTSOF(folders); i++) {
                _cleanup_(freep) char *folder = text_format("%s/" DROPIN_FOLDER, folders[i]);
                if (!folder)
                        return -ENOMEM;
                int r = list_folder(root, folder, problems, dropins);
                if (r < 0)
                        return r;
        }
        if (dropins->n > 0)
                qsort(dropins->paths, dropins->n, sizeof(*dropins->paths), compare_names);
        return 0;
}

int config_files_find(const Root *root, Problems *problems, ConfigFiles *ret) {
        _cleanup_(config_files_done) ConfigFiles files = {0}, dropins = {0};
        int r = find_main(root, &files);

        if (r >= 0)
                r = find_dropins(root, problems, &dropins);
        for (size_t i = 0; r >= 0 && i < dropins.n; i++)
                r = add_path(&files, TAKE_PTR(dropins.paths[i]));
        if (r < 0)
                return r;
        *ret = files;
        files = (ConfigFiles){0};
        return 0;
}
