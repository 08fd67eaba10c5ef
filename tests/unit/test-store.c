/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/profile/document.h"
#include "tests/support/tree.h"

#define ETC "etc/memctl/profiles/"
#define RUN "run/memctl/profiles/"
#define USR "usr/share/memctl/profiles/"
#define GOOD(name) "profile: " name "\nsummary: s\n"

typedef struct Fixture {
        char *tree;
        Root *root;
} Fixture;

static int setup(void **state) {
        Fixture *fixture = calloc(1, sizeof(*fixture));

        if (!fixture || tree_copy(NULL, &fixture->tree) < 0 ||
            root_open(fixture->tree, &fixture->root) < 0)
                return -1;
        *state = fixture;
        return 0;
}

static int teardown(void **state) {
        Fixture *fixture = *state;

        (void) root_close(fixture->root);
        (void) tree_remove(fixture->tree);
        free(fixture);
        return 0;
}

static void write_file(const Fixture *fixture, const char *path, const char *text) {
        assert_int_equal(tree_write(fixture->tree, path, text), 0);
}

static void set_mode(const Fixture *fixture, const char *path, mode_t mode) {
        assert_int_equal(fchmodat(root_fd(fixture->root), path, mode, 0), 0);
}

/* Loads; what is said must hold the words, or be nothing. */
static void assert_load(const Fixture *fixture,
                        const char *name,
                        StoreTrust trust,
                        int expected,
                        const char *words) {
        _cleanup_(profile_freep) Profile *profile = NULL;
        Problems problems = PROBLEMS_INIT;

        int r = store_load(fixture->root, name, trust, &problems, &profile);
        _cleanup_(freep) char *all = problems_format(&problems);
        problems_done(&problems);
        if (r != expected || (words ? !strstr(all, words) : *all != '\0'))
                fail_msg("got %d, expected %d and \"%s\" in:\n%s", r, expected, words, all);
        assert_int_equal(r < 0, profile == NULL);
}

static void test_an_empty_machine_has_no_profiles(void **state) {
        const Fixture *fixture = *state;
        StoreList list = {0};

        assert_int_equal(store_list(fixture->root, &list), 0);
        assert_int_equal(list.n, 0);
        store_list_done(&list);
}

static void test_the_administrator_s_folder_comes_first_and_the_shipped_last(void **state) {
        const char *const *folders = store_folders();

        assert_string_equal(folders[0], "etc/memctl/profiles");
        assert_string_equal(folders[3], "usr/share/memctl/profiles");
        assert_null(folders[4]);
}

static void test_the_first_folder_masks_the_others(void **state) {
        const Fixture *fixture = *state;
        StoreList list = {0};

        write_file(fixture, USR "b.yaml", GOOD("b"));
        write_file(fixture, USR "a.yaml", GOOD("a"));
        write_file(fixture, RUN "a.yaml", GOOD("a"));
        write_file(fixture, ETC "a.yaml", GOOD("a"));
        assert_int_equal(store_list(fixture->root, &list), 0);
        assert_int_equal(list.n, 2);
        assert_string_equal(list.items[0].name, "a");
        assert_string_equal(list.items[0].path, ETC "a.yaml");
        assert_int_equal(list.items[0].n_masked, 2);
        assert_string_equal(list.items[0].masked[0], RUN "a.yaml");
        assert_string_equal(list.items[0].masked[1], USR "a.yaml");
        assert_string_equal(list.items[1].path, USR "b.yaml");
        store_list_done(&list);
}

static void test_only_files_with_a_profile_s_name_are_listed(void **state) {
        static const char *const others[] = {".yaml",
                                             "a.yml",
                                             "A.yaml",
                                             "a.yaml~",
                                             ".a.yaml",
                                             "README",
                                             "a b.yaml",
                                             "a..b.yaml"};
        const Fixture *fixture = *state;
        char path[128];
        StoreList list = {0};

        for (size_t i = 0; i < ELEMENTSOF(others); i++) {
                (void) snprintf(path, sizeof(path), ETC "%s", others[i]);
                write_file(fixture, path, "");
        }
        memset(path, 'a', sizeof(path) - 1);
        memcpy(path, ETC, strlen(ETC));
        (void) snprintf(path + sizeof(path) - 6, 6, ".yaml");
        write_file(fixture, path, "");
        assert_int_equal(store_list(fixture->root, &list), 0);
        assert_int_equal(list.n, 0);
        store_list_done(&list);
}

static void test_the_masking_file_is_loaded_with_its_path_below_the_root(void **state) {
        const Fixture *fixture = *state;
        _cleanup_(profile_freep) Profile *profile = NULL;
        _cleanup_(freep) char *path = text_format("%s/" RUN "a.yaml", fixture->tree);
        Problems problems = PROBLEMS_INIT;

        write_file(fixture, USR "a.yaml", "profile: a\nsummary: shipped\n");
        write_file(fixture, RUN "a.yaml", "profile: a\nsummary: for now\n");
        assert_int_equal(store_load(fixture->root, "a", STORE_ANY, &problems, &profile), 0);
        assert_string_equal(profile->summary, "for now");
        assert_string_equal(profile->file, path);
        problems_done(&problems);
}

static void test_a_missing_profile_is_told_with_the_folders_and_the_nearest(void **state) {
        const Fixture *fixture = *state;
        _cleanup_(freep) char *folder =
                text_format("%s/usr/local/share/memctl/profiles or ", fixture->tree);

        write_file(fixture, USR "redis.yaml", GOOD("redis"));
        assert_false(store_has(fixture->root, "reddis"));
        assert_true(store_has(fixture->root, "redis"));
        assert_load(fixture, "reddis", STORE_ANY, -ENOENT, "did you mean \"redis\"?");
        assert_load(fixture, "reddis", STORE_ANY, -ENOENT, "there is no profile \"reddis\" in ");
        assert_non_null(folder);
}

static void test_a_name_never_becomes_a_path(void **state) {
        const Fixture *fixture = *state;
        char longer[PROFILE_NAME_MAX + 1] = "";

        write_file(fixture, "etc/memctl/secret.yaml", GOOD("secret"));
        write_file(fixture, ETC "a.yaml", GOOD("a"));
        assert_load(fixture, "../secret", STORE_ANY, -EINVAL, "\"../secret\" is no name");
        assert_load(fixture, "", STORE_ANY, -EINVAL, "\"\" is no name of a profile");
        assert_false(store_has(fixture->root, "../secret"));
        assert_load(fixture, "\x1b[31m", STORE_ANY, -EINVAL, "what was asked for is no name");
        (void) memset(longer, 'a', sizeof(longer) - 1);
        assert_load(fixture, longer, STORE_ANY, -EINVAL, "what was asked for is no name");
}

static void test_a_bad_profile_is_told_with_its_file(void **state) {
        const Fixture *fixture = *state;

        write_file(fixture, ETC "a.yaml", GOOD("b"));
        assert_load(fixture, "a", STORE_ANY, -EINVAL, "profiles/a.yaml:1:10: error: the profile");
}

static void test_a_file_that_is_too_large_is_not_read_whole(void **state) {
        const Fixture *fixture = *state;

        write_file(fixture, ETC "a.yaml", "");
        _cleanup_(closep) int fd = root_open_file(fixture->root, ETC "a.yaml", O_WRONLY);
        assert_int_equal(ftruncate(fd, (off_t) 1 << 40), 0);
        assert_load(fixture, "a", STORE_ANY, -EINVAL, "the file is larger than 1 MiB");
}

static void test_only_regular_files_are_read(void **state) {
        const Fixture *fixture = *state;

        write_file(fixture, ETC "dir.yaml/x", "");
        assert_int_equal(mkfifoat(root_fd(fixture->root), ETC "fifo.yaml", 0600), 0);
        assert_load(fixture, "dir", STORE_ANY, -EPERM, "dir.yaml: error: is no regular file");
        assert_load(fixture, "fifo", STORE_ANY, -EPERM, "fifo.yaml: error: is no regular file");
        assert_load(fixture, "fifo", STORE_TRUSTED, -EPERM, "is no regular file");
}

static void test_the_daemon_follows_no_link_and_commands_do(void **state) {
        const Fixture *fixture = *state;
        int fd = root_fd(fixture->root);

        write_file(fixture, "home/a.yaml", GOOD("a"));
        write_file(fixture, ETC "b.yaml", GOOD("b"));
        set_mode(fixture, ETC, 0755);
        assert_int_equal(symlinkat("../../../home/a.yaml", fd, ETC "a.yaml"), 0);
        assert_int_equal(symlinkat("nowhere", fd, ETC "gone.yaml"), 0);
        assert_load(fixture, "a", STORE_ANY, 0, NULL);
        assert_load(fixture, "a", STORE_TRUSTED, -EPERM, "is a symbolic link");
        assert_load(fixture, "gone", STORE_ANY, -EPERM, "cannot be read: No such file");
}

static void test_the_daemon_reads_nothing_that_others_can_write(void **state) {
        const Fixture *fixture = *state;

        write_file(fixture, ETC "a.yaml", GOOD("a"));
        set_mode(fixture, ETC, 0755);
        assert_load(fixture, "a", STORE_TRUSTED, 0, NULL);
        set_mode(fixture, ETC "a.yaml", 0664);
        assert_load(fixture,
                    "a",
                    STORE_TRUSTED,
                    -EPERM,
                    "a.yaml: error: the file can be written "
                    "by users other than its owner (mode 0664)");
        assert_load(fixture, "a", STORE_ANY, 0, NULL);
        set_mode(fixture, ETC "a.yaml", 0646);
        assert_load(fixture, "a", STORE_TRUSTED, -EPERM, "(mode 0646)");
        set_mode(fixture, ETC "a.yaml", 0644);
        set_mode(fixture, ETC, 0777);
        assert_load(fixture, "a", STORE_TRUSTED, -EPERM, "profiles: error: the folder can be");
}

static void test_an_untrusted_file_still_masks_the_shipped_one(void **state) {
        const Fixture *fixture = *state;

        write_file(fixture, USR "a.yaml", GOOD("a"));
        set_mode(fixture, USR, 0755);
        assert_load(fixture, "a", STORE_TRUSTED, 0, NULL);
        write_file(fixture, RUN "a.yaml", GOOD("a"));
        set_mode(fixture, RUN, 0755);
        set_mode(fixture, RUN "a.yaml", 0666);
        assert_load(fixture, "a", STORE_TRUSTED, -EPERM, RUN "a.yaml");
}

/* Giving files away needs root. */
static void test_the_daemon_reads_nothing_that_belongs_to_others(void **state) {
        const Fixture *fixture = *state;
        int fd = root_fd(fixture->root);

        write_file(fixture, ETC "a.yaml", GOOD("a"));
        set_mode(fixture, ETC, 0755);
        assert_load(fixture, "a", STORE_TRUSTED, 0, NULL);
        if (geteuid() != 0)
                return;
        assert_int_equal(fchownat(fd, ETC "a.yaml", 65534, 65534, 0), 0);
        assert_load(
                fixture, "a", STORE_TRUSTED, -EPERM, "the file belongs to the user with id 65534");
        assert_int_equal(fchownat(fd, ETC "a.yaml", 0, 0, 0), 0);
        assert_int_equal(fchownat(fd, ETC, 65534, 65534, 0), 0);
        assert_load(fixture, "a", STORE_TRUSTED, -EPERM, "the folder belongs to the user");
}

static void
assert_load_file(const Fixture *fixture, const char *path, int expected, const char *words) {
        _cleanup_(profile_freep) Profile *profile = NULL;
        _cleanup_(freep) char *full = text_format("%s/%s", fixture->tree, path);
        Problems problems = PROBLEMS_INIT;

        int r = store_load_file(full, &problems, &profile);
        _cleanup_(freep) char *all = problems_format(&problems);
        problems_done(&problems);
        if (r != expected || !strstr(all, words))
                fail_msg("got %d, expected %d and \"%s\" in:\n%s", r, expected, words, all);
        assert_int_equal(r < 0, profile == NULL);
        if (profile)
                assert_string_equal(profile->file, full);
}

static void test_any_file_can_be_checked_by_its_path(void **state) {
        const Fixture *fixture = *state;

        write_file(fixture, "home/a.yaml", GOOD("a"));
        write_file(fixture, "home/b.yaml", GOOD("a"));
        write_file(fixture, "home/a.yml", GOOD("a"));
        write_file(fixture, "home/dir.yaml/x", "");
        assert_load_file(fixture, "home/a.yaml", 0, "");
        assert_load_file(fixture, "home/b.yaml", -EINVAL, "and its file b.yaml");
        assert_load_file(fixture, "home/a.yml", -EINVAL, "a profile's file is named NAME.yaml");
        assert_load_file(fixture, "home/none.yaml", -ENOENT, "there is no such file");
        assert_load_file(fixture, "home/dir.yaml", -EPERM, "is no regular file");
        assert_load_file(fixture, "home/a.yaml/c.yaml", -EPERM, "cannot be read: Not a directory");
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_an_empty_machine_has_no_profiles),
                TEST(test_the_administrator_s_folder_comes_first_and_the_shipped_last),
                TEST(test_the_first_folder_masks_the_others),
                TEST(test_only_files_with_a_profile_s_name_are_listed),
                TEST(test_the_masking_file_is_loaded_with_its_path_below_the_root),
                TEST(test_a_missing_profile_is_told_with_the_folders_and_the_nearest),
                TEST(test_a_name_never_becomes_a_path),
                TEST(test_a_bad_profile_is_told_with_its_file),
                TEST(test_a_file_that_is_too_large_is_not_read_whole),
                TEST(test_only_regular_files_are_read),
                TEST(test_the_daemon_follows_no_link_and_commands_do),
                TEST(test_the_daemon_reads_nothing_that_others_can_write),
                TEST(test_an_untrusted_file_still_masks_the_shipped_one),
                TEST(test_the_daemon_reads_nothing_that_belongs_to_others),
                TEST(test_any_file_can_be_checked_by_its_path),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
