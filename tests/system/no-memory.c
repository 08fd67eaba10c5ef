/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * To be loaded into memctld with LD_PRELOAD: while the file FLAG exists, every request for memory
 * is refused, as on a machine that has none.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FLAG "/memctl-test/no-memory"
#define EXPORTED __attribute__((visibility("default")))

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static bool ask(void) {
        int saved_errno = errno;

        if (syscall(SYS_faccessat, AT_FDCWD, FLAG, F_OK) == 0) {
                errno = ENOMEM;
                return false;
        }
        errno = saved_errno;
        return true;
}

EXPORTED void *malloc(size_t size) {
        return ask() ? __libc_malloc(size) : NULL;
}

EXPORTED void *calloc(size_t n, size_t size) {
        return ask() ? __libc_calloc(n, size) : NULL;
}

EXPORTED void *realloc(void *old, size_t size) {
        return ask() ? __libc_realloc(old, size) : NULL;
}

EXPORTED void *reallocarray(void *old, size_t n, size_t size) {
        size_t bytes;

        if (__builtin_mul_overflow(n, size, &bytes) || !ask())
                return NULL;
        return __libc_realloc(old, bytes);
}

EXPORTED void *memalign(size_t alignment, size_t size) {
        return ask() ? __libc_memalign(alignment, size) : NULL;
}

EXPORTED void *aligned_alloc(size_t alignment, size_t size) {
        return memalign(alignment, size);
}

EXPORTED int posix_memalign(void **ret, size_t alignment, size_t size) {
        void *block = memalign(alignment, size);

        if (!block)
                return ENOMEM;
        *ret = block;
        return 0;
}
