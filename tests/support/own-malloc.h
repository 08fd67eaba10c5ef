/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * malloc() and its like for a program or a library of its own: those of libc, each asking first.
 * To be included once, behind
 *
 *     static bool ask(void);
 *
 * which says whether there is memory; where there is none it sets errno to ENOMEM.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#define EXPORTED __attribute__((visibility("default")))

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

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
