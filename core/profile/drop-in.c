/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/drop-in.h"

void drop_ins_done(DropIns *drop_ins) {
        for (size_t i = 0; i < drop_ins->n; i++)
                free(drop_ins->items[i].path);
        free(drop_ins->items);
        *drop_ins = (DropIns){0};
}

static bool has_name(const DropIns *drop_ins, const char *name) {
        for (size_t i = 0; i < drop_ins->n; i++)
                if (streq(drop_ins->items[i].name, name))
                        return true;
        return false;
}

static int add(DropIns *drop_ins, const char *folder, const char *name) {
        char *path = text_format("%s/%s", folder, name);

        if (!path || array_grow(&drop_ins->items, drop_ins->n, sizeof(DropIn)) < 0) {
                free(path);
                return -ENOMEM;
        }
        drop_ins->items[drop_ins->n++] = (DropIn){.path = path, .name = path + strlen(folder) + 1};
        return 0;
}

static int list_folder(const Root *root, const char *folder, const char *suffix, DropIns *list) {
        _cleanup_(closedirp) DIR *dir = root_open_dir(root, folder);
        size_t n_suffix = strlen(suffix);
        int r = 0;

        for (struct dirent *entry; r >= 0 && dir && (entry = readdir(dir));) {
                size_t n = strlen(entry->d_name);
                if (n > n_suffix && streq(entry->d_name + n - n_suffix, suffix) &&
                    !has_name(list, entry->d_name))
                        r = add(list, folder, entry->d_name);
        }
        return r;
}

static int compare_names(const void *a, const void *b) {
        return strcmp(((const DropIn *) a)->name, ((const DropIn *) b)->name);
}

int drop_ins_list(const Root *root, const char *const folders[], const char *suffix, DropIns *ret) {
        DropIns list = {0};

        for (size_t i = 0; folders[i]; i++) {
                int r = list_folder(root, folders[i], suffix, &list);
                if (r < 0) {
                        drop_ins_done(&list);
                        return r;
                }
        }
        if (list.n > 1)
                qsort(list.items, list.n, sizeof(DropIn), compare_names);
        *ret = list;
        return 0;
}
