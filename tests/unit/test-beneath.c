/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/beneath.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "tests/support/tree.h"

#define CANNOT 77

typedef struct Folder {
        char *tree;
        Root *root; /* of TREE/in */
} Folder;

static int setup(void **state) {
        Folder *folder = calloc(1, sizeof(*folder));

        assert_non_null(folder);
        assert_int_equal(tree_copy(NULL, &folder->tree), 0);
        assert_int_equal(tree_write(folder->tree, "outside", "secret"), 0);
        assert_int_equal(tree_write(folder->tree, "in/file", "a"), 0);
        assert_int_equal(tree_write(folder->tree, "in/folder/file", "b"), 0);
        _cleanup_(freep) char *in = text_format("%s/in", folder->tree);
        assert_int_equal(root_open(in, &folder->root), 0);
        int fd = root_fd(folder->root);
        assert_int_equal(symlinkat("file", fd, "link"), 0);
        assert_int_equal(symlinkat("folder", fd, "link-to-folder"), 0);
        assert_int_equal(symlinkat("../outside", fd, "link-out"), 0);
        assert_int_equal(symlinkat("/etc/passwd", fd, "link-far"), 0);
        assert_int_equal(symlinkat("..", fd, "folder/link-up"), 0);
        assert_int_equal(symlinkat("nowhere", fd, "link-nowhere"), 0);
        *state = folder;
        return 0;
}

static int teardown(void **state) {
        Folder *folder = *state;

        root_close(folder->root);
        tree_remove(folder->tree);
        free(folder);
        return 0;
}

static const struct {
        const char *path;
        int expected;
} cases[] = {
        {"file", 0},
        {"folder/file", 0},
        {"folder//file", 0},
        {"missing", -ENOENT},
        {"missing/file", -ENOENT},
        {"", -ENOENT},
        {"file/file", -ENOTDIR},
        {"link", -ELOOP},
        {"link-to-folder/file", -ELOOP},
        {"link-out", -ELOOP},
        {"link-far", -ELOOP},
        {"link-nowhere", -ELOOP},
        {"folder/link-up/file", -ELOOP},
        {"..", -EXDEV},
        {"../outside", -EXDEV},
        {"folder/../../outside", -EXDEV},
        {"/etc/passwd", -EXDEV},
        {"//etc/passwd", -EXDEV},
};

/* How many are not as expected; says which. */
static size_t count_wrong(const Folder *folder, BeneathMounts mounts) {
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(closep) int fd =
                        open_beneath(root_fd(folder->root), cases[i].path, O_RDONLY, mounts);
                if (MIN_OF(fd, 0) == cases[i].expected)
                        continue;
                (void) fprintf(stderr, "%s: %d, not %d\n", cases[i].path, fd, cases[i].expected);
                n++;
        }
        return n;
}

/* As a kernel that is older than the call (ENOSYS), or a container manager (EPERM). */
static int forbid_openat2(int error) {
        struct sock_filter code[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned) error),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog program = {.len = ELEMENTSOF(code), .filter = code};

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -errno;
        return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ? -errno : 0;
}

/* What is done to the process stays with the child. Its exit code. */
static int in_child(const Folder *folder, int (*action)(const Folder *folder, int number), int n) {
        int status;

        (void) fflush(NULL);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
                _exit(action(folder, n));
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int without_openat2(const Folder *folder, int error) {
        if (forbid_openat2(error) < 0)
                return CANNOT;
        return (int) (count_wrong(folder, BENEATH_ANY_MOUNT) +
                      count_wrong(folder, BENEATH_ONE_MOUNT));
}

static void test_what_leads_out_or_through_a_link_is_not_opened(void **state) {
        const Folder *folder = *state;

        assert_int_equal(count_wrong(folder, BENEATH_ANY_MOUNT), 0);
        assert_int_equal(count_wrong(folder, BENEATH_ONE_MOUNT), 0);
}

static void test_nor_is_it_without_the_system_call(void **state) {
        const Folder *folder = *state;
        static const int errors[] = {ENOSYS, EPERM};

        for (size_t i = 0; i < ELEMENTSOF(errors); i++) {
                int code = in_child(folder, without_openat2, errors[i]);
                if (code != CANNOT)
                        assert_int_equal(code, 0);
        }
}

/* error 0: with the system call. Descriptors from before are of the old namespace. */
static int with_a_mount(const Folder *folder, int error) {
        _cleanup_(freep) char *in = text_format("%s/in", folder->tree);
        _cleanup_(freep) char *target = text_format("%s/in/folder", folder->tree);

        if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("tmpfs", target, "tmpfs", 0, NULL) < 0)
                return CANNOT;
        int fd = open(in, O_PATH | O_DIRECTORY | O_CLOEXEC);
        int made = openat(fd, "folder/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        if (made < 0 || close(made) < 0)
                return CANNOT;
        if (error != 0 && forbid_openat2(error) < 0)
                return CANNOT;
        if (open_beneath(fd, "folder/file", O_RDONLY, BENEATH_ANY_MOUNT) < 0)
                return 1;
        return open_beneath(fd, "folder/file", O_RDONLY, BENEATH_ONE_MOUNT) == -EXDEV ? 0 : 2;
}

/* A container's root: its folders and files have different device numbers. */
static int on_an_overlay(const Folder *folder, int error) {
        _cleanup_(freep) char *options =
                text_format("lowerdir=%s/in:%s/below", folder->tree, folder->tree);
        _cleanup_(freep) char *target = text_format("%s/over", folder->tree);

        if (tree_write(folder->tree, "below/other", "") < 0 || mkdir(target, 0755) < 0 ||
            unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("overlay", target, "overlay", MS_RDONLY, options) < 0)
                return CANNOT;
        int fd = open(target, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || forbid_openat2(error) < 0)
                return CANNOT;
        return open_beneath(fd, "file", O_RDONLY, BENEATH_ONE_MOUNT) >= 0 ? 0 : 1;
}

static void test_a_file_of_an_overlay_is_no_mount(void **state) {
        const Folder *folder = *state;

        int code = in_child(folder, on_an_overlay, ENOSYS);
        if (code != CANNOT)
                assert_int_equal(code, 0);
}

/* Mounting needs root. */
static void test_a_mount_is_below_the_folder_or_not_as_is_asked(void **state) {
        const Folder *folder = *state;
        static const int errors[] = {0, ENOSYS};

        for (size_t i = 0; i < ELEMENTSOF(errors); i++) {
                int code = in_child(folder, with_a_mount, errors[i]);
                if (code != CANNOT)
                        assert_int_equal(code, 0);
        }
}

static void test_descriptors_do_not_leak(void **state) {
        const Folder *folder = *state;

        int before = dup(0);
        (void) count_wrong(folder, BENEATH_ONE_MOUNT);
        int after = dup(0);
        assert_int_equal(before + 1, after);
        (void) close(before);
        (void) close(after);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_what_leads_out_or_through_a_link_is_not_opened),
                TEST(test_nor_is_it_without_the_system_call),
                TEST(test_a_mount_is_below_the_folder_or_not_as_is_asked),
                TEST(test_a_file_of_an_overlay_is_no_mount),
                TEST(test_descriptors_do_not_leak),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests_name("beneath", tests, NULL, NULL);
}
