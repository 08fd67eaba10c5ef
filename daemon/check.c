/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/check.h"

#include "core/profile/resolve.h"
#include "daemon/config.h"

static void print_problems(const Problems *problems) {
        _cleanup_(freep) char *text = problems_format(problems);
        (void) fputs(text ? text : "out of memory\n", stderr);
}

static int check_profile(const Root *root, const char *name, const Facts *facts) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        _cleanup_(settings_freep) Settings *settings = NULL;

        int r = resolve_name(root, name, STORE_TRUSTED, facts, &problems, &settings);
        print_problems(&problems);
        return r;
}

static int check_profiles(const Root *root, size_t *ret_checked) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        StoreList list = {0};
        Facts facts;
        int failed = 0;

        int r = facts_read(root, &problems, &facts);
        print_problems(&problems);
        if (r >= 0)
                r = store_list(root, &list);
        if (r < 0)
                return r;
        for (size_t i = 0; i < list.n; i++)
                if (check_profile(root, list.items[i].name, &facts) < 0)
                        failed = -EINVAL;
        *ret_checked = list.n;
        store_list_done(&list);
        return failed;
}

int check_all(const Root *root, const char *config_file) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        size_t checked = 0;
        Config config;

        int r_config = config_load(root, config_file, &problems, &config);
        print_problems(&problems);
        int r_profiles = check_profiles(root, &checked);
        if (r_config < 0 || r_profiles < 0)
                return -EINVAL;
        (void) printf("The configuration and %zu profiles are in order.\n", checked);
        return 0;
}
