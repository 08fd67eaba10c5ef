/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>

#include "tests/fault/fault-preload.h"

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static bool memory_is_short(void) {
        if (call_before(FAULT_MALLOC, FAULT_ELSEWHERE, NULL, 0) != FAULT_ERROR)
                return false;
        errno = ENOMEM;
        return true;
}

EXPORTED void *malloc(size_t size) {
        return memory_is_short() ? NULL : __libc_malloc(size);
}

EXPORTED void *calloc(size_t n, size_t size) {
        return memory_is_short() ? NULL : __libc_calloc(n, size);
}

EXPORTED void *realloc(void *old, size_t size) {
        return memory_is_short() ? NULL : __libc_realloc(old, size);
}

EXPORTED void *aligned_alloc(size_t alignment, size_t size) {
        return memory_is_short() ? NULL : __libc_memalign(alignment, size);
}

EXPORTED int posix_memalign(void **ret, size_t alignment, size_t size) {
        void *memory = aligned_alloc(alignment, size);

        if (!memory)
                return ENOMEM;
        *ret = memory;
        return 0;
}
