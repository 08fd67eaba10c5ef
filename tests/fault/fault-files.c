/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done with files, other than reading and writing them. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "tests/fault/fault-preload.h"

EXPORTED int fsync(int fd) {
        return (int) FAIL_OR(fd_before(FAULT_FSYNC, fd), syscall(SYS_fsync, fd));
}

EXPORTED int fdatasync(int fd) {
        return (int) FAIL_OR(fd_before(FAULT_FSYNC, fd), syscall(SYS_fdatasync, fd));
}

EXPORTED int
renameat2(int old_fd, const char *old_path, int new_fd, const char *new_path, unsigned flags) {
        return (int) FAIL_OR(path_before(FAULT_RENAME, new_fd, new_path),
                             syscall(SYS_renameat2, old_fd, old_path, new_fd, new_path, flags));
}

EXPORTED int renameat(int old_fd, const char *old_path, int new_fd, const char *new_path) {
        return renameat2(old_fd, old_path, new_fd, new_path, 0);
}

EXPORTED int rename(const char *old_path, const char *new_path) {
        return renameat2(AT_FDCWD, old_path, AT_FDCWD, new_path, 0);
}

EXPORTED int unlinkat(int dir_fd, const char *path, int flags) {
        return (int) FAIL_OR(path_before(FAULT_UNLINK, dir_fd, path),
                             syscall(SYS_unlinkat, dir_fd, path, flags));
}

EXPORTED int unlink(const char *path) {
        return unlinkat(AT_FDCWD, path, 0);
}

EXPORTED int mkdirat(int dir_fd, const char *path, mode_t mode) {
        return (int) FAIL_OR(path_before(FAULT_MKDIR, dir_fd, path),
                             syscall(SYS_mkdirat, dir_fd, path, mode));
}

EXPORTED int mkdir(const char *path, mode_t mode) {
        return mkdirat(AT_FDCWD, path, mode);
}

EXPORTED int ftruncate64(int fd, off64_t size) {
        return (int) FAIL_OR(fd_before(FAULT_RESIZE, fd), syscall(SYS_ftruncate, fd, size));
}

EXPORTED int ftruncate(int fd, off_t size) {
        return ftruncate64(fd, size);
}

EXPORTED int posix_fallocate64(int fd, off64_t from, off64_t size) {
        int r = (int) FAIL_OR(fd_before(FAULT_RESIZE, fd),
                              syscall(SYS_fallocate, fd, 0, from, size));
        return r < 0 ? errno : 0;
}

EXPORTED int posix_fallocate(int fd, off_t from, off_t size) {
        return posix_fallocate64(fd, from, size);
}

EXPORTED void *mmap64(void *at, size_t size, int protection, int flags, int fd, off64_t offset) {
        return (void *) FAIL_OR(fd_before(FAULT_MMAP, fd),
                                syscall(SYS_mmap, at, size, protection, flags, fd, offset));
}

EXPORTED void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
        return mmap64(at, size, protection, flags, fd, offset);
}

EXPORTED int fstatat64(int dir_fd, const char *path, struct stat64 *ret, int flags) {
        FaultAction action =
                *path ? path_before(FAULT_STAT, dir_fd, path) : fd_before(FAULT_STAT, dir_fd);
        return (int) FAIL_OR(action, syscall(SYS_newfstatat, dir_fd, path, ret, flags));
}

EXPORTED int fstatat(int dir_fd, const char *path, struct stat *ret, int flags) {
        return fstatat64(dir_fd, path, (struct stat64 *) ret, flags);
}

EXPORTED int fstat64(int fd, struct stat64 *ret) {
        return (int) FAIL_OR(fd_before(FAULT_STAT, fd), syscall(SYS_fstat, fd, ret));
}

EXPORTED int fstat(int fd, struct stat *ret) {
        return fstat64(fd, (struct stat64 *) ret);
}

EXPORTED int stat64(const char *path, struct stat64 *ret) {
        return fstatat64(AT_FDCWD, path, ret, 0);
}

EXPORTED int stat(const char *path, struct stat *ret) {
        return stat64(path, (struct stat64 *) ret);
}

EXPORTED int lstat64(const char *path, struct stat64 *ret) {
        return fstatat64(AT_FDCWD, path, ret, AT_SYMLINK_NOFOLLOW);
}

EXPORTED int lstat(const char *path, struct stat *ret) {
        return lstat64(path, (struct stat64 *) ret);
}

EXPORTED int statx(int dir_fd, const char *path, int flags, unsigned mask, struct statx *ret) {
        return (int) FAIL_OR(path_before(FAULT_STAT, dir_fd, path),
                             syscall(SYS_statx, dir_fd, path, flags, mask, ret));
}

EXPORTED int faccessat(int dir_fd, const char *path, int mode, int flags) {
        return (int) FAIL_OR(path_before(FAULT_STAT, dir_fd, path),
                             syscall(SYS_faccessat, dir_fd, path, mode));
}

EXPORTED int fstatfs64(int fd, struct statfs64 *ret) {
        int r = (int) FAIL_OR(fd_before(FAULT_STAT, fd), syscall(SYS_fstatfs, fd, ret));

        if (r == 0 && fd >= 0 && fd < FDS_MAX && fds[fd].pressure)
                ret->f_type = PROC_SUPER_MAGIC;
        return r;
}

EXPORTED int fstatfs(int fd, struct statfs *ret) {
        return fstatfs64(fd, (struct statfs64 *) ret);
}

EXPORTED struct dirent *readdir(DIR *dir) {
        static struct dirent *(*real)(DIR *);
        FaultAction action = fd_before(FAULT_READDIR, dirfd(dir));

        if (!real)
                real = (struct dirent * (*) (DIR *) ) dlsym(RTLD_NEXT, "readdir");
        if (action == FAULT_ERROR)
                return NULL;
        struct dirent *entry = real(dir);
        call_after(action);
        return entry;
}

EXPORTED struct dirent64 *readdir64(DIR *dir) {
        return (struct dirent64 *) readdir(dir);
}
